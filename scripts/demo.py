"""The main job, walked through the running stack as three different people. Called by `make demo` after set-up.

An admin registers a source, issues a permit and has the extract built; a researcher opens the sealed workspace,
runs the study and hands it in; the egress worker re-runs, recomputes, checks; an output checker decides;
the researcher fetches the release package, once. Done steps are recognised and not done again.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.prepare_randhie import prepare
from scripts.visitor import AuthenticatorApp, VisitError, Visitor

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "reste-a-charge"
STUDY = ROOT / "notebooks" / "reste-a-charge.ipynb"
DESCRIPTIONS = {
    "spending_by_coinsurance": "Mean spending of a person in a year under each coinsurance rate of the experiment.",
    "out_of_pocket_by_coinsurance": "What of it stays with the family, estimated, where there was a coinsurance.",
    "persons_by_site_and_health": "Who took part in the first year: persons by site and health, with totals.",
    "largest_bills": "Spending of each person: it is here to be refused.",
    "visits_by_coinsurance": "Mean doctor visits under each coinsurance rate, with noise.",
}
PEOPLE = {
    "alice": "Alice Martin",
    "bob": "Bob Diallo",
    "carol": "Carol Nguyen",
    "dora": "Dora Petit",
    "erin": "Erin Novak",
    "frank": "Frank Olsen",
}
# Two, because whoever drafts a permit does not issue it.
ADMINISTRATORS = ("erin", "frank")
# Accounts of the demonstration directory (images/ldap): they open nothing but this demonstration.
PASSWORD = "{name}-demo"  # noqa: S105 -- public on purpose, printed at the end
# What the telephones of these people would hold, so that whoever runs the demonstration can log in as them.
APP = Path(os.environ.get("BULLE_DEMO", ROOT / "var" / "demo")) / "authenticator.json"
# Ends with the first command that fails, and its code.
ONE_PROCESS = """
import json, os, sys
from bulle.__main__ import run
sys.exit(next((code for command in json.load(sys.stdin) if (code := run(command, os.environ))), 0))
"""
PATIENCE = 600
STARTED = time.monotonic()


class DemoError(Exception):
    """A step did not do what it should; the text is what to read."""


def main() -> int:
    """Walk the main job; 0 when a package was released and fetched. `code NAME` prints a code instead."""
    if sys.argv[1:2] == ["code"]:
        return tell_code(sys.argv[2] if len(sys.argv) > 2 else "")
    base = os.environ["BULLE_PUBLIC_URL"]
    out = Path(os.environ.get("BULLE_DEMO", ROOT / "var" / "demo"))
    out.mkdir(parents=True, exist_ok=True)
    try:
        admin_prepares()
        request = researcher_hands_in(base)
        checker_decides(base, request)
        package = researcher_fetches(base, request, out)
        report(base, request, package)
    except (DemoError, VisitError) as error:
        print(
            f"\nThe demonstration stopped: {error}\nLogs: docker compose logs; state: bulle log list", file=sys.stderr
        )
        return 1
    return 0


def admin_prepares() -> None:
    """Source, people, permit, extract: each only when it is not there yet."""
    say("\nAn admin prepares the project")
    with step("the RAND experiment's microdata become a source"):
        source = Path(os.environ["BULLE_STATE"]) / "sources" / "rand-hie" / "person_year.parquet"
        if not source.exists():
            source.parent.mkdir(parents=True, exist_ok=True)
            prepare(source)
    with step("people and their training, catalogue and permit are registered"):
        known = {person["id"]: person for person in bulle("admin", "person", "list", "--json")["persons"]}
        made = [
            command
            for name in sorted(PEOPLE.keys() - known.keys())
            for command in (["person", "add", name, "--name", PEOPLE[name]], ["person", "training", name])
        ]
        why = "one of the demonstration's two administrators"
        made += [
            ["person", "appoint", name, "--why", why]
            for name in ADMINISTRATORS
            if not known.get(name, {}).get("administrator")
        ]
        one_after_another("admin", made)
        if not bulle("admin", "source", "list", "--json")["sources"]:
            bulle("admin", "source", "register", "/etc/bulle/policies/catalogues/rand-hie.toml")
        if not bulle("admin", "permit", "list", "--json")["permits"]:
            bulle("admin", "permit", "issue", "/etc/bulle/policies/permits/reste-a-charge.toml")
    with step("the extract is built: granted columns and years only, person keys replaced"):
        if not any(event["kind"] == "extract.built" for event in events()):
            bulle("extractor", "extract", "build", PROJECT)


def researcher_hands_in(base: str) -> str:
    """Alice runs the study in her sealed workspace and submits it. The request's id."""
    say("\nAlice, a researcher, runs the study")
    if (earlier := find_request()) is not None:
        with step(f"request {earlier['request']} was handed in earlier"):
            return str(earlier["request"])
    notebook = json.loads(STUDY.read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with visitor(base, "alice") as alice:
        with step("logs in against the directory, with an authenticator app, and signs the undertaking"):
            alice.login(PASSWORD.format(name="alice"))
        with step("opens the project's sealed server"):
            alice.open_project(PROJECT)
            alice.save_notebook(PROJECT, STUDY.name, notebook)
        with step(f"runs {len(cells)} cells in its kernel and submits the notebook"):
            options = f"title='What stays with patients', descriptions={DESCRIPTIONS!r}"
            submit = f"import bulle\nbulle.submit({STUDY.name!r}, {options})"
            for result in alice.run(PROJECT, [*cells, submit]):
                if result.error:
                    raise DemoError(f"a cell of the study failed in the workspace: {result.error}")
        with step("closes the server"):
            alice.close_project(PROJECT)
    return str(wait_for({"in_review", "refused"})["request"])


def checker_decides(base: str, request: str) -> None:
    """Carol reads the findings and approves what the machine did not refuse."""
    say("\nCarol, an output checker, decides")
    if find_request()["status"] != "in_review":  # type: ignore[index]  # it exists: it was handed in
        with step("the request was decided earlier"):
            return
    with visitor(base, "carol") as carol:
        with step("logs in and opens the queue"):
            carol.login(PASSWORD.format(name="carol"))
            page = carol.http.get(f"/services/egress/review/{request}")
        if page.status_code != 200:
            raise DemoError(f"the review page answered {page.status_code}")
        with step("approves the outputs that were not refused"):
            form = {name: field(page.text, name) for name in ("csrf", "checks")}
            for name in re.findall(r'name="vote\.([a-z_0-9]+)"', page.text):
                form |= {
                    f"vote.{name}": "approve",
                    f"comment.{name}": "Cells and evidence read; nothing about single persons.",
                }
            answer = carol.http.post(f"/services/egress/review/{request}", data=form)
            if answer.status_code != 200:
                raise DemoError(f"the decision was not taken: {answer.status_code}")
    wait_for({"released", "downloaded"})


def researcher_fetches(base: str, request: str, out: Path) -> Path:
    """Alice downloads the release package from exports, once."""
    say("\nAlice fetches what was released")
    package = out / f"{request}.zip"
    if package.exists():
        with step("the package was fetched earlier"):
            return package
    with visitor(base, "alice") as alice:
        with step("downloads the release package"):
            alice.login(PASSWORD.format(name="alice"))
            page = alice.http.get(f"/services/egress/requests/{request}")
            answer = alice.http.post(
                f"/services/egress/requests/{request}/download", data={"csrf": field(page.text, "csrf")}
            )
            if answer.status_code != 200 or answer.headers["content-type"] != "application/zip":
                raise DemoError(f"the download answered {answer.status_code}")
            package.write_bytes(answer.content)
        with step("a second download is refused"):
            again = alice.http.post(
                f"/services/egress/requests/{request}/download", data={"csrf": field(page.text, "csrf")}
            )
            if again.status_code == 200:
                raise DemoError("the package could be fetched twice")
    return package


def tell_code(name: str) -> int:
    """Print the code that the person's authenticator app would show; 0 when the demonstration enrolled one."""
    try:
        print(AuthenticatorApp(APP).next_code(name))
    except VisitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def report(base: str, request: str, package: Path) -> None:
    """What was released, what was withheld and why, where to log in, how to stop."""
    shown = bulle("admin", "request", "show", request, "--json")
    say(f"\nReleased into {os.path.relpath(package, ROOT)}")
    with zipfile.ZipFile(package) as archive:
        for name in archive.namelist():
            say(f"  {name}")
    say("\nOutputs of the request")
    for output in shown["outputs"]:
        say(f"  {output['name']:<28} {'released' if output['approved'] else 'withheld'}   {because(output)}")
    for thing in shown["withheld"]:
        say(f"  {'undeclared ' + thing['kind']:<28} withheld   {thing['why']}")
    verified = bulle("admin", "log", "verify", "--json")
    say(f"\nThe event log holds {verified['entries']} events and verifies. Its head, to keep elsewhere:")
    say(f"  {verified['head']}")
    say(f"\nLog in at {base} as")
    app = AuthenticatorApp(APP)
    for name in PEOPLE:
        desk = ", for the admin's desk at /services/desk/" if name in ADMINISTRATORS else ""
        second = f"then the code that `make code NAME={name}` prints" if name in app else "then enrol your own app"
        say(f"  {name:<6} {PASSWORD.format(name=name):<12} {second}{desk}")
    if (made := authority()) is not None:
        say("\nThe browser will warn: its certificate was signed by an authority made here, which no browser knows.")
        say(
            "Go past the warning, or let the browser trust that authority, which signed nothing else (its key is gone):"
        )
        say(f"  {os.path.relpath(made, ROOT)}")
    say("\nStop and remove everything it made: make down")


def visitor(base: str, name: str) -> Visitor:
    """A person of the demonstration, with the authenticator app that the demonstration keeps for them."""
    return Visitor(base, name, ca=authority(), app=AuthenticatorApp(APP))


def authority() -> Path | None:
    """The authority of the edge's certificate when scripts/secrets made it; None with a site's own certificate."""
    made = Path(os.environ["BULLE_STATE"]) / "secrets" / "tls-ca.pem"
    return made if made.exists() else None


def because(output: dict[str, Any]) -> str:
    """The reason for what happened to an output: a refusal's, what was suppressed, or the noise."""
    whys = {finding["outcome"]: finding["why"] for finding in reversed(output["findings"])}
    if "fail" in whys:
        return str(whys["fail"])
    hidden = sum(None in row for row in output.get("protected", {}).get("rows", []))
    if hidden:
        return f"{hidden} rows suppressed"
    return "noisy, by OpenDP, under the budget" if output["protect"] == "dp" else "no automatic finding"


def find_request() -> dict[str, Any] | None:
    """The project's latest request, or None."""
    requests = bulle("admin", "request", "list", "--json")["requests"]
    mine = [request for request in requests if request["project"] == PROJECT]
    return mine[-1] if mine else None


def wait_for(statuses: set[str]) -> dict[str, Any]:
    """The project's request once it has one of `statuses`."""
    with step("the egress worker works"):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            request = find_request()
            if request and request["status"] in statuses:
                return request
            time.sleep(1)
    raise DemoError(f"the request did not become {' or '.join(sorted(statuses))} within {PATIENCE} seconds")


def events() -> list[dict[str, Any]]:
    """The event log."""
    return list(bulle("admin", "log", "list", "--json")["events"])


def bulle(service: str, *arguments: str) -> dict[str, Any]:
    """Run a `bulle` command in one of the tool containers; its JSON, or an empty object."""
    acting = [] if "--json" in arguments else ["--as", service]  # who acts is named in the log; an operator reads all
    command = ["docker", "compose", "run", "--rm", "-T", service, "bulle", *acting, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode != 0:
        raise DemoError(f"bulle {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return dict(json.loads(done.stdout)) if "--json" in arguments else {}


def one_after_another(service: str, commands: list[list[str]]) -> None:
    """Run `bulle` commands in one process of a tool container: starting takes longer than what they do."""
    if not commands:
        return
    whole = ["docker", "compose", "run", "--rm", "-T", service, "python", "-c", ONE_PROCESS]
    asked = json.dumps([["--as", service, *command] for command in commands])
    done = subprocess.run(whole, cwd=ROOT, input=asked, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode != 0:
        raise DemoError(f"bulle: {done.stderr.strip() or done.stdout.strip()}")


def field(page: str, name: str) -> str:
    """The value of a hidden form field."""
    found = re.search(rf'name="{name}"\s+value="([^"]+)"', page)
    if found is None:
        raise DemoError(f"the page has no field {name}")
    return found.group(1)


def say(text: str) -> None:
    """One line for the person who watches."""
    print(text, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print the step when it ends, with its own time and the time since the start."""
    begun = time.monotonic()
    yield
    now = time.monotonic()
    say(f"  {now - STARTED:6.1f} s  {what} ({now - begun:.1f} s)")


if __name__ == "__main__":
    sys.exit(main())
