"""Folders of a fixed size, filled from inside real workspaces: full for whoever filled them, and for nobody else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import docker
import pytest

from hub.launcher.client import LauncherError
from hub.policy.limits import FolderLimits, read_limits
from hub.workspace import Workspace
from tests.containers.kernels import Opened, needs_the_image, opened, stand_in_hub

pytestmark = pytest.mark.containers

ROOT = Path(__file__).parents[2]
ALICE = Workspace("alice", f"sized-{uuid4().hex[:8]}")
AMIR, BOB = replace(ALICE, person="amir"), replace(ALICE, person="bob")
SIZES = FolderLimits(home_mb=24, project_mb=32, outbox_mb=20)
LIMITS = read_limits().model_copy(update={"folders": SIZES})


def folders(root: Path, *words: str) -> None:
    """What an operator runs as root."""
    policies = root / "policies"
    policies.mkdir(exist_ok=True)
    sizes = SIZES.model_dump(exclude={"quota"})
    (policies / "limits.toml").write_text("[folders]\n" + "".join(f"{key} = {size}\n" for key, size in sizes.items()))
    paths = {"BULLE_STATE": str(root), "BULLE_POLICIES_SOURCE": str(policies)}
    subprocess.run(["scripts/folders", *words], cwd=ROOT, env=os.environ | paths, check=True, capture_output=True)


@pytest.fixture(scope="module")
def hub(engine: docker.APIClient) -> Iterator[str]:
    needs_the_image()
    with stand_in_hub(engine, f"bulle-test-hub-{uuid4().hex[:8]}") as name:
        yield name


@pytest.fixture(scope="module")
def pair(hub: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Opened, ...]]:
    if os.getuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("needs root and loop devices")
    root = tmp_path_factory.mktemp("state")
    home = root / "homes" / ALICE.project / "alice"
    home.mkdir(parents=True)
    (home / "kept").write_text("from before")
    folders(root, ALICE.project, "alice", "amir")
    try:
        with opened(root, hub, (ALICE, AMIR), limits=LIMITS) as made:
            yield made
    finally:
        folders(root, "--close")


def test_the_launcher_tells_how_full_each_folder_is(pair: tuple[Opened, ...]) -> None:
    for workspace in pair:
        assert set(workspace.used_mb) == set(SIZES.sizes)
        assert all(0 <= used < SIZES.sizes[folder] for folder, used in workspace.used_mb.items())


FILL = """
import errno, os
written, block = 0, bytes(1 << 20)
try:
    with open("{folder}/filled", "wb", buffering=0) as file:
        while written < 1 << 30:
            written += file.write(block)
except OSError as error:
    print(errno.errorcode[error.errno], written >> 20)
"""
WRITES = """
import os
try:
    with open("{folder}/small", "w") as file:
        print(file.write("x" * 2000000))
finally:
    os.remove("{folder}/small")
"""


def inside(workspace: Opened, script: str) -> str:
    done = subprocess.run(
        ["docker", "exec", workspace.container, "python3", "-c", script], capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else done.stderr.splitlines()[-1]


@pytest.mark.parametrize("folder", ["/home/researcher", "/outbox", "/project"])
def test_a_folder_is_full_at_its_size(pair: tuple[Opened, ...], folder: str) -> None:
    alice, amir = pair
    assert inside(alice, "print(open('/home/researcher/kept').read())") == "from before\n"
    limit = SIZES.sizes[folder]
    code, written = inside(alice, FILL.format(folder=folder)).split()
    assert code == "ENOSPC"
    assert limit // 2 < int(written) <= limit
    for elsewhere in SIZES.sizes.keys() - {folder}:
        assert inside(alice, WRITES.format(folder=elsewhere)) == "2000000\n"
    for own in ("/home/researcher", "/outbox"):
        assert inside(amir, WRITES.format(folder=own)) == "2000000\n"
    shared = inside(amir, WRITES.format(folder="/project"))
    assert ("No space left" in shared) == (folder == "/project"), shared
    assert inside(alice, f"import os; os.remove('{folder}/filled')") == ""
    assert inside(alice, WRITES.format(folder=folder)) == "2000000\n"


def test_a_notebook_that_does_not_fit_is_told_in_one_sentence(pair: tuple[Opened, ...]) -> None:
    alice, _ = pair
    alice.cell("print()")  # the server is up
    inside(alice, FILL.format(folder="/home/researcher"))
    save = (
        "import json, os, urllib.error, urllib.request as u\n"
        f"url = 'http://127.0.0.1:8888/user/alice/{ALICE.project}/api/contents/study.py'\n"
        "body = json.dumps({'type': 'file', 'format': 'text', 'content': 'x' * 3000000}).encode()\n"
        "token = os.environ['JUPYTERHUB_API_TOKEN']\n"
        "call = u.Request(url, body, {'Authorization': f'token {token}'}, method='PUT')\n"
        "try: print(u.urlopen(call, timeout=60).status)\n"
        "except urllib.error.HTTPError as error: print(error.code, json.loads(error.read())['message'])"
    )
    told = inside(alice, save)
    assert told.startswith("507 Not saved: your home folder holds "), told
    assert told.endswith(" MiB and is full; delete what you do not need and save again.\n")
    inside(alice, "import os; os.remove('/home/researcher/filled')")
    assert inside(alice, save) in {"200\n", "201\n"}  # what was begun may be there


def test_a_full_outbox_says_what_to_do_and_keeps_no_half_of_it(pair: tuple[Opened, ...]) -> None:
    alice, _ = pair
    inside(alice, FILL.format(folder="/outbox"))
    submit = (
        "import os, bulle\nfrom pathlib import Path\n"
        "os.environ['BULLE_OUTBOX'] = '/outbox'\n"
        "Path('/project/study.ipynb').write_text('x' * 3000000)\n"
        "bulle.submit('/project/study.ipynb', descriptions={'x': 'A file.'})\n"
        "print(sorted(os.listdir('/outbox')))"
    )
    told = inside(alice, submit)
    assert told.startswith("The outbox is full, so nothing was handed in."), told
    assert told.endswith("\n['filled']\n")
    assert inside(alice, "import os; os.remove('/outbox/filled')") == ""
    assert "Handed in as" in inside(alice, submit)


def test_a_folder_without_a_size_stays_closed(hub: str, tmp_path: Path) -> None:
    with pytest.raises(LauncherError) as caught, opened(tmp_path, hub, (BOB,), limits=LIMITS):
        pass
    assert caught.value.refused
    assert "24 MiB" in str(caught.value)
