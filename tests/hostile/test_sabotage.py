"""Notebooks that attack the run itself: each ends with a status and a sentence, and hands nothing back."""

from __future__ import annotations

import pytest

from egress.rerun.result import RerunStatus
from tests.hostile.conftest import SECRETS, Attack

# These end by the clock only: they get less of it.
ENDLESS = ("while", "import os\nwhile")
READ = """\
import bulle
secret = str(bulle.sql("SELECT zper, total_spending FROM person_year ORDER BY 2 DESC LIMIT 1"))
"""


@pytest.mark.parametrize(
    ("source", "statuses"),
    [
        pytest.param("while True: pass", {RerunStatus.TIMED_OUT}, id="an endless loop"),
        pytest.param(
            "print(secret * (1 << 20))", {RerunStatus.TOO_MUCH_OUTPUT, RerunStatus.NO_SPACE}, id="huge output"
        ),
        pytest.param("import os\nos.kill(os.getpid(), 9)", {RerunStatus.KERNEL_DIED}, id="a killed kernel"),
        pytest.param("raise SystemError(secret)", {RerunStatus.CELL_FAILED}, id="a secret in a traceback"),
        pytest.param(
            "for n in range(10_000): open(f'/tmp/{n}', 'wb').write(bytes(1 << 20))",
            {RerunStatus.CELL_FAILED, RerunStatus.NO_SPACE},
            id="10 GB of files",
        ),
        pytest.param(
            "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
            {RerunStatus.TIMED_OUT, RerunStatus.TOO_MANY_PROCESSES, RerunStatus.OUT_OF_MEMORY, RerunStatus.KERNEL_DIED},
            id="a fork bomb",
        ),
        pytest.param(
            "x = [bytearray(1 << 26) for _ in range(200)]",
            {RerunStatus.CELL_FAILED, RerunStatus.KERNEL_DIED, RerunStatus.OUT_OF_MEMORY},
            id="all memory",
        ),
    ],
)
def test_sabotage_has_an_end_and_hands_nothing_back(attack: Attack, source: str, statuses: set[RerunStatus]) -> None:
    after = attack(READ, source, seconds=20 if source.startswith(ENDLESS) else 120)
    assert after.result.status in statuses
    assert after.result.notebook is None
    assert not [secret for secret in SECRETS if secret in after.leaving]


def test_writing_into_the_runners_output_spoils_the_own_run_only(attack: Attack) -> None:
    after = attack(
        READ,
        "import glob, os\n"
        "for path in glob.glob('/proc/[0-9]*/fd/*'):\n"
        "    try:\n"
        "        handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)\n"
        "        os.write(handle, secret.encode())\n"
        "    except OSError:\n"
        "        pass",
    )
    assert after.result.status is not RerunStatus.NOT_RUN
    assert after.assessments == ()
    assert not [secret for secret in SECRETS if secret in after.leaving]


def test_the_first_process_cannot_be_killed_into_a_result(attack: Attack) -> None:
    after = attack(
        READ,
        "import os\n"
        "for pid in (1, os.getppid()):\n    try:\n        os.kill(pid, 9)\n    except OSError:\n        pass",
    )
    assert after.assessments == ()
    assert not [secret for secret in SECRETS if secret in after.leaving]
