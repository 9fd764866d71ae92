"""What is installed in an image, as JSON on standard output. Runs inside it: only what Python itself brings.

`/staged` holds what the image's last layer will add: `root` as /opt/bulle, `R` as packages of R.
"""

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

SITE = "lib/python3.11/site-packages"
PYTHON = (f"/opt/bulle/{SITE}", f"/staged/root/{SITE}")
R = ("/usr/lib/R/library", "/usr/lib/R/site-library", "/usr/local/lib/R/site-library", "/staged/R")
JUPYTER = ("/opt/bulle/share/jupyter", "/staged/root/share/jupyter")


def debian() -> list[dict[str, str]]:
    """Packages that dpkg knows as installed."""
    shape = "${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", shape], capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in listed.splitlines() if line.startswith("ii")]
    return [{"name": row[1], "version": row[2], "architecture": row[3], "source": row[4]} for row in rows]


def python() -> list[dict[str, str]]:
    """Distributions beside Debian's own."""
    found = distributions(path=list(PYTHON))
    return [{"name": one.metadata["Name"], "version": one.version, "license": _license(one.metadata)} for one in found]


def _license(metadata: object) -> str:
    return str(metadata.get("License-Expression") or "")  # type: ignore[attr-defined]  # free words would be no licence


def r() -> list[dict[str, str]]:
    """Packages of R, by their DESCRIPTION."""
    found = []
    for path in sorted(path for folder in R for path in Path(folder).glob("*/DESCRIPTION")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        fields = dict(line.split(": ", 1) for line in lines if ": " in line and not line[:1].isspace())
        if "Built" in fields or path.is_relative_to("/staged"):  # R's folder of translations is no package
            found.append({"name": fields["Package"], "version": fields["Version"]})
    return found


def npm() -> list[dict[str, str]]:
    """Packages that JupyterLab and its extensions were bundled from."""
    found = {}
    for path in sorted(path for folder in JUPYTER for path in Path(folder).rglob("third-party-licenses.json")):
        for one in json.loads(path.read_text(encoding="utf-8"))["packages"]:
            if one.get("name") and one.get("versionInfo"):
                found[one["name"], one["versionInfo"]] = one.get("licenseId") or ""
    return [{"name": name, "version": version, "license": known} for (name, version), known in sorted(found.items())]


json.dump({"debian": debian(), "python": python(), "r": r(), "npm": npm()}, sys.stdout)
