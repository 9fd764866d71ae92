"""The worker process: confined, mute about what went wrong, and its death is one sentence."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from egress.privacy.child import ask, ask_all
from egress.privacy.failure import PrivacyError
from egress.privacy.spec import to_json
from hub.policy.files import policies_dir
from hub.policy.limits import read_limits
from tests.egress.privacy.releases import extract, spec

LIMITS = read_limits().privacy
COUNT = spec("SELECT sex, count(*) AS n FROM t GROUP BY sex")
DRAW: Mapping[str, Any] = {
    "act": "draw",
    "spec": to_json(COUNT),
    "nano_rho": 10**10,
    "delta": 1e-6,
    "confidence": 0.95,
    "files": {"t": "/nowhere"},
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A request on 500 women."""
    folder = tmp_path_factory.mktemp("extract")
    extract(folder, [{"pid": f"p{at}", "sex": "F"} for at in range(500)])
    return {**DRAW, "files": {"t": str(folder / "t.dp.parquet")}}


def test_a_draw_answers_one_number_for_each_cell_and_opendps_own_charge(drawn: dict[str, Any]) -> None:
    told = ask(drawn)
    (noisy,) = told["noisy"]
    assert abs(noisy[0] - 500) < 10
    assert abs(noisy[1]) < 10
    assert 10**10 - 2 * 10 <= told["charged"] <= told["nano_rho"] == 10**10


@pytest.mark.parametrize(
    "hostile",
    [
        {"act": "anything"},
        {"act": "preview"},
        {"act": ["draw"]},
        {"files": {"t": "/etc/passwd"}},
        {"files": {"t": "/nowhere/secret-name.parquet"}},
        {"nano_rho": -5},
        {"nano_rho": 0},
        {"nano_rho": "x"},
        {"spec": {}},
        {"spec": {**to_json(COUNT), "statistics": [["total", "sex", 0, 0, 5, 0]]}},
        {"spec": {**to_json(COUNT), "keys": [['sex" FROM t; --', [["string", "F"]]]]}},
        {"delta": 0},
        {"confidence": 2},
    ],
)
def test_what_goes_wrong_is_one_fixed_sentence(hostile: Mapping[str, Any], tmp_path: Path) -> None:
    extract(tmp_path, [{"pid": "a", "sex": "F"}])
    request = {**DRAW, "files": {"t": str(tmp_path / "t.dp.parquet")}, **hostile}
    with pytest.raises(PrivacyError) as failed:
        ask(request)
    sentence = str(failed.value)
    assert sentence.count(".") == 1
    assert not {"passwd", "secret", "Error", "sex", "opendp"} & set(sentence.replace(".", " ").split())


def _python(folder: Path, body: str) -> str:
    """An interpreter that does `body` instead of the worker's work."""
    script = folder / "python"
    script.write_text(f"#!{sys.executable}\nimport os, sys, time, json\n{body}\n")
    script.chmod(0o700)
    return str(script)


@pytest.mark.parametrize(
    "body",
    ["os.abort()", "sys.exit(3)", "print('Traceback: 42 persons')", "print('[]')", "os.kill(os.getpid(), 9)", "pass"],
)
def test_a_worker_that_dies_or_babbles_is_one_sentence(body: str, tmp_path: Path) -> None:
    with pytest.raises(PrivacyError) as failed:
        ask(DRAW, python=_python(tmp_path, body))
    assert str(failed.value) == "The privacy worker stopped without an answer; nothing was released."


def test_a_worker_that_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="too long"):
        ask(DRAW, limits=LIMITS.model_copy(update={"seconds": 1}), python=_python(tmp_path, "time.sleep(60)"))


def test_a_worker_that_counts_without_end_is_stopped_by_the_kernel(tmp_path: Path) -> None:
    """Before its time is up for whoever waits: its second of CPU is gone first."""
    body = (
        "from egress.privacy.confine import Limits, confine\n"
        "confine(Limits(1, 4096, 1, 100))\nprint('{}', flush=True)\nwhile True: pass"
    )
    within = LIMITS.model_copy(update={"seconds": 300})
    with pytest.raises(PrivacyError, match="stopped without an answer"):
        ask(DRAW, limits=within, python=_python(tmp_path, body))


def test_no_interpreter_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="stopped"):
        ask(DRAW, python=str(tmp_path / "nothing"))


def test_a_real_abort_inside_the_worker_is_one_sentence(tmp_path: Path) -> None:
    body = "import egress.privacy.worker as w\nw._smoke = lambda: os.abort()\nw.main()"
    with pytest.raises(PrivacyError, match="stopped without an answer"):
        ask(DRAW, python=_python(tmp_path, body))


_PROBE = """
import ctypes, json, os, resource, socket
from egress.privacy.confine import Limits, confine
offline = confine(Limits(60, 4096, 2, 100))
found = {"offline": offline, "core": resource.getrlimit(resource.RLIMIT_CORE)}
try:
    socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 2).close()
    found["reached"] = True
except OSError:
    found["reached"] = False
try:
    with open(os.environ["FILE"], "w") as file:
        file.write("x")
    found["wrote"] = True
except OSError:
    found["wrote"] = False
try:
    bytearray(5 * 2**30)
    found["memory"] = True
except MemoryError:
    found["memory"] = False
libc = ctypes.CDLL(None)
found["native"] = [libc.socket(2, 1, 0), libc.socket(10, 2, 0), libc.fork(), libc.execv(b"/bin/true", None)]
acts = (os.fork, lambda: os.system("true"), lambda: os.execv("/bin/true", ["true"]), socket.socket)
for act in acts:
    try:
        act()
        found["started"] = True
    except PermissionError:
        pass
print(json.dumps(found))
"""


def test_the_worker_writes_no_file_takes_no_more_memory_and_has_no_network(
    tmp_path: Path, drawn: dict[str, Any]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = {**os.environ, "PORT": str(server.getsockname()[1]), "FILE": str(tmp_path / "out")}
        done = subprocess.run(
            [sys.executable, "-c", _PROBE],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=Path(__file__).parents[3],
        )
    found = json.loads(done.stdout)
    assert (found["wrote"], found["memory"], found["core"]) == (False, False, [0, 0])
    assert (found["reached"], found.get("started")) == (False, None)
    if platform.machine() in {"x86_64", "aarch64"}:
        assert found["native"] == [-1, -1, -1, -1]
    if os.geteuid() == 0:
        assert ask(drawn)["offline"] is found["offline"]


def test_the_worker_loads_nothing_of_ours_but_its_room_and_what_that_names() -> None:
    code = "import sys, egress.privacy.worker, egress.privacy.measure, egress.privacy.vectors\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {one for one in loaded if one.startswith("hub.")} == {"hub.extracts", "hub.extracts.person_number"}
    assert "pydantic" not in loaded


def test_several_tables_cost_one_start_and_fail_apart(drawn: dict[str, Any]) -> None:
    first, broken, poor, nested, last = ask_all(
        [
            drawn,
            {**drawn, "files": {"t": "/nowhere"}},
            {**drawn, "nano_rho": 0},
            {"act": "unknown"},
            {**drawn, "nano_rho": 10**8},
        ]
    )
    assert isinstance(first, dict)
    assert abs(first["noisy"][0][0] - 500) < 10
    assert [str(one) for one in (broken, nested)] == [
        "The privacy worker could not compute this release; nothing was released."
    ] * 2
    assert isinstance(poor, PrivacyError)
    assert "nothing but noise" in str(poor)
    assert isinstance(last, dict)
    assert last["nano_rho"] == 10**8


def test_a_batch_within_a_batch_is_no_act() -> None:
    with pytest.raises(PrivacyError, match="could not compute"):
        ask({"act": "batch", "requests": [{"act": "batch", "requests": []}]})


@pytest.mark.parametrize(("most", "answered"), [(1, False), (2, True), (3, True)])
def test_more_numbers_than_the_limit_are_refused(most: int, drawn: dict[str, Any], *, answered: bool) -> None:
    within = LIMITS.model_copy(update={"max_numbers": most})
    if answered:
        assert len(ask(drawn, limits=within)["noisy"]) == 1
    else:
        with pytest.raises(PrivacyError, match="fewer cells"):
            ask(drawn, limits=within)


def test_too_little_memory_is_said(tmp_path: Path) -> None:
    body = "import egress.privacy.worker as w\nw._ACTS['draw'] = lambda request: bytearray(2**31)\nw.main()"
    within = LIMITS.model_copy(update={"memory_mb": 1024})
    with pytest.raises(PrivacyError, match="more memory"):
        ask(DRAW, limits=within, python=_python(tmp_path, body))


def test_another_opendp_draws_nothing(tmp_path: Path) -> None:
    body = "import egress.privacy.measure as m, egress.privacy.worker as w\nm.OPENDP = '0.17.'\nw.main()"
    with pytest.raises(PrivacyError, match="Another OpenDP"):
        ask(DRAW, python=_python(tmp_path, body))


def test_the_operators_limits_are_those_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLE_POLICIES", str(tmp_path))
    with pytest.raises(PrivacyError, match="limits of the privacy worker"):
        ask(DRAW)
    shipped = (policies_dir() / "limits.toml").read_text()
    (tmp_path / "limits.toml").write_text(shipped.replace("max_numbers = 20000", "max_numbers = 1"))
    with pytest.raises(PrivacyError, match="fewer cells"):
        ask(DRAW)
