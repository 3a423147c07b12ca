"""What the laboratory draws from: who waited at each quarter, what came of them, and the pace of each list.

A row of the history is a child on a list on one day: its tier, band and risk as the policy and the model saw them and,
where the cohort is invented, its true risk. Newcomers are drawn from those who had come in the quarter before a day.
Who comes and is seen within the quarter is never on such a day, so that newcomers are weighted to the share of urgent
referrals that was in fact received.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from risk_model import merged, services, snapshot
from risk_model.errors import UserError
from risk_model.features.health import URGENT_PRIORITY
from risk_model.policy import Policy
from risk_model.policy.ranking import with_defaults
from risk_model.policy.tiers import with_tiers
from risk_model.scorecard import Scorecard
from risk_model.simulation.orders import Facts
from risk_model.simulation.slots import Floats, Ints, Pace
from risk_model.snapshot.records import ATTENDED, REFERRAL_KEY, WAS_NOT_BROUGHT, Frames
from risk_model.worklist.order import with_risk

QUARTER_DAYS: Final = 91
STEP_DAYS: Final = (80, 100)
"""Two days of the history so far apart are a quarter apart."""
FLOW_DAYS: Final = 364
MOST_LEAVING_PER_WEEK: Final = 0.05
"""Ours: no more than one in twenty of a list is taken to leave it unseen in a week."""
HORIZON_WEEKS: Final = 26
ADULT_AGE: Final = snapshot.LAST_AGE_YEARS + 1

GROUPS: Final = {
    "looked after": pl.col("looked_after") > 0,
    "SEN and social care": pl.col("sen_and_social_care") > 0,
    "not linked to education": ~pl.col("is_linked_to_education"),
    "not linked to social care": ~pl.col("is_linked_to_social_care"),
    "under 5": pl.col("age_years") < 5,
    "5 to 10": pl.col("age_years").is_between(5, 10),
    "11 and over": pl.col("age_years") > 10,
}
"""Children whose waits are told apart; an unknown fact puts nobody into a group."""
OF_COHORT: Final = {
    "most deprived fifth": pl.col("quintile") == 1,
    "first language not English": ~pl.col("speaks_english"),
}
"""Groups that only the truth of an invented cohort tells."""


@dataclass(frozen=True)
class Past:
    """The history of one list.

    Arrays have an entry per row of the history. `joined` and `referred` are weeks before the first review (negative),
    `carried_weeks` how long a child had waited elsewhere when it came. `waiting` and `newcomers` are numbers of rows:
    who waits now, in order of arrival, and who had just come (`chance_of_newcomer` adds up to 1). `followed_by` is the
    same child's row a quarter later, -1 without one. `hazard` is the true chance of an event a week, or the estimated
    one where the truth is not known.
    """

    service_id: str
    service_name: str
    facts: Facts
    joined: Floats
    referred: Floats
    carried_weeks: Floats
    age: Floats
    hazard: Floats
    groups: dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]
    waiting: Ints
    newcomers: Ints
    chance_of_newcomer: Floats
    followed_by: Ints
    referrals_per_week: float
    leaving_per_week: float
    not_brought_share: float
    pace: Pace
    adult_age: float = float(ADULT_AGE)

    def next_rows(self, rng: np.random.Generator) -> Ints:
        """Return for each row the one that tells the child a quarter later; drawn, within the tier, where unknown."""
        found = self.followed_by.copy()
        for tier in np.unique(self.facts.tier):
            steps = self.followed_by[(self.facts.tier == tier) & (self.followed_by >= 0)]
            lost = np.flatnonzero((self.facts.tier == tier) & (self.followed_by < 0))
            found[lost] = rng.choice(steps, lost.size) if steps.size else lost
        return found


def on_day(
    table: pl.DataFrame, card: Scorecard | None, rules: Policy, on: date, points: Mapping[str, int]
) -> pl.DataFrame:
    """Return the children on every list on a day, as the model and the policy saw them.

    `table` is what `features.build` gave; `points` what each fact counts in a hand-made score.
    """
    estimated = with_defaults(with_risk(table, card), rules)
    score = pl.sum_horizontal(weight * (pl.col(fact) > 0).fill_null(False) for fact, weight in points.items())
    return with_tiers(estimated, rules).select(
        "service_id",
        "service_name",
        "person_id",
        "referred_on",
        "entered_on",
        "first_known_on",
        "tier",
        "age_years",
        "risk",
        band=pl.col("risk_band").cast(pl.Int64),
        points=score.cast(pl.Int64),
        is_urgent=(pl.col("marked_urgent_here") > 0).fill_null(False),
        on=pl.lit(on),
        **{name: claim.fill_null(False) for name, claim in GROUPS.items()},
    )


def lists(
    history: pl.DataFrame,
    planned: pl.DataFrame,
    frames: Frames,
    on: date,
    *,
    reviews: int,
    true_risk: pl.DataFrame | None = None,
) -> list[Past]:
    """Return the history of every list that children wait on, by service.

    `history` is what `on_day` gave for each day, `planned` the services as `policy.services_at_review` plans them.
    `true_risk` has `person_id`, `on`, `true_risk` within 26 weeks and the columns of `OF_COHORT`; rows that it does not
    tell of are left out.
    """
    if true_risk is None:
        told = history.with_columns(true_risk=pl.col("risk").fill_null(0.0))
    else:
        if not (true_risk["on"] == on).any():
            raise UserError(
                f"The truth tells nothing of {on}. Expected the index date of the cohort, or a quarter day that it "
                "knows. Give that --index-date, or leave --truth out."
            )
        of_cohort = true_risk.with_columns(claim.fill_null(False).alias(n) for n, claim in OF_COHORT.items())
        told = history.join(of_cohort, on=("person_id", "on"))
    share = not_brought_share(frames, on)
    urgent = dict(urgent_shares(frames, on).iter_rows())
    return [
        _of_list(told.filter(service_id=row["service_id"]), row, on, reviews, share, urgent)
        for row in planned.sort("service_id").iter_rows(named=True)
    ]


def not_brought_share(frames: Frames, on: date) -> float:
    """Return the share of the contacts of the last year to which a child was not brought."""
    since = on - timedelta(days=FLOW_DAYS)
    contacts = merged.table(frames, "contact").filter(pl.col("contact_on").is_between(since, on))
    kept, missed = (pl.col("attendance_code").is_in(codes) for codes in (ATTENDED, WAS_NOT_BROUGHT))
    counted = contacts.unique(("provider_code", "care_contact_id")).select(
        kept=kept.sum(), missed=missed.sum()
    )
    both = int(counted.sum_horizontal().item())
    return float(counted["missed"].item() / both) if both else 0.0


def urgent_shares(frames: Frames, on: date) -> pl.DataFrame:
    """Return by `service_id` the share of the last year's referrals that were marked urgent."""
    since = on - timedelta(days=FLOW_DAYS)
    referral = merged.table(frames, "referral").filter(pl.col("received_on").is_between(since, on))
    team = merged.table(frames, "team").select(*REFERRAL_KEY, "team_type_code").unique()
    received = referral.unique(REFERRAL_KEY).join(team, on=REFERRAL_KEY)
    return received.group_by(
        service_id=services.service_id(pl.col("provider_code"), pl.col("team_type_code"))
    ).agg(pl.col("priority_code").is_in(URGENT_PRIORITY).fill_null(False).mean())


def _of_list(
    rows: pl.DataFrame,
    service: dict[str, object],
    on: date,
    reviews: int,
    not_brought: float,
    urgent: dict[str, float],
) -> Past:
    rows = rows.sort("on", "first_known_on", "entered_on", "person_id").with_row_index("row")
    waiting = rows.filter(pl.col("on") == on)["row"].to_numpy().astype(np.int64)
    newest = rows.filter((pl.col("on") - pl.col("first_known_on")).dt.total_days() <= QUARTER_DAYS)
    newest = newest if newest.height else rows
    chance = _weights(newest["is_urgent"].to_numpy(), urgent.get(str(service["service_id"]), 0.0))
    first = service["review_on"]
    assert isinstance(first, date)
    weeks = {name: _weeks(rows[name], first) for name in ("first_known_on", "entered_on", "referred_on")}
    arrived = np.maximum(weeks["first_known_on"], weeks["entered_on"])
    risk = np.clip(rows["true_risk"].cast(pl.Float64).to_numpy(), 0, 1 - 1e-9)
    groups = [*GROUPS, *(name for name in OF_COHORT if name in rows.columns)]
    return Past(
        service_id=str(service["service_id"]),
        service_name=str(service["service_name"]),
        facts=Facts(
            tier=rows["tier"].to_numpy().astype(np.int64),
            band=rows["band"].to_numpy().astype(np.int64),
            risk=rows["risk"].fill_null(0.0).to_numpy(),
            true_risk=risk,
            points=rows["points"].to_numpy(),
            is_urgent=rows["is_urgent"].to_numpy(),
        ),
        joined=np.minimum(weeks["first_known_on"], 0.0),
        referred=np.minimum(weeks["referred_on"], 0.0),
        carried_weeks=np.maximum(arrived - weeks["referred_on"], 0.0),
        age=rows["age_years"].cast(pl.Float64).fill_null(0.0).to_numpy(),
        hazard=-np.log1p(-risk) / HORIZON_WEEKS,
        groups={name: rows[name].to_numpy() for name in groups},
        waiting=waiting,
        newcomers=newest["row"].to_numpy().astype(np.int64),
        chance_of_newcomer=chance,
        followed_by=_followed_by(rows),
        referrals_per_week=float(str(service["referrals_per_week"])),
        leaving_per_week=_leaving(rows, service, on),
        not_brought_share=not_brought,
        pace=_pace(service, reviews, first),
    )


def _weights(is_urgent: np.ndarray[tuple[int], np.dtype[np.bool_]], share: float) -> Floats:
    """A weight per newcomer under which the urgent ones have their share of the referrals received."""
    number = int(is_urgent.sum())
    if number in (0, is_urgent.size):
        return np.full(is_urgent.size, 1 / is_urgent.size)
    return np.where(is_urgent, share / number, (1 - share) / (is_urgent.size - number))


def _followed_by(rows: pl.DataFrame) -> Ints:
    later = rows.select("person_id", later_on="on", later="row")
    pairs = rows.select("row", "person_id", "on").join(later, on="person_id")
    apart = (pl.col("later_on") - pl.col("on")).dt.total_days()
    steps = pairs.filter(apart.is_between(*STEP_DAYS)).unique("row", keep="first")
    found = np.full(rows.height, -1, dtype=np.int64)
    found[steps["row"].to_numpy()] = steps["later"].to_numpy()
    return found


def _leaving(rows: pl.DataFrame, service: dict[str, object], on: date) -> float:
    """The share of a list that leaves it unseen in a week: what came, was not seen and is not there any more."""
    sizes = rows.group_by("on").len().sort("on")
    come, seen = (float(str(service[name])) for name in ("referrals_per_week", "first_contacts_per_week"))
    days = [day for day in sizes["on"] if day < on]
    if not days:
        return 0.0
    now, before = (int(sizes.filter(on=day)["len"].sum()) for day in (on, days[-1]))
    growth = 7 * (now - before) / (on - days[-1]).days
    return float(np.clip((come - seen - growth) / max(now, 1), 0.0, MOST_LEAVING_PER_WEEK))


def _pace(service: dict[str, object], reviews: int, first: date) -> Pace:
    planned = service["slots_planned"]
    if service["capacity_from"] == "calendar" and isinstance(planned, list):
        per_review = np.resize(np.asarray(planned, dtype=float), reviews)
    else:
        per_review = np.full(reviews, float(str(service["slots_per_review"] or 0.0)))
    return Pace(per_review, (first - date(first.year, 1, 1)).days // 7)


def _weeks(days: pl.Series, since: date) -> Floats:
    """Days as weeks after a day."""
    return (days - since).dt.total_days().to_numpy() / 7
