"""Two colleagues on one project: what each writes into the shared folder the other can read, change and keep versions
of; what lies in a home stays there.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import docker
import pytest

from hub.workspace import Workspace
from tests.containers.kernels import Opened, needs_the_image, opened, stand_in_hub

pytestmark = pytest.mark.containers

PROJECT = f"shared-{uuid4().hex[:8]}"
PEOPLE = (Workspace("alice", PROJECT), Workspace("amir", PROJECT))
GIT = """
import subprocess
def git(*words, at="/project/study"):
    done = subprocess.run(["git", *words], cwd=at, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
"""


@pytest.fixture(scope="module")
def colleagues(engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Opened, ...]]:
    needs_the_image()
    root = tmp_path_factory.mktemp("state")
    with (
        stand_in_hub(engine, f"bulle-test-hub-{uuid4().hex[:8]}") as hub,
        opened(root, hub, PEOPLE) as both,
    ):
        yield both


def test_colleagues_write_each_others_files_and_one_history(colleagues: tuple[Opened, ...]) -> None:
    alice, amir = colleagues
    alice.cell(
        f"{GIT}\nimport os, pathlib\nos.umask(0o077)\n"  # the strictest that somebody could set
        "folder = pathlib.Path('/project/study'); folder.mkdir()\n"
        "(folder / 'codes.py').write_text('CODES = [1]\\n')\n"
        "git('init', '-q'); git('add', '.'); git('commit', '-q', '-m', 'Begin')"
    )
    told = amir.cell(
        f"{GIT}\nimport pathlib\nfile = pathlib.Path('/project/study/codes.py')\n"
        "file.write_text(file.read_text() + 'CODES += [2]\\n')\n"
        "git('commit', '-q', '-a', '-m', 'Add a code'); print(git('log', '--format=%an: %s'))"
    )
    assert told == "amir: Add a code\nalice: Begin\n"
    told = alice.cell(
        f"{GIT}\ngit('rm', '-q', 'codes.py'); git('commit', '-q', '-m', 'End'); print(git('status', '-s'))"
    )
    assert told == "\n"


def test_the_page_shows_what_is_shared_and_a_home_is_its_owners(colleagues: tuple[Opened, ...]) -> None:
    alice, amir = colleagues
    seen = "import os, pathlib\nhome = pathlib.Path.home()\n"
    alice.cell(f"{seen}(home / 'mine.txt').write_text('x'); (home / 'project' / 'ours.txt').write_text('x')")
    told = amir.cell(
        f"{seen}print((home / 'project').resolve(), (home / 'project' / 'ours.txt').exists(),"
        " [each for each in os.listdir(home) if each == 'mine.txt'], os.listdir('/home'))"
    )
    assert told == "/project True [] ['researcher']\n"


def test_what_is_told_to_one_is_not_told_to_the_other(colleagues: tuple[Opened, ...]) -> None:
    alice, amir = colleagues
    notices = alice.root / "notices" / PROJECT
    for person in ("alice", "amir"):
        (notices / person / "notices.json").write_text(f'"of {person}"')
    told = (
        "import os\nprint(os.listdir('/notices'), open('/notices/notices.json').read(), os.access('/notices', os.W_OK))"
    )
    assert alice.cell(told) == "['notices.json'] \"of alice\" False\n"
    assert amir.cell(told) == "['notices.json'] \"of amir\" False\n"
