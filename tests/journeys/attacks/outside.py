"""What is tried through the outbox, and by somebody outside: ways of their own, each a function in `run.py`."""

from __future__ import annotations

from types import MappingProxyType

from tests.journeys.attacks.model import Attack, Told


def _entry(name: str, tries: str, act: str, stopped_by: str) -> Attack:
    told = Told("request.refused_entry", MappingProxyType({"entry": f"{name}.request"}))
    return Attack(name, tries, act, stopped_by, told)


INTAKE = "every name is opened once and through no link; what is checked and kept are those bytes"
# `folder` is laid in the outbox under its name once it is complete.
OUTBOX = (
    _entry(
        "outbox-link",
        "a request whose notebook is a link to the extract",
        "os.symlink('/data/manifest.json', folder + '/study.ipynb')",
        INTAKE,
    ),
    _entry(
        "outbox-folder-link",
        "a request that is a link to a folder of the machine",
        "os.remove(folder + '/submission.json'); os.rmdir(folder); os.symlink('/etc', folder)",
        INTAKE,
    ),
    _entry(
        "outbox-pipe",
        "a request whose notebook never ends to be read",
        "os.mkfifo(folder + '/study.ipynb')",
        INTAKE,
    ),
    _entry(
        "outbox-size",
        "a request larger than any may be",
        "open(folder + '/study.ipynb', 'wb').truncate(1 << 30)",
        "the intake's sizes",
    ),
    _entry(
        "outbox-hard-link",
        "a notebook that is changed by another name while it is read",
        "open('/outbox/other', 'w').write('{}'); os.link('/outbox/other', folder + '/study.ipynb')",
        INTAKE,
    ),
)
GONE = "logging out ends every session of the person, and what was given for them"
LOGGED_OUT = Told("login.ended", project="")
COPIES = "it is a login page that is shown, as to any browser whose session ended"
OUTSIDE = (
    Attack("stolen-hub", "a copy of the session's cookies after logging out: the hub", "hub", GONE, LOGGED_OUT),
    Attack("stolen-egress", "the same: the release pages", "egress", GONE, COPIES),
    Attack("stolen-workspace", "the same: the workspace, which has a cookie of its own", "workspace", GONE, COPIES),
    Attack("stolen-code", "a code that was fetched before and is exchanged afterwards", "code", GONE, COPIES),
    Attack(
        "directory-injection",
        "names that are pieces of a directory's query: " + "`*`, `alice)(uid=*`, `*)(|(uid=*`, `alice\\00`, …",
        "injection",
        "names have a pattern before they are asked for, and are escaped",
        Told("login.refused", MappingProxyType({"rule": "login.wrong"}), person="unknown", project=""),
    ),
    Attack(
        "without-session",
        "a workspace's files without a session",
        "stranger",
        "the server asks for a session",
        "whoever has no session is a stranger, and doors are tried all day",
    ),
    Attack(
        "without-tls",
        "a password over a connection that anybody reads",
        "plain",
        "the edge speaks TLS only",
        "a browser's first visit looks the same",
    ),
)
INJECTIONS = (
    "*",
    "alice*",
    "alice)(uid=*",
    "*)(|(uid=*",
    "alice)(&)",
    "alice))(|(uid=*",
    "*)(objectClass=*",
    "alice\\00",
    "*\x00",
    "alice,ou=people,dc=bulle,dc=example",
    "alice)(userPassword=*",
    "\\2a",
    "alice\r\nuid: bob",
    "ａlice",
    "a" * 5000,
)
