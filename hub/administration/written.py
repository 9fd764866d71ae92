"""A permit as the TOML file that `bulle permit issue` reads. Pure.

Reading back what is written here gives the same permit (tests/hub/administration/test_written.py). TOML's basic strings
are JSON's but for DEL, which JSON leaves as it is.
"""

from __future__ import annotations

import json
from typing import Any

from hub.policy.model import DataPermit


def permit_toml(permit: DataPermit) -> str:
    """The permit's file."""
    raw = permit.model_dump(mode="json")
    tables, persons = raw.pop("tables"), raw.pop("persons")
    lines = [f"{key} = {_day(key, value)}" for key, value in raw.items() if value is not None]
    lines += ["", "persons = ["]
    lines += [f"  {{ person = {_text(each['person'])}, role = {_text(each['role'])} }}," for each in persons]
    lines.append("]")
    for name, grant in tables.items():
        lines += ["", f"[tables.{name}]", f"columns = [{', '.join(map(_text, grant['columns']))}]"]
        if grant["years"] is not None:
            years = grant["years"]
            inside = f"column = {_text(years['column'])}, first = {years['first']}, last = {years['last']}"
            lines.append(f"years = {{ {inside} }}")
        if grant.get("dp_rows_per_person") is not None:
            lines.append(f"dp_rows_per_person = {grant['dp_rows_per_person']}")
    return "\n".join(lines) + "\n"


def _day(key: str, value: Any) -> str:
    return str(value) if key in {"valid_from", "valid_until"} else _text(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
