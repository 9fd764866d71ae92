"""A real slapd on a port of its own, with a certificate authority made for it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

BASE = "dc=bulle,dc=test"
SEARCHER = f"cn=bulle,{BASE}"
SEARCHER_PASSWORD = "search only"

# "mallory" is in the directory and unknown to the enclave; "twice" has two entries.
PEOPLE = {
    "alice": "correct horse",
    "carla": "output checker's",
    "mallory": "good password",
    **{name: f"{name}'s own" for name in ("dan", "erin", "frank", "gina", "hugo", "ines")},
}

_LDIF = f"""dn: {BASE}
objectClass: domain
dc: bulle

dn: {SEARCHER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: bulle
userPassword: {SEARCHER_PASSWORD}
"""

_PERSON = """
dn: cn={cn},{base}
objectClass: inetOrgPerson
cn: {cn}
sn: {uid}
uid: {uid}
mail: {uid}@site.test
carLicense: 20280131000000Z
userPassword: {password}
"""

GROUP = f"cn=enclave,{BASE}"
_GROUP = f"""
dn: {GROUP}
objectClass: groupOfNames
cn: enclave
member: cn=alice,{BASE}
"""

_CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {root}/slapd.pid
{tls}
database mdb
suffix "{base}"
directory {root}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{searcher}" read by * none
"""


@dataclass(frozen=True)
class Authority:
    """A certificate authority and a certificate that it gave to `localhost`."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @classmethod
    def make(cls, folder: Path, host: str = "localhost") -> Authority:
        folder.mkdir(parents=True)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        _openssl(
            folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA", "-days", "2"
        )
        _openssl(folder, "req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={host}")
        (folder / "san").write_text(f"subjectAltName=DNS:{host}\n")
        signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
        _openssl(
            folder, "x509", "-req", "-in", "server.csr", *signer, "-out", "server.pem", "-days", "2", "-extfile", "san"
        )
        return cls(folder)


class Slapd:
    """Running between `start` and `stop`; without an authority it offers no StartTLS."""

    def __init__(self, root: Path, authority: Authority | None, scheme: str = "ldap") -> None:
        self.root = root
        self.scheme = scheme
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (root / "data").mkdir(parents=True)
        tls = (
            ""
            if authority is None
            else "\n".join(
                f"{key} {authority.folder / file}"
                for key, file in (
                    ("TLSCACertificateFile", "ca.pem"),
                    ("TLSCertificateFile", "server.pem"),
                    ("TLSCertificateKeyFile", "server.key"),
                )
            )
        )
        (root / "slapd.conf").write_text(_CONF.format(root=root, tls=tls, base=BASE, searcher=SEARCHER))
        entries = [(uid, uid, password) for uid, password in PEOPLE.items()]
        entries += [("twice one", "twice", "a password"), ("twice two", "twice", "a password")]
        people = "".join(_PERSON.format(cn=cn, uid=uid, password=word, base=BASE) for cn, uid, word in entries)
        (root / "people.ldif").write_text(_LDIF + people + _GROUP)
        self._tool("slapadd", "-f", str(root / "slapd.conf"), "-l", str(root / "people.ldif"))

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"

    def start(self) -> None:
        listen = f"{self.scheme}://127.0.0.1:{self.port}"
        self._process = subprocess.Popen(
            [_program("slapd"), "-f", str(self.root / "slapd.conf"), "-h", listen, "-d", "0"], stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("slapd did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def _tool(self, name: str, *arguments: str) -> None:
        subprocess.run([_program(name), *arguments], check=True, capture_output=True)


def available() -> bool:
    """Whether this machine can run the directory tests."""
    return shutil.which("openssl") is not None and Path(_program("slapd")).exists()


def _program(name: str) -> str:
    return f"/usr/sbin/{name}"


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
