"""Fifty people at once on the pages, forty researchers and ten output checkers, made by Locust over loopback.

Researchers open their list and single requests; checkers open the queue and review pages and vote. Meanwhile an event
is appended ten times a second, as the worker and the hub do. To hold afterwards: no answer that nobody expects, each
vote that was taken stands in the log exactly once, every event that was appended is there, and the log verifies. A vote
on a request that somebody else has just decided is refused, which is expected and told.

Locust (PyPI, pinned in locks/benchmarks/locust.txt) runs in an environment of its own.

    python -m benchmarks.people --requests 1000 --seconds 60
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.airlock_made import CHECKERS, PREFIX, RESEARCHERS, Made, served
from benchmarks.environments import environment, versions
from benchmarks.processes import resident

PORT = 8991
PEOPLE = RESEARCHERS + CHECKERS
BESIDE = 0.1  # seconds between two events of others

# Runs in Locust's environment.
LOCUST = """
import json, os, re
from itertools import count
from urllib.parse import parse_qs, urlsplit
from locust import FastHttpUser, between, events, task

PREFIX = os.environ["PREFIX"]
taken, refused = [], [0]

class Person(FastHttpUser):
    abstract = True
    wait_time = between(0.5, 1.5)
    network_timeout = 120
    connection_timeout = 120

    def on_start(self):
        self.name = f"{self.kind}-{next(self.numbers)}"
        with self.client.get(PREFIX + "requests", allow_redirects=False, catch_response=True, name="login") as begun:
            begun.success()
        state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
        address = f"{PREFIX}oauth_callback?state={state}&code={self.name}"
        with self.client.get(address, allow_redirects=False, catch_response=True, name="login") as arrived:
            arrived.success() if arrived.status_code == 303 else arrived.failure(str(arrived.status_code))

    def links(self, page, kind):
        return re.findall(PREFIX + kind + "/([a-z0-9-]+)", page.text or "")

class Researcher(Person):
    fixed_count, kind, numbers = int(os.environ["RESEARCHERS"]), "researcher", count()

    @task
    def look(self):
        page = self.client.get(PREFIX + "requests", name="requests")
        for request in self.links(page, "requests")[:2]:
            self.client.get(f"{PREFIX}requests/{request}", name="request")

class Checker(Person):
    fixed_count, kind, numbers = int(os.environ["CHECKERS"]), "checker", count()

    @task
    def check(self):
        waiting = self.links(self.client.get(PREFIX + "queue", name="queue"), "review")
        if not waiting:
            return
        request = waiting[0]
        page = self.client.get(f"{PREFIX}review/{request}", name="review").text or ""
        form = {key: re.search(f'name="{key}" value="([^"]+)"', page) for key in ("csrf", "checks")}
        if not all(form.values()):
            return  # decided meanwhile
        form = {key: found.group(1) for key, found in form.items()}
        for output in set(re.findall('name="vote[.]([a-z_0-9]+)"', page)):
            form |= {f"vote.{output}": "approve", f"comment.{output}": "Read under load."}
        with self.client.post(f"{PREFIX}review/{request}", data=form, allow_redirects=False,
                              catch_response=True, name="vote") as answer:
            if answer.status_code == 303:
                taken.append([self.name, request])
            elif answer.status_code in {409, 422}:
                refused[0] += 1
                answer.success()
            else:
                answer.failure(str(answer.status_code))

@events.quitting.add_listener
def end(environment, **_):
    said = {
        name: {"times": entry.num_requests, "failed": entry.num_failures,
               "p50": entry.get_response_time_percentile(0.5), "p95": entry.get_response_time_percentile(0.95)}
        for (name, _method), entry in environment.stats.entries.items()
    }
    with open(os.environ["SAID"], "w") as file:
        json.dump({"pages": said, "taken": taken, "refused": refused[0],
                   "errors": [f"{e.name}: {e.error}" for e in environment.stats.errors.values()]}, file)
"""


class Others(threading.Thread):
    """Appends events beside the people, until told to stop."""

    def __init__(self, made: Made) -> None:
        super().__init__()
        self._made, self.appended, self.stop = made, 0, threading.Event()

    def run(self) -> None:
        while not self.stop.wait(BESIDE):
            self._made.log.append("nobody", "login.accepted", "", {"number": self.appended})
            self.appended += 1


def driven(root: Path, seconds: int) -> dict[str, Any]:
    """What Locust says after so many seconds of fifty people."""
    script, said = root / "people.py", root / "said.json"
    script.write_text(LOCUST)
    python = environment("locust")
    names = {"PREFIX": PREFIX, "SAID": str(said), "RESEARCHERS": str(RESEARCHERS), "CHECKERS": str(CHECKERS)}
    command = [str(python), "-m", "locust", "-f", str(script), "--headless", "--only-summary", "--loglevel", "ERROR"]
    command += ["-u", str(PEOPLE), "-r", "25", "-t", f"{seconds}s", "-s", "60", "--host", f"http://127.0.0.1:{PORT}"]
    done = subprocess.run(command, env=os.environ | names, capture_output=True, text=True, check=False)
    if not said.exists():
        raise SystemExit(done.stdout + done.stderr)
    return dict(json.loads(said.read_text()))


def lost(made: Made, said: dict[str, Any], others: Others) -> list[str]:
    """What does not hold afterwards."""
    events = made.log.read()
    given = Counter((event.actor, event.body["request"]) for event in events if event.kind == "review.given")
    beside = [event.body["number"] for event in events if event.actor == "nobody"]
    wrong = [
        f"the vote of {who} on {what} stands {given[who, what]} times in the log"
        for who, what in said["taken"]
        if given[who, what] != 1
    ]
    if beside != list(range(others.appended)):
        wrong.append("events of others are missing")
    if made.log.verify() is not None:
        wrong.append("the log does not verify")
    return wrong


def main() -> int:
    """Print what was answered how fast; 1 when something failed or is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=60)
    chosen = parser.parse_args()
    print(versions(environment("locust"), "locust"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        made = Made(root)
        made.people()
        half = chosen.requests // 2
        made.requests(range(half), waiting=False)
        made.requests(range(half, chosen.requests), waiting=True)
        others = Others(made)
        with served(root, PORT) as server:
            others.start()
            begun = time.monotonic()
            said = driven(root, chosen.seconds)
            took = time.monotonic() - begun
            others.stop.set()
            others.join()
            memory = resident(server.pid)
        wrong = said["errors"] + lost(made, said, others)
    answers = sum(page["times"] for page in said["pages"].values())
    print(f"load {os.getloadavg()[0]:.1f}; {PEOPLE} people, {answers} answers in {took:.0f} s, {memory:.0f} MiB")
    for name, page in sorted(said["pages"].items()):
        took_95 = f"{page['p50']:6.0f} ms, p95 {page['p95']:6.0f} ms"
        print(f"{name:10} {page['times']:5} times, {page['failed']} failed, {took_95}")
    print(f"{len(said['taken'])} votes taken, {said['refused']} refused as decided meanwhile")
    print(f"{others.appended} events beside, of {took / BESIDE:.0f} that were to be")
    print("\n".join(wrong) or "no error, no lost event")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
