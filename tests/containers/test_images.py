"""The project's images, run as the enclave runs them. `scripts/images` makes them; `make test` runs it first."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import nbformat
import pytest

from hub.launcher.engine import EngineError, image_digest

pytestmark = pytest.mark.containers

PYTHON = ("hub", "egress", "workspace")
ALL = (*PYTHON, "base", "proxy", "doors", "ldap")
SEAL = (
    *("--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"),
    *("--tmpfs", "/tmp:rw,noexec,nosuid,nodev,size=256m,mode=1777"),
)


def tag(name: str) -> str:
    return f"bulle/{name}:local"


def run(name: str, *command: str, options: tuple[str, ...] = (), stdin: str = "") -> subprocess.CompletedProcess[str]:
    """One sealed container of an image, to its end."""
    call = ["docker", "run", "-i", *SEAL, *options, tag(name), *command]
    return subprocess.run(call, input=stdin, capture_output=True, text=True, check=False, timeout=180)


def python(name: str, code: str, *options: str) -> str:
    done = run(name, "python3", "-c", code, options=options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def images(engine: docker.APIClient) -> None:
    for name in ALL:
        try:
            image_digest(tag(name), engine)
        except EngineError:
            missing = f"needs the image {tag(name)}; scripts/images makes it"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)


@pytest.mark.parametrize("name", ALL)
def test_an_image_brings_no_installer_no_way_to_packages_and_no_trace_of_the_site(name: str) -> None:
    found = python(
        name,
        "import glob, importlib.util, shutil;"
        "print([n for n in ('pip', 'ensurepip', 'uv') if importlib.util.find_spec(n)],"
        "[n for n in ('pip', 'pip3', 'uv', 'npm', 'npx') if shutil.which(n)],"
        "[f for p in ('/etc/apt/sources.list', '/etc/apt/sources.list.d/*', '/usr/local/share/ca-certificates/*')"
        " for f in glob.glob(p)])",
    )
    assert found == "[] [] []"


@pytest.mark.parametrize(
    ("name", "uid"),
    [("workspace", "1000"), ("egress", "900"), ("proxy", "900"), ("doors", "900"), ("ldap", "900")],
)
def test_an_image_runs_as_an_unprivileged_user_without_being_asked(name: str, uid: str) -> None:
    assert python(name, "import os; print(os.getuid(), os.getgid())") == f"{uid} {uid}"


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        ("hub", "hub.spawner hub.authenticator hub.jupyterhub_config hub.launcher.__main__ hub.meter"),
        ("egress", "egress.service egress.worker egress.signer egress.privacy opendp.prelude bulle.__main__"),
        ("workspace", "bulle papermill nbconvert pandas duckdb statsmodels.api matplotlib.pyplot jupyterlab"),
    ],
)
def test_an_image_holds_what_its_processes_import(name: str, modules: str) -> None:
    imports = "; ".join(f"import {module}" for module in modules.split())
    assert python(name, f"{imports}; print('imported')").splitlines()[-1] == "imported"


@pytest.mark.parametrize("name", PYTHON)
def test_every_installed_package_finds_what_it_requires(name: str) -> None:
    """Two layers of packages come from two lock files; together they must be whole."""
    script = """
import importlib.metadata as m, re
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as canonical
there = {canonical(d.metadata["Name"]): d.version for d in m.distributions()}
left_out = {"rfc3987-syntax", "lark"}
def wrong(text):
    need = Requirement(text)
    if need.extras or (need.marker and not need.marker.evaluate({"extra": ""})) or canonical(need.name) in left_out:
        return False
    have = there.get(canonical(need.name))
    return have is None or not need.specifier.contains(have, prereleases=True)
print(sorted(f"{d.metadata['Name']} needs {r}" for d in m.distributions() for r in d.requires or () if wrong(r)))
"""
    assert python(name, script) == "[]"


def test_the_workspace_image_is_also_the_runner(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "import os, pandas, duckdb\nprint(os.getuid(), duckdb.sql('SELECT 6 * 7').fetchall()[0][0])"
            )
        ]
    )
    (tmp_path / "notebook.ipynb").write_text(nbformat.writes(notebook))
    tmp_path.chmod(0o755)
    code = (
        "import papermill;"
        "papermill.execute_notebook('/work/notebook.ipynb', '/tmp/out.ipynb', kernel_name='python3', cwd='/tmp',"
        " progress_bar=False);"
        "print(open('/tmp/out.ipynb').read())"
    )
    written = python("workspace", code, "-v", f"{tmp_path}:/work:ro", "-e", "HOME=/tmp")
    executed = nbformat.reads(written[written.index("{") :], as_version=4)
    assert executed.cells[0].outputs[0].text == "1000 42\n"


def test_a_workspace_opens_a_second_time(tmp_path: Path) -> None:
    """What IPython left in the home must not make Jupyter move old settings into its read-only configuration."""
    home = tmp_path / "home"
    for folder in (".ipython/profile_default/static", ".jupyter"):
        (home / folder).mkdir(parents=True)
    (home / ".ipython/nbextensions").mkdir()
    for path in (home, *home.rglob("*")):
        os.chown(path, 1000, 1000)
    code = (
        "from jupyter_core.application import JupyterApp; app = JupyterApp(); app.initialize([]); print(app.config_dir)"
    )
    assert python("workspace", code, "-v", f"{home}:/home/researcher") == "/etc/jupyter/empty"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[str]:
    """The demonstration directory on a network of its own, with a certificate made for this test."""
    secrets, name = tmp_path / "state", f"bulle-test-ldap-{time.time_ns()}"
    subprocess.run(
        ["scripts/secrets"], check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "BULLE_STATE": str(secrets)}
    )
    subprocess.run(["docker", "network", "create", "--internal", name], check=True, capture_output=True)
    call = [
        "docker",
        "run",
        "-d",
        "--name",
        name,
        "--network",
        name,
        "--network-alias",
        "ldap",
        "--read-only",
        "--cap-drop",
        "ALL",
    ]
    call += ["--tmpfs", "/run/slapd:rw,uid=900,gid=900,mode=0700", "--security-opt", "no-new-privileges:true"]
    for file in ("ca.pem", "ldap.pem", "ldap.key", "ldap-bind"):
        call += ["-v", f"{secrets}/secrets/{file}:/run/secrets/{file}:ro"]
    try:
        subprocess.run([*call, tag("ldap")], check=True, capture_output=True)
        yield name
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=False, capture_output=True)
        subprocess.run(["docker", "network", "rm", name], check=False, capture_output=True)


ASK = """
import ssl, sys, time
import ldap3
from ldap3.core import exceptions
from ldap3.core.exceptions import LDAPException
REFUSALS = exceptions.LDAPInvalidCredentialsResult, exceptions.LDAPConfidentialityRequiredResult
def bind(who, password, start_tls=True):
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file="/ca.pem")
    for _ in range(400):
        connection = ldap3.Connection(ldap3.Server("ldap", 389, tls=tls), who, password, raise_exceptions=True)
        try:
            connection.open()
            if start_tls:
                connection.start_tls()
            return connection if connection.bind() else None
        except REFUSALS as error:
            return type(error).__name__
        except LDAPException:  # no answer, or none about the password: the server is not up yet, or busy
            time.sleep(0.1)
    return "no answer"
secret = open("/bind").read().strip()
searcher = bind("cn=bulle,dc=bulle,dc=example", secret)
if isinstance(searcher, str):
    sys.exit("bulle's own account: " + searcher)
searcher.search("ou=people,dc=bulle,dc=example", "(objectClass=inetOrgPerson)", attributes=["uid", "userPassword"])
print(sorted(entry.uid.value for entry in searcher.entries), {bool(entry.userPassword) for entry in searcher.entries})
alice = "uid=alice,ou=people,dc=bulle,dc=example"
first = bind(alice, "alice-demo")
said = first if isinstance(first, str) else type(first).__name__
print(said, bind(alice, "wrong"), bind(alice, "alice-demo", start_tls=False))
person = bind(alice, "alice-demo")
try:
    print(person.search("ou=people,dc=bulle,dc=example", "(uid=bob)"), len(person.entries))
except LDAPException as error:
    print(type(error).__name__)
"""


def test_the_directory_asks_for_starttls_and_tells_people_nothing_about_each_other(
    directory: str, tmp_path: Path
) -> None:
    secrets = tmp_path / "state" / "secrets"
    options = (
        "--network",
        directory,
        "-v",
        f"{secrets}/ca.pem:/ca.pem:ro",
        "-v",
        f"{secrets}/ldap-bind:/bind:ro",
        "-u",
        "900:900",
    )
    seal = tuple(word for word in SEAL if word not in {"--network", "none"})
    call = ["docker", "run", "-i", *seal, *options, tag("hub"), "python3", "-"]
    done = subprocess.run(call, input=ASK, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    people, binds, search = done.stdout.splitlines()
    assert people == "['admin', 'alice', 'bob', 'carol', 'dora', 'erin', 'frank'] {False}"
    assert binds == "Connection LDAPInvalidCredentialsResult LDAPConfidentialityRequiredResult"
    assert search in {"False 0", "LDAPNoSuchObjectResult"}
