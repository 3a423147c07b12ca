"""Why one child stands above or below another on a list: the rule that decided, and the reasons that differ most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

REACH_PLACES = 10
"""Neighbours are looked for this many places above and below: far enough to differ, near enough to be compared."""
REASONS_TOLD = 2
LEAST_DIFFERENCE = 0.05
"""Of log-factors: reasons that differ by less than one part in twenty are not told."""


@dataclass(frozen=True)
class Neighbour:
    """One child near this one: where it stands, why there, and what its records show that this child's do not."""

    where: str
    child_reference: str
    place: int
    why: str
    reasons: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Return which rule parts the two, as one sentence from the neighbour's side."""
        return f"Child {self.child_reference}, place {self.place}, stands {self.where} because {self.why}."

    @property
    def sentence(self) -> str:
        """Return the verdict with the reasons behind it."""
        return " ".join([self.verdict, *self.reasons])


def most_different(
    listed: pl.DataFrame, reasons: pl.DataFrame, referral_id: str, service_id: str
) -> list[Neighbour]:
    """Return of the places just above and just below a child's the one on each side whose reasons differ most.

    `listed` is a run's list, `reasons` its reasons. Without an estimate of risk there are no reasons to compare, and
    the next places are taken.
    """
    service = listed.filter(pl.col("service_id") == service_id)
    me = service.row(by_predicate=pl.col("referral_id") == referral_id, named=True)
    near = service.filter(
        (pl.col("place") - me["place"]).abs().is_between(1, REACH_PLACES),
        pl.col("person_id") != me["person_id"],
    )
    compared = _differences(reasons, me["person_id"], near["person_id"].to_list())
    far = compared.group_by("person_id").agg(distance=pl.col("difference").abs().sum())
    ranked = near.join(far, on="person_id", how="left").with_columns(
        pl.col("distance").fill_null(0.0), nearness=-(pl.col("place") - me["place"]).abs()
    )
    found = []
    for side in (pl.col("place") < me["place"], pl.col("place") > me["place"]):
        candidates = ranked.filter(side).sort("distance", "nearness", "place", descending=[True, True, False])
        if candidates.height:
            found.append(beside(me, candidates.row(0, named=True), reasons))
    return found


def beside(me: Mapping[str, Any], other: Mapping[str, Any], reasons: pl.DataFrame) -> Neighbour:
    """Return how another child of the same list stands to this one; both are rows of the list, `reasons` the run's."""
    where = "above" if other["place"] < me["place"] else "below"
    upper, lower = (other, me) if where == "above" else (me, other)
    told = _told(_differences(reasons, me["person_id"], [other["person_id"]]))
    return Neighbour(where, other["child_reference"], other["place"], _why(upper, lower, where), told)


def _differences(reasons: pl.DataFrame, me: str, others: list[str]) -> pl.DataFrame:
    """The neighbours' reasons beside this child's, as far as they may earn a place."""
    for_place = reasons.filter("used_for_place").select("person_id", "reason", "words", "log_factor")
    mine = for_place.filter(pl.col("person_id") == me).drop("person_id")
    theirs = for_place.filter(pl.col("person_id").is_in(others))
    beside = theirs.join(mine, on="reason", how="inner", suffix="_mine")
    return beside.with_columns(difference=pl.col("log_factor") - pl.col("log_factor_mine"))


def _told(differences: pl.DataFrame) -> tuple[str, ...]:
    size = pl.col("difference").abs()
    largest = differences.filter(size >= LEAST_DIFFERENCE).sort(
        size.round(9), "reason", descending=[True, False]
    )
    return tuple(
        f"There: {row['words']}; here: {row['words_mine']}."
        for row in largest.head(REASONS_TOLD).iter_rows(named=True)
    )


def _why(upper: Mapping[str, Any], lower: Mapping[str, Any], where: str) -> str:
    """The rule of the policy that puts the upper child before the lower one; `its` is the neighbour's."""
    its, this = ("its", "this child's") if where == "above" else ("this child's", "its")
    if upper["lane"] != lower["lane"] and "time" in (upper["lane"], lower["lane"]):
        return f"{its} slot is in the {upper['lane']} lane, which comes before {this}"
    if upper["lane"] == "time":
        return f"{its} wait on the register is longer"
    if upper["tier"] != lower["tier"]:
        return (
            f"tier {upper['tier']} ({_lower_first(upper['deciding_rule'])}) comes before tier {lower['tier']}"
        )
    if upper["band_first"] != lower["band_first"]:
        return f"within tier {upper['tier']} {its} band of estimated risk is higher"
    if upper["referred_on"] != lower["referred_on"]:
        return f"within one band {its} referral is the earlier one"
    return "everything else is equal, and the order of the referral numbers decides"


def _lower_first(words: str) -> str:
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
