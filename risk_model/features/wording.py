"""A feature's value in plain words, behind who says so: "School record: suspended twice since March"."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from risk_model.features.definition import Feature

ONCE, TWICE = "once", "twice"


def words(feature: Feature, on: date) -> pl.Expr:
    """Return what the record shows of a feature on a day, or that it is not known."""
    value = pl.col(feature.name)
    says, none = (text.replace("{since}", since(feature, on)) for text in (feature.says, feature.says_none))
    one = (feature.says_one or says).replace("{since}", since(feature, on))
    return (
        pl.when(value.is_null())
        .then(pl.lit(_behind(feature, not_known(feature))))
        .when(value == 0)
        .then(pl.lit(_behind(feature, none)))
        .when((value == 1) & pl.lit(feature.says_one is not None))
        .then(pl.lit(_behind(feature, one)))
        .otherwise(_with_number(_behind(feature, says), feature))
    )


def state(feature: Feature) -> pl.Expr:
    """Return yes, no, value or unknown; an age or a wait is always a value."""
    value = pl.col(feature.name)
    recorded = pl.lit("yes" if feature.is_flag else "value")
    is_none = (value == 0) & pl.lit(feature.rises)
    return (
        pl.when(value.is_null()).then(pl.lit("unknown")).when(is_none).then(pl.lit("no")).otherwise(recorded)
    )


def not_known(feature: Feature) -> str:
    """Return how a page says that a fact is not known.

    >>> from risk_model.features import FEATURES
    >>> [not_known(f) for f in FEATURES if f.name in ("suspensions_6_months", "has_ehc_plan")]
    ['suspensions in the last 6 months not known', 'EHC plan not known']
    """
    label = feature.label
    starts_a_word = not label[1:2].isupper()
    return f"{label[:1].lower() + label[1:] if starts_a_word else label} not known"


def since(feature: Feature, on: date) -> str:
    """Return the month in which a feature's look back begins, with its year where that is another one.

    >>> from risk_model.features import FEATURES
    >>> half, whole = (f for n in ("6", "12") for f in FEATURES if f.name == f"suspensions_{n}_months")
    >>> since(half, date(2026, 11, 20)), since(whole, date(2026, 11, 20))
    ('May', 'November 2025')
    """
    if feature.days is None:
        return ""
    start = on - timedelta(days=feature.days)
    return f"{start:%B}" if start.year == on.year else f"{start:%B %Y}"


def _behind(feature: Feature, statement: str) -> str:
    if feature.told_by:
        return f"{feature.told_by}: {statement}"
    return statement[:1].upper() + statement[1:]


def _with_number(statement: str, feature: Feature) -> pl.Expr:
    value = pl.col(feature.name)
    if feature.shown_as_percent:
        number = (value * 100).round().cast(pl.Int64).cast(pl.String) + "%"
    else:
        number = value.round().cast(pl.Int64).cast(pl.String)
    if "{times}" in statement:
        times = (
            pl.when(value == 1)
            .then(pl.lit(ONCE))
            .when(value == 2)
            .then(pl.lit(TWICE))
            .otherwise(number + " times")
        )
        return pl.format(statement.replace("{times}", "{}"), times)
    if "{n}" in statement:
        return pl.format(statement.replace("{n}", "{}"), number)
    return pl.lit(statement)
