"""What is counted of pupils at the reference census and in its school year."""

from typing import Final

import polars as pl

from risk_model.synthetic.identification import EHC_PLAN, NO_SEN, SEN_SUPPORT
from risk_model.synthetic.social_care import NONE
from risk_model.synthetic.targets.facts import Facts
from risk_model.synthetic.targets.figures import Figure, mean, rate, ratio, share

PERSISTENT: Final = 0.1
SEVERE: Final = 0.5
FEWEST_SESSIONS: Final = {"autumn": 60, "year": 100}
LAST_PRIMARY_GROUP: Final = 6
PLYMOUTH: Final = 879
DEVON_COUNTY: Final = 878
GROUP_OF_AGE: Final = {5: 1, 10: 6, 11: 7, 15: 11}
"""Published ages are those at the start of the school year."""
KEY_STAGES: Final = {1: (1, 2), 2: (3, 6), 3: (7, 9), 4: (10, 11)}

PLAN: Final = pl.col("provision") == EHC_PLAN
SUPPORT: Final = pl.col("provision") == SEN_SUPPORT
NEITHER: Final = pl.col("provision") == NO_SEN
GROUPS: Final = {"with_plan": PLAN, "with_support": SUPPORT, "without_sen": NEITHER}


def measure(facts: Facts) -> dict[str, Figure]:
    """Figures of SEN, of needs, of absence and of suspension."""
    pupils = facts.children.filter("is_pupil")
    return (
        _prevalence(pupils)
        | _ages(pupils)
        | _needs(facts, pupils)
        | _absence(pupils)
        | _suspensions(facts, pupils)
    )


def _prevalence(pupils: pl.DataFrame) -> dict[str, Figure]:
    found = {
        "ehc_plan_share": share(pupils, PLAN),
        "sen_support_share": share(pupils, SUPPORT),
        "boys_share_of_plans": share(pupils.filter(PLAN), pl.col("boy")),
        "boys_share_of_support": share(pupils.filter(SUPPORT), pl.col("boy")),
    }
    for name, group in GROUPS.items():
        found[f"free_meals_{name}"] = share(pupils.filter(group), pl.col("is_poor"))
    return found


def _ages(pupils: pl.DataFrame) -> dict[str, Figure]:
    def at(age: int, claim: pl.Expr) -> Figure:
        return share(pupils.filter(pl.col("group") == GROUP_OF_AGE[age]), claim)

    plans = pupils.filter(PLAN & (pl.col("council") == DEVON_COUNTY) & (pl.col("group") > 0))
    stages = {
        f"devon_plans_key_stage_{stage}": share(plans, pl.col("group").is_between(*groups))
        for stage, groups in KEY_STAGES.items()
    }
    return stages | {
        "support_at_11_over_10": ratio(at(11, SUPPORT), at(10, SUPPORT)),
        "support_at_15_over_10": ratio(at(15, SUPPORT), at(10, SUPPORT)),
        "plans_at_5_over_10": ratio(at(5, PLAN), at(10, PLAN)),
        "plans_at_15_over_10": ratio(at(15, PLAN), at(10, PLAN)),
    }


def _needs(facts: Facts, pupils: pl.DataFrame) -> dict[str, Figure]:
    """First-named needs; poor and rich neighbourhoods are compared in primary schools, as in the source."""
    named = pupils.join(facts.needs, on="child", how="left")
    sen = named.filter(~NEITHER & (pl.col("group") <= LAST_PRIMARY_GROUP))
    poorest, richest = (sen.filter(pl.col("quintile") == quintile) for quintile in (1, 5))
    emotional = (pl.col("need") == "SEMH").fill_null(False)
    return {
        "autism_share_of_plans": share(named.filter(PLAN), pl.col("need") == "ASD"),
        "speech_share_of_support": share(named.filter(SUPPORT), pl.col("need") == "SLCN"),
        "plans_of_sen_poorest_over_richest": ratio(share(poorest, PLAN), share(richest, PLAN)),
        "dyslexia_poorest_over_richest": ratio(
            *(share(x, pl.col("need") == "SPLD") for x in (poorest, richest))
        ),
        "autism_poorest_over_richest": ratio(
            *(share(x, pl.col("need") == "ASD") for x in (poorest, richest))
        ),
        "emotional_need_after_suspension": ratio(
            share(named.filter(pl.col("was_suspended_before") > 0), emotional),
            share(named.filter(pl.col("was_suspended_before") == 0), emotional),
        ),
    }


def _absence(pupils: pl.DataFrame) -> dict[str, Figure]:
    autumn = pupils.filter(pl.col("sessions_autumn") >= FEWEST_SESSIONS["autumn"])
    year = pupils.filter(pl.col("sessions_year") >= FEWEST_SESSIONS["year"])
    plymouth = year.filter(pl.col("council") == PLYMOUTH)
    persistent = pl.col("absence_year") >= PERSISTENT
    found = {
        "absence_autumn": mean(autumn["absence_autumn"]),
        "persistent_absence_autumn": share(autumn, pl.col("absence_autumn") >= PERSISTENT),
        "plymouth_absence": mean(plymouth["absence_year"]),
        "plymouth_persistent_absence": share(plymouth, persistent),
        "plymouth_persistent_absence_with_sen": share(plymouth.filter(~NEITHER), persistent),
        "persistent_absence_in_need": share(year.filter(pl.col("state") > NONE), persistent),
        "sen_share_of_severe_absence": share(year.filter(pl.col("absence_year") >= SEVERE), ~NEITHER),
        "severe_absence_share": share(year, pl.col("absence_year") >= SEVERE),
    }
    for name, group in GROUPS.items():
        found[f"absence_{name}"] = mean(autumn.filter(group)["absence_autumn"])
        found[f"persistent_absence_{name}"] = share(
            autumn.filter(group), pl.col("absence_autumn") >= PERSISTENT
        )
    return found


def _suspensions(facts: Facts, pupils: pl.DataFrame) -> dict[str, Figure]:
    rows = facts.suspensions.join(pupils.select("child", "boy", "is_poor", "provision"), on="child")
    fixed, permanent = rows.filter(~pl.col("is_permanent")), rows.filter("is_permanent")

    def per_100(events: pl.DataFrame, group: pl.Expr) -> Figure:
        return rate(events.filter(group).height, pupils.filter(group).height, per=100)

    found = {
        "suspensions_per_100": per_100(fixed, pl.lit(True)),
        "permanent_exclusions_per_100": per_100(permanent, pl.lit(True)),
        "suspensions_boys_over_girls": ratio(per_100(fixed, pl.col("boy")), per_100(fixed, ~pl.col("boy"))),
        "suspensions_free_meals_over_others": ratio(
            per_100(fixed, pl.col("is_poor")), per_100(fixed, ~pl.col("is_poor"))
        ),
    }
    for name, group in GROUPS.items():
        found[f"suspensions_per_100_{name}"] = per_100(fixed, group)
        found[f"permanent_{name}_over_without"] = ratio(
            per_100(permanent, group), per_100(permanent, NEITHER)
        )
    return found
