"""What JupyterLab's page may ask of a workspace's server: with a token, and by a `bulle` that has none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest

from tests.workspace.server import Server, served

RELEASE = 'import bulle\nbulle.release("stays", "SELECT 1", title="Stays by site")'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("workspace")
    for name in ("data", "notices", "outbox"):
        (folder / name).mkdir()
    (folder / "data" / "manifest.json").write_text('{"catalogue": {}}')
    places = {f"BULLE_{name.upper()}": str(folder / name) for name in ("notices", "outbox")}
    with served(folder, {**places, "BULLE_EXTRACT": str(folder / "data"), "JUPYTERHUB_API_TOKEN": "s3cret"}) as server:
        yield server


def write(server: Server, name: str, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    (server.home / name).parent.mkdir(exist_ok=True)
    (server.home / name).write_text(nbformat.writes(notebook))


def submission(**changed: Any) -> dict[str, Any]:
    said = {"notebook": "study.ipynb", "title": "Study", "descriptions": {"stays": "Stays = by site"}, "files": []}
    return {**said, **changed}


def handed_in(server: Server) -> list[Path]:
    return sorted((server.home.parent / "outbox").iterdir())


def test_what_the_enclave_laid_is_given_as_it_is(server: Server) -> None:
    assert server.ask("GET", "bulle/data").json() == {"catalogue": {}}
    assert server.ask("GET", "bulle/notices").json() is None
    (server.home.parent / "notices" / "notices.json").write_text('{"project": "p"}')
    assert server.ask("GET", "bulle/notices").json() == {"project": "p"}


def test_asking_for_notices_is_no_use_of_the_workspace(server: Server) -> None:
    def used() -> Any:
        return server.ask("GET", "api/status").json()["last_activity"]

    server.ask("GET", "bulle/data")
    before = used()
    server.ask("GET", "bulle/notices")
    assert used() == before
    server.ask("GET", "bulle/data")
    assert used() > before


@pytest.mark.parametrize(
    ("method", "route"),
    [("GET", "data"), ("GET", "notices"), ("GET", "outputs?notebook=study.ipynb"), ("POST", "submit")],
)
def test_without_a_token_nothing_is_told(server: Server, method: str, route: str) -> None:
    assert httpx.request(method, f"{server.url}bulle/{route}", content="{}").status_code == 403


def test_a_form_of_another_page_submits_nothing(server: Server) -> None:
    """With the session's cookie alone, as a browser sends it along by itself."""
    with httpx.Client(base_url=server.url) as browser:
        browser.post("login", params={"token": "a-token-of-the-test"})
        browser.get("lab", params={"token": "a-token-of-the-test"})
        assert browser.get("bulle/data").status_code == 200
        answer = browser.post("bulle/submit", content=json.dumps(submission()))
    assert answer.status_code == 403
    assert "_xsrf" in answer.text


def test_declared_outputs_are_told_and_handed_in_with_their_descriptions(server: Server) -> None:
    write(server, "study.ipynb", RELEASE)
    (server.home / "codes.csv").write_text("1\n")
    assert server.ask("GET", "bulle/outputs?notebook=study.ipynb").json()["outputs"] == [
        {"name": "stays", "title": "Stays by site"}
    ]
    before = handed_in(server)
    done = server.ask("POST", "bulle/submit", submission(files=["codes.csv"], title="--title"))
    assert done.status_code == 200, done.text
    [folder] = [each for each in handed_in(server) if each not in before]
    assert folder.name == done.json()["entry"]
    said = json.loads((folder / "submission.json").read_text())
    assert (said["title"], said["files"]) == ("--title", ["codes.csv"])
    assert said["descriptions"] == {"stays": "Stays = by site"}


def test_another_turn_names_its_request_and_says_what_changed(server: Server) -> None:
    write(server, "study.ipynb", RELEASE)
    before = handed_in(server)
    again = {"request": "care-1", "answer": "--sites grouped"}
    done = server.ask("POST", "bulle/submit", submission(again=again))
    assert done.status_code == 200, done.text
    [folder] = [each for each in handed_in(server) if each not in before]
    said = json.loads((folder / "submission.json").read_text())
    assert (said["request"], said["answer"]) == ("care-1", "--sites grouped")
    for wrong in ({"request": "--help", "answer": "x"}, {"request": "care-1", "answer": " "}, {"request": "care-1"}, 1):
        assert server.ask("POST", "bulle/submit", submission(again=wrong)).status_code == 400


def test_a_notebook_in_a_folder_brings_the_files_beside_it(server: Server) -> None:
    write(server, "study/-o.ipynb", RELEASE)
    (server.home / "study" / "codes.csv").write_text("1\n")
    done = server.ask("POST", "bulle/submit", submission(notebook="study/-o.ipynb", files=["codes.csv"]))
    assert done.status_code == 400  # a name that a submission may not have; and no option
    assert "File names must differ" in done.json()["message"]
    write(server, "study/o.ipynb", RELEASE)
    assert server.ask("POST", "bulle/submit", submission(notebook="study/o.ipynb", files=["codes.csv"])).is_success


def test_what_lacks_is_one_sentence_in_the_readers_language(server: Server) -> None:
    write(server, "study.ipynb", RELEASE)
    before = handed_in(server)
    for descriptions in ({}, {"stays": " "}):
        done = server.ask("POST", "bulle/submit", submission(descriptions=descriptions))
        assert (done.status_code, "stays" in done.json()["message"]) == (400, True)
    french = server.ask("GET", "bulle/outputs?notebook=nowhere.ipynb", language="fr")
    assert french.status_code == 400
    assert french.json()["message"].startswith("nowhere.ipynb")
    assert "ne peut" in french.json()["message"]
    assert handed_in(server) == before


@pytest.mark.parametrize(
    "asked",
    [None, [], {}, {"notebook": 1}, submission(files="x"), submission(descriptions=[]), submission(descriptions=None)],
)
def test_what_is_no_submission_is_refused(server: Server, asked: Any) -> None:
    before = handed_in(server)
    assert server.ask("POST", "bulle/submit", asked).status_code == 400
    assert handed_in(server) == before


def test_a_submission_of_many_bytes_is_refused(server: Server) -> None:
    assert server.ask("POST", "bulle/submit", submission(title="x" * 200_000)).status_code == 413


def test_nothing_of_the_servers_own_is_handed_in(server: Server) -> None:
    """A kernel cannot read its server's environment, and cannot have the server hand it in either."""
    for name, target in (("environ.ipynb", "/proc/self/environ"), ("token.csv", "/proc/self/environ")):
        (server.home / name).symlink_to(target)
    write(server, "study.ipynb", RELEASE)
    server.ask("POST", "bulle/submit", submission(notebook="environ.ipynb"))
    server.ask("POST", "bulle/submit", submission(files=["token.csv"]))
    server.ask("POST", "bulle/submit", submission(notebook="../../../proc/self/environ"))
    found = [file for folder in handed_in(server) for file in folder.iterdir()]
    assert [file for file in found if b"s3cret" in file.read_bytes()] == []


def test_a_module_that_lies_in_the_home_is_not_run_as_bulle(server: Server) -> None:
    (server.home / "bulle").mkdir()
    (server.home / "bulle" / "__main__.py").write_text("open('RUN', 'w')")
    write(server, "study.ipynb", RELEASE)
    assert server.ask("GET", "bulle/outputs?notebook=study.ipynb").is_success
    assert not (server.home / "RUN").exists()
