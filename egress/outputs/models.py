"""Fitted models that a notebook declares: the words of the call, and what its process claims of the model.

Everything in the claims was written by hostile code; it has the right shape and size, and no more is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

MODEL_MIME = "application/vnd.bulle.model+json"
MODEL_SCHEMA = "bulle.model/1"

# What is known of each library, by the names of their classes; a generalised model adds its family and link.
STATSMODELS = ("OLS", "WLS", "GLM", "Logit", "Probit", "Poisson")
LIFELINES = ("CoxPHFitter",)
LINEAR = ("LinearRegression", "Ridge", "Lasso", "ElasticNet", "LogisticRegression")
CURVES = ("KaplanMeierFitter", "NelsonAalenFitter")
TREES = ("DecisionTreeClassifier", "DecisionTreeRegressor")
FAMILIES = ("Gaussian", "Binomial", "Poisson", "Gamma", "InverseGaussian")
LINKS = ("Identity", "Logit", "Probit", "CLogLog", "Log", "InversePower", "InverseSquared", "Sqrt")
METHODS = (
    *(name for name in (*STATSMODELS, *LIFELINES, *LINEAR) if name != "GLM"),
    *(f"GLM {family} {link}" for family in FAMILIES for link in LINKS),
)
ERRORS = ("nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster")
# The numbers of a summary beside counts, in the order in which they leave.
FIGURES = (
    "df_model",
    "df_resid",
    "r_squared",
    "r_squared_adjusted",
    "pseudo_r_squared",
    "log_likelihood",
    "log_likelihood_null",
    "aic",
    "bic",
    "deviance",
    "pearson_chi2",
    "concordance",
    "likelihood_ratio",
    "likelihood_ratio_p_value",
    "logrank",
    "logrank_p_value",
)
WHOLE = ("df_model", "df_resid")


@dataclass(frozen=True)
class ModelWords:
    """What a call of bulle.release_model says in words, all of it literal in the source.

    `outcome`: the column that a learned model predicts. `duration`, `event`, `by`, `every`: the columns of a survival
    curve, and the steps of its time axis.
    """

    name: str
    units: str
    title: str = ""
    outcome: str | None = None
    duration: str | None = None
    event: str | None = None
    by: str | None = None
    every: int | None = None

    @property
    def summary(self) -> str:
        """The name of the second table of a model."""
        return summary_of(self.name)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the call names beside the units."""
        return tuple(name for name in (self.outcome, self.duration, self.event, self.by) if name is not None)


_SUMMARY = "_summary"


def summary_of(name: str) -> str:
    """What the table of a model's summary is called."""
    return f"{name}{_SUMMARY}"


def declared_as(name: str) -> str:
    """The name under which a model whose summary is called `name` was declared."""
    return name.removesuffix(_SUMMARY)


@dataclass(frozen=True)
class ClaimedTerm:
    """One coefficient, and who stands behind it: `rows` and `persons` whose value is not the commonest one."""

    term: str
    estimate: float
    std_error: float | None
    statistic: float | None
    p_value: float | None
    low: float | None
    high: float | None
    rows: int
    persons: int


@dataclass(frozen=True)
class ClaimedFit:
    """What is claimed of the data behind a model; see `egress.checks.fits.Fit` for what each means."""

    persons: int
    rows: int
    parameters: int
    levels: tuple[tuple[str, int, int], ...]
    cells: int
    smallest: int
    r_squared: float | None
    leverage: float
    outcomes: tuple[int, ...]
    alike: tuple[str, ...]


@dataclass(frozen=True)
class ClaimedRegression:
    """Coefficients with a summary. `errors`: how standard errors were worked out, None where there are none."""

    method: str
    outcome: str
    errors: str | None
    terms: tuple[ClaimedTerm, ...]
    figures: tuple[tuple[str, float], ...]
    fit: ClaimedFit


@dataclass(frozen=True)
class ClaimedStep:
    """What happened to the persons of a group in step `step` of the time axis, and the curve's value at its end."""

    step: int
    events: int
    censored: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClaimedGroup:
    """One curve: the group's label (None: all together), its persons at the start, its steps without empty ones."""

    label: str | int | bool | None
    persons: int
    steps: tuple[ClaimedStep, ...]


@dataclass(frozen=True)
class ClaimedCurves:
    """Survival curves or cumulative hazards, one per group; one row per person behind them."""

    method: str
    groups: tuple[ClaimedGroup, ...]
    figures: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ClaimedNode:
    """One node of a tree, in preorder. A leaf has no `feature`; `prediction` is a label or a number.

    `parent` is the place of the node above, `above` whether this is its branch over the threshold. `classes`: persons
    of each class in the node, in the order of the labels; none for a regression.
    """

    parent: int | None
    above: bool
    feature: str | None
    threshold: float | None
    prediction: str | int | float | bool
    rows: int
    persons: int
    classes: tuple[int, ...]


@dataclass(frozen=True)
class ClaimedTree:
    """A decision tree. `persons`: all of them; `alike`: persons in the smallest group of equal predictions.

    `max_depth` (None: without end) and `min_samples_leaf` are how it was asked to grow.
    """

    method: str
    nodes: tuple[ClaimedNode, ...]
    labels: tuple[str | int | bool, ...]
    figures: tuple[tuple[str, float], ...]
    rows: int
    persons: int
    alike: int
    min_samples_leaf: int
    max_depth: int | None


ClaimedModel: TypeAlias = ClaimedRegression | ClaimedCurves | ClaimedTree


@dataclass(frozen=True)
class EmittedModel:
    """A model's declaration as it stood in an output."""

    words: ModelWords
    claimed: ClaimedModel

    @property
    def name(self) -> str:
        return self.words.name
