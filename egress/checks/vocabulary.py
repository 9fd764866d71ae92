"""The words that a declaration may use of itself: those of the columns it is about, of its statistics, and small ones.

A declaration is written by code that has read the data, so a free word is a channel. These words are public, and few
of them fit one table; what else is written is read by people. Letters' case, repetition and signs are one way only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from egress.query.functions import FUNCTIONS, SPELLINGS
from egress.query.model import Aggregate, Call, Case, ColumnRef, Expression, Literal, Measure, Query, columns_in
from hub.catalogue.model import Catalogue, Column

_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


GLUE = _listed(
    """
    a an and at by each for from in into is no not of on or over per than the their to under with within without
    before after between all both only
    à au aux avec ans an chaque dans de des du en entre et la le les leur non ou par plus moins pour sans selon sur
    tous toute toutes un une d l
    """
)
_STATISTICS = _listed(
    """
    n nb no count counts number numbers row rows person persons people patient patients total totals table tables
    group groups class classes band bands year years month months quarter quarters week weeks day days
    nombre effectif ligne lignes personne personnes tableau tableaux groupe groupes classe tranche tranches
    année annee années annees mois trimestre semaine jour jours
    """
)
# What an output may be called that says nothing at all.
_NEUTRAL = _listed("answer output query release result sql table réponse resultat résultat sortie requete requête")
_OF_AGGREGATE: dict[str, str] = {
    Aggregate.SUM: "sum total amount somme montant cumul",
    Aggregate.AVG: "mean avg average rate share proportion percent pct moyenne moyen taux part pourcentage",
    Aggregate.STDDEV: "sd std stddev deviation standard écart ecart type",
    Aggregate.QUANTILE: "median quantile quartile percentile decile p q first last médiane mediane centile",
    Aggregate.SHARE: "share ratio rate percent pct part taux pourcentage",
    Aggregate.SHARE_PERSONS: "share ratio rate percent pct part taux pourcentage",
    Aggregate.COUNT_VALUES: "known values value valeurs valeur connues",
}
_OF_KIND: dict[str, str] = {
    "ols": "regression ols model linear coefficient effect régression modèle modele linéaire lineaire effet",
    "model": (
        "model regression logistic linear poisson cox logit probit hazard survival curve tree coefficient effect "
        "summary modèle modele régression logistique linéaire lineaire survie courbe arbre risque effet"
    ),
    "synthetic": "synthetic data records synthétique synthetique données donnees enregistrements",
}
# How a column is called that its author left without a name: after the outermost operator.
_OPERATORS = frozenset(
    word
    for name in (*FUNCTIONS, *SPELLINGS, "case", "if", "cast", "trycast", "extract", "datetrunc", "timestamptrunc")
    for word in name.lower().split("_")
)
_AGAIN = frozenset({"2", "3"})  # what tells two columns apart that would be called alike


def split(text: str) -> Iterator[str]:
    """The words of a text, folded: lower case, one closing s taken off. Numbers as they stand."""
    return (_singular(word.lower()) for word in _WORD.findall(text))


def _singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word


def fold(words: Iterable[str]) -> frozenset[str]:
    return frozenset(_singular(word) for word in words)


def of_measure(measure: Measure, query: Query, catalogue: Catalogue) -> frozenset[str]:
    """The words with which one column of results may be called."""
    parts = [part for part in (measure.argument, measure.denominator) if part is not None]
    words = {*_OF_AGGREGATE.get(measure.aggregate, "").split(), *_aggregate_words(measure)}
    words |= {word[0] for word in (*words, *_names(parts))}  # m for a mean, c for costs
    return (
        fold({*words, *GLUE, *_STATISTICS, *_AGAIN})
        | _tables(query, catalogue)
        | frozenset(_about(parts, query, catalogue))
    )


def of_key(expression: Expression, query: Query, catalogue: Catalogue) -> frozenset[str]:
    """The words with which a key may be called."""
    letters = {word[0] for word in _names([expression])}
    return fold({*GLUE, *_STATISTICS, *_OPERATORS, *_AGAIN, *letters}) | frozenset(
        _about([expression], query, catalogue)
    )


def of_table(query: Query, catalogue: Catalogue) -> frozenset[str]:
    """The words with which the whole output may be called: those of its columns and filters together."""
    measures = [of_measure(measure, query, catalogue) for measure in query.measures]
    keys = [of_key(key.expression, query, catalogue) for key in query.keys]
    filters = frozenset(_about(query.where, query, catalogue))
    source = frozenset(split(catalogue.source.name))
    return filters.union(source, _tables(query, catalogue), fold({*GLUE, *_STATISTICS, *_NEUTRAL}), *measures, *keys)


def of_columns(names: Iterable[str], catalogue: Catalogue) -> frozenset[str]:
    """The words with which an output about columns of these names may be called, whichever table has them."""
    held = [(name, table.columns.get(name)) for name in names for table in catalogue.tables.values()]
    about = {word for name, column in held if column is not None for word in (*split(name), *_of_column(column))}
    return frozenset(about) | frozenset(split(catalogue.source.name)) | fold({*GLUE, *_STATISTICS, *_NEUTRAL})


def of_kind(kind: str) -> frozenset[str]:
    """The words for a kind of private release that is no SQL table."""
    return fold(_OF_KIND.get(kind, "").split())


def _names(parts: Iterable[Expression]) -> Iterator[str]:
    return (word for part in parts for reference in columns_in(part) for word in split(reference.column))


def _aggregate_words(measure: Measure) -> Iterator[str]:
    yield from measure.aggregate.value.split("_")
    if measure.parameter is not None:
        percent = Decimal(str(measure.parameter)) * 100
        yield from (f"{percent.normalize():f}", "q1" if percent == 25 else "q3", "1" if percent <= 25 else "3")


def _tables(query: Query, catalogue: Catalogue) -> frozenset[str]:
    used = [catalogue.tables.get(table.table) for table in query.tables]
    texts = [table.table for table in query.tables]
    texts += [table.description for table in used if table is not None and table.description]
    return frozenset(word for text in texts for word in split(text))


def _about(parts: Iterable[Expression], query: Query, catalogue: Catalogue) -> Iterator[str]:
    """Names, descriptions and published values of the columns in `parts`, and the public constants beside them."""
    names = {table.alias: table.table for table in query.tables}
    for part in parts:
        for reference in columns_in(part):
            yield from split(reference.column)
            table = catalogue.tables.get(names.get(reference.alias, ""))
            column = table.columns.get(reference.column) if table is not None else None
            yield from _of_column(column) if column is not None else ()
        for literal in literals_in(part):
            if literal.published:
                yield from split(str(literal.value))


def _of_column(column: Column) -> Iterator[str]:
    yield from split(column.description)
    for value in (*(column.categories or ()), *(column.breaks or ()), *(column.bounds or ())):
        yield from split(str(value))


def literals_in(expression: Expression) -> Iterator[Literal]:
    """Every constant in `expression`."""
    if isinstance(expression, Literal):
        yield expression
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from literals_in(argument)
    elif isinstance(expression, Case):
        for pair in expression.whens:
            for part in pair:
                yield from literals_in(part)
        if expression.otherwise is not None:
            yield from literals_in(expression.otherwise)


def own_name(reference: Expression | None) -> str | None:
    """A plain column's own name, which the catalogue spells."""
    return reference.column if isinstance(reference, ColumnRef) else None
