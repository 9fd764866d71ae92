"""What researchers import: declare an output for release, and see before anybody else what the rules say of it."""

from bulle.acro import release_acro
from bulle.chart import release_chart
from bulle.data import sql, tables
from bulle.figure import release_figure
from bulle.frame import release_frame
from bulle.model import release_model
from bulle.preview import preview
from bulle.private import release_ols, release_synthetic
from bulle.release import release
from bulle.source import release_source
from bulle.submit import submit
from bulle.text import release_text

__all__ = [
    "preview",
    "release",
    "release_acro",
    "release_chart",
    "release_figure",
    "release_frame",
    "release_model",
    "release_ols",
    "release_source",
    "release_synthetic",
    "release_text",
    "sql",
    "submit",
    "tables",
]
