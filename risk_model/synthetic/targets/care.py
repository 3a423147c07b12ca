"""What is counted of children known to social care, by council, and of EHC requests."""

from datetime import date
from typing import Final

import polars as pl

from risk_model.synthetic.social_care import LOOKED_AFTER, NONE, PROTECTION_PLAN
from risk_model.synthetic.targets.education import DEVON_COUNTY, PLYMOUTH
from risk_model.synthetic.targets.facts import Facts
from risk_model.synthetic.targets.figures import Figure, count, mean, rate, share

TORBAY: Final = 880
COUNCILS: Final = {"plymouth": PLYMOUTH, "devon_county": DEVON_COUNTY, "torbay": TORBAY}
STATUTORY_WEEKS: Final = 20
AGES: Final = {"0_to_4": (0, 4), "5_to_9": (5, 9), "10_to_15": (10, 15), "16_and_over": (16, 17)}
REQUESTS_FROM, REQUESTS_UNTIL = date(2023, 1, 1), date(2023, 12, 31)
PLANS_FROM, PLANS_UNTIL = date(2024, 1, 1), date(2024, 12, 31)

IN_NEED: Final = pl.col("council_state") > NONE
PROTECTED: Final = pl.col("council_state") == PROTECTION_PLAN
IN_CARE: Final = pl.col("council_state") == LOOKED_AFTER


def measure(facts: Facts) -> dict[str, Figure]:
    """Figures at the end of the council's year, of the year's referrals and of the EHC process."""
    residents = facts.children.filter("is_resident")
    referrals = facts.referrals
    found = {
        "in_need_per_10000": _per_10000(residents, IN_NEED),
        "referrals_per_10000": rate(referrals.height, residents.height, per=10_000),
        "re_referral_share": share(referrals, pl.col("is_again")),
    }
    for name, code in COUNCILS.items():
        own, asked = (rows.filter(pl.col("council") == code) for rows in (residents, referrals))
        if own.height:
            found |= {f"{name}_{what}": figure for what, figure in _council(own, asked).items()}
    return found | _ages(residents) | _requests(facts.requests)


def _per_10000(rows: pl.DataFrame, claim: pl.Expr) -> Figure:
    return rate(rows.filter(claim).height, rows.height, per=10_000)


def _council(own: pl.DataFrame, asked: pl.DataFrame) -> dict[str, Figure]:
    return {
        "in_need_per_10000": _per_10000(own, IN_NEED),
        "protection_plans_per_10000": _per_10000(own, PROTECTED),
        "looked_after_per_10000": _per_10000(own, IN_CARE),
        "in_need": count(own.filter(IN_NEED).height),
        "protection_plans": count(own.filter(PROTECTED).height),
        "looked_after": count(own.filter(IN_CARE).height),
        "referrals": count(asked.height),
        "re_referral_share": share(asked, pl.col("is_again")),
    }


def _ages(residents: pl.DataFrame) -> dict[str, Figure]:
    own = residents.filter((pl.col("council") == DEVON_COUNTY) & IN_NEED)
    return {
        f"devon_in_need_aged_{name}": share(own, pl.col("council_age").is_between(*ages))
        for name, ages in AGES.items()
    }


def _requests(requests: pl.DataFrame) -> dict[str, Figure]:
    plymouth, county = (requests.filter(pl.col("council") == code) for code in (PLYMOUTH, DEVON_COUNTY))
    new_plans = pl.col("starts_on").is_between(PLANS_FROM, PLANS_UNTIL)
    asked = pl.col("received_on").is_between(REQUESTS_FROM, REQUESTS_UNTIL)
    finished = plymouth.filter(pl.col("starts_on").is_between(REQUESTS_FROM, REQUESTS_UNTIL))
    return {
        "plymouth_ehc_requests": count(plymouth.filter(asked).height),
        "plymouth_plans_within_20_weeks": share(finished, pl.col("weeks") <= STATUTORY_WEEKS),
        "devon_weeks_to_plan": mean(county.filter(new_plans)["weeks"].drop_nulls()),
    }
