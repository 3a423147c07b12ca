"""What is counted of children with both SEN and social care, at a date and ever."""

from typing import Final

import polars as pl

from risk_model.synthetic.clock import Booleans
from risk_model.synthetic.identification import EHC_PLAN, NO_SEN
from risk_model.synthetic.social_care import LOOKED_AFTER, NONE
from risk_model.synthetic.targets.education import DEVON_COUNTY
from risk_model.synthetic.targets.facts import Facts
from risk_model.synthetic.targets.figures import Figure, mean, product, ratio, share, tetrachoric

SECONDARY: Final = (7, 11)
AFTER_SCHOOL_YEARS: Final = (15, 17)

SEN: Final = pl.col("provision") > NO_SEN
IN_NEED: Final = pl.col("state") > NONE
THIS_YEAR: Final = pl.col("was_in_need_this_school_year")


def measure(facts: Facts) -> dict[str, Figure]:
    """Figures of the overlap at the reference census, in its school year, and over a childhood."""
    pupils = facts.children.filter("is_pupil")
    secondary = pupils.filter(pl.col("group").is_between(*SECONDARY))
    in_care = pupils.filter((pl.col("state") == LOOKED_AFTER) & (pl.col("council") == DEVON_COUNTY))
    at_a_date = {
        "sen_of_in_need": share(pupils.filter(IN_NEED), SEN),
        "free_meals_of_in_need": share(pupils.filter(IN_NEED), pl.col("is_poor")),
        "in_need_within_six_years": share(pupils, pl.col("was_in_need_in_six_years")),
        "devon_plan_share_of_looked_after": share(in_care, pl.col("provision") == EHC_PLAN),
        "secondary_sen_only": share(secondary, SEN & ~THIS_YEAR),
        "secondary_social_care_only": share(secondary, ~SEN & THIS_YEAR),
        "secondary_both": share(secondary, SEN & THIS_YEAR),
        "secondary_social_care_of_sen": share(secondary.filter(SEN), THIS_YEAR),
        "correlation_in_need": tetrachoric(_claim(pupils, SEN), _claim(pupils, IN_NEED)),
        "correlation_secondary": tetrachoric(_claim(secondary, SEN), _claim(secondary, THIS_YEAR)),
    }
    return at_a_date | _ever(facts.children) | {"urgent_care_interaction": _interaction(secondary)}


def _claim(rows: pl.DataFrame, claim: pl.Expr) -> Booleans:
    return rows.select(claim).to_series().to_numpy()


def _ever(children: pl.DataFrame) -> dict[str, Figure]:
    """Ever so far, of children of an age on the index date."""
    here = children.filter("is_resident_on_index")
    at_14 = here.filter(pl.col("index_age") == 14)
    sen, known = pl.col("ever_sen"), pl.col("ever_in_need")
    grown = here.filter(pl.col("index_age").is_between(*AFTER_SCHOOL_YEARS))
    cared = pl.col("ever_looked_after")
    return {
        "ever_sen_only_by_14": share(at_14, sen & ~known),
        "ever_social_care_only_by_14": share(at_14, ~sen & known),
        "ever_both_by_14": share(at_14, sen & known),
        "ever_sen_by_11": share(here.filter(pl.col("index_age") == 11), sen),
        "correlation_ever_by_14": tetrachoric(_claim(at_14, sen), _claim(at_14, known)),
        "ever_sen_of_looked_after": share(grown.filter(cared), sen),
        "ever_sen_of_in_need": share(grown.filter(known & ~cared), sen),
        "ever_sen_of_neither": share(grown.filter(~known), sen),
    }


def _interaction(secondary: pl.DataFrame) -> Figure:
    """What both do to the mean true hazard of urgent care, over the product of what each does alone."""

    def hazard(has_sen: bool, is_in_need: bool) -> Figure:
        rows = secondary.filter(SEN.eq(has_sen) & IN_NEED.eq(is_in_need))
        return mean(rows["urgent_hazard"])

    neither, both = hazard(False, False), hazard(True, True)
    return ratio(
        ratio(both, neither),
        product(ratio(hazard(True, False), neither), ratio(hazard(False, True), neither)),
    )
