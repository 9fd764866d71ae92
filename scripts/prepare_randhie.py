"""The RAND Health Insurance Experiment's microdata, from the statsmodels package, as the table `person_year`.

Taken as recorded, with two exceptions that `policies/catalogues/rand-hie.toml` and the study repeat:
plan 13 is left out (it charged 95 % of outpatient and nothing of hospital care, so it has no one rate, and the file
records 0), and `estimated_out_of_pocket` is computed, ignoring the plans' yearly maximum.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

DEDUCTIBLE_PLAN = 13
AGE_EDGES = (0, 18, 35, 50, 65)
AGE_GROUPS = ("0-17", "18-34", "35-49", "50-64")


def microdata() -> Path:
    """The file with person numbers and spending inside the installed statsmodels; the one beside it has neither."""
    spec = find_spec("statsmodels")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("statsmodels is not installed; it carries the microdata: pip install statsmodels")
    return Path(spec.origin).parent / "datasets" / "randhie" / "src" / "randhie.csv"


def person_year(raw: pd.DataFrame) -> pd.DataFrame:
    """One row per person and year, with the columns of the catalogue, in the order of the person's number."""
    rows = raw[raw["plan"] != DEDUCTIBLE_PLAN].sort_values(["zper", "year"], ignore_index=True)
    health = pd.Series("excellent", index=rows.index)
    for column, label in (("hlthg", "good"), ("hlthf", "fair"), ("hlthp", "poor")):
        health = health.mask(rows[column] == 1, label)
    return pd.DataFrame(
        {
            "zper": rows["zper"].astype("int64"),
            "plan": rows["plan"].astype("int64"),
            "site": "site " + rows["site"].astype("int64").astype(str),
            "coinsurance": rows["coins"].astype("int64"),
            "year": rows["year"].astype("int64"),
            "sex": rows["female"].map({0: "male", 1: "female"}),
            "age_group": pd.cut(rows["xage"], list(AGE_EDGES), right=False, labels=list(AGE_GROUPS)).astype(str),
            "age": rows["xage"].astype("int64"),
            "health": health,
            "total_spending": rows["meddol"].astype("float64"),
            "outpatient_spending": rows["outpdol"].astype("float64"),
            "inpatient_spending": rows["inpdol"].astype("float64"),
            "drug_spending": rows["drugdol"].astype("float64"),
            "estimated_out_of_pocket": rows["meddol"] * rows["coins"] / 100,
            "doctor_visits": rows["mdvis"].astype("int64"),
            "admissions": rows["totadm"].astype("int64"),
        }
    )


def prepare(target: Path, source: Path | None = None) -> int:
    """Write `person_year` as Parquet to `target`; the number of rows. Raises OSError when either cannot be used."""
    frame = person_year(pd.read_csv(source or microdata()))
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None), target)
    return len(frame)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.prepare_randhie TARGET.parquet")
    try:
        print(f"{prepare(Path(sys.argv[1]))} rows written to {sys.argv[1]}")
    except OSError as error:
        sys.exit(f"The microdata could not be prepared: {error}")
