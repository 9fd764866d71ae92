"""Virtual environments of other tools, each as its lock in locks/benchmarks/ names it, kept under the cache folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import venv
from pathlib import Path

LOCKS = Path(__file__).resolve().parents[1] / "locks" / "benchmarks"


def environment(name: str) -> Path:
    """The Python of the environment that `locks/benchmarks/<name>.txt` names; made on first use."""
    lock = LOCKS / f"{name}.txt"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "bulle" / f"{name}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"Making the environment of {name} in {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*command, "-r", str(lock)], check=True)
        (folder / "complete").touch()
    return python


def versions(python: Path, *packages: str) -> str:
    """What is installed there, as "name version, name version"."""
    code = "import importlib.metadata as m, sys; print(', '.join(f'{p} {m.version(p)}' for p in sys.argv[1:]))"
    found = subprocess.run([python, "-I", "-c", code, *packages], capture_output=True, text=True, check=True)
    return found.stdout.strip()
