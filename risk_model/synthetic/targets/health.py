"""What is counted of lists, waits, missed appointments, health checks and urgent care."""

from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.clock import INDEX_DAY
from risk_model.synthetic.queues import LISTS_COUNTED_ON
from risk_model.synthetic.targets.education import DEVON_COUNTY, PLYMOUTH
from risk_model.synthetic.targets.facts import Facts
from risk_model.synthetic.targets.figures import Figure, count, mean, odds_ratio, rate, ratio, share

SHORT: Final = {
    "speech-and-language-therapy": "speech",
    "community-paediatrics": "paediatrics",
    "occupational-therapy": "occupational_therapy",
    "physiotherapy": "physiotherapy",
    "hearing": "hearing",
    "clinical-psychology": "psychology",
}
COUNTED_IN_COMMUNITY_LISTS: Final = (
    "speech",
    "paediatrics",
    "occupational_therapy",
    "physiotherapy",
    "hearing",
)
IN_A_HOSPITAL: Final = ("paediatrics", "hearing")
BY_PROVIDER: Final = {
    ("paediatrics", "RH8"),
    ("paediatrics", "RA9"),
    ("hearing", "RA9"),
}
LONG: Final = (18, 52, 104)
REVIEWS: Final = {"08": "new_birth", "09": "six_weeks", "10": "one_year", "11": "two_years"}
AGE_BANDS: Final = (1, 5, 11, 16)
TORBAY_PROVIDER: Final = "RA9"


def measure(facts: Facts) -> dict[str, Figure]:
    """Figures of the lists at the end of October 2025 and on the index date, and of what families were offered."""
    waits = facts.waits.with_columns(service=pl.col("name").replace_strict(SHORT))
    listed = waits.filter(pl.col("listed_on") == LISTS_COUNTED_ON.astype(object))
    now = waits.filter(pl.col("listed_on") == INDEX_DAY.astype(object))
    return (
        _lists(listed)
        | _lengths(listed)
        | _on_lists(facts.children, now)
        | _offers(facts)
        | _checks(facts.reviews)
        | _harm(facts.children.filter("is_resident"))
    )


def _lists(listed: pl.DataFrame) -> dict[str, Figure]:
    """List sizes as they were sent: by provider, or by area where one provider sends for its neighbour too."""
    in_plymouth = pl.col("council") == PLYMOUTH
    found = {}
    for service in SHORT.values():
        own = listed.filter(pl.col("service") == service)
        found[f"{service}_list_plymouth"] = count(own.filter(in_plymouth).height)
        found[f"{service}_list_devon_torbay"] = count(own.filter(~in_plymouth).height)
    for service, provider in sorted(BY_PROVIDER):
        own = listed.filter((pl.col("service") == service) & (pl.col("provider") == provider))
        found[f"{service}_list_{provider.lower()}"] = count(own.height)
    return found


def _lengths(listed: pl.DataFrame) -> dict[str, Figure]:
    groups = {service: listed.filter(pl.col("service") == service) for service in SHORT.values()}
    groups["hearing_ra9"] = groups["hearing"].filter(pl.col("provider") == TORBAY_PROVIDER)
    groups["occupational_therapy_devon_torbay"] = groups["occupational_therapy"].filter(
        pl.col("council") != PLYMOUTH
    )
    groups["community"] = listed.filter(pl.col("service").is_in(COUNTED_IN_COMMUNITY_LISTS))
    found = {
        f"{name}_over_{weeks}_weeks": share(rows, pl.col("weeks") > weeks)
        for name, rows in groups.items()
        for weeks in LONG
    }
    found["psychology_list_devon"] = count(groups["psychology"].height)
    return found | {"psychology_mean_weeks": mean(groups["psychology"]["weeks"])}


def _on_lists(children: pl.DataFrame, now: pl.DataFrame) -> dict[str, Figure]:
    """Figures of the children who wait on the index date, each counted once."""
    each = now.group_by("child").agg(pl.len().alias("lists"), pl.col("risk", "has_sen", "is_in_need").first())
    known = now.filter((pl.col("provider") == TORBAY_PROVIDER) & (pl.col("service") == "paediatrics"))
    ever = known.unique("child").join(children.select("child", "ever_in_need"), on="child")
    return {
        "waits_for_two_or_more": share(each, pl.col("lists") > 1),
        "risk_26_weeks": mean(each["risk"]),
        "torbay_waits_ever_in_need": share(ever, pl.col("ever_in_need")),
    } | _multiple_needs(each)


def _multiple_needs(each: pl.DataFrame) -> dict[str, Figure]:
    """Mean true risk of waiting children with SEN, in need or both, over that of those with neither."""

    def risk(has_sen: bool, is_in_need: bool) -> Figure:
        known = (pl.col("has_sen") == has_sen) & (pl.col("is_in_need") == is_in_need)
        return mean(each.filter(known)["risk"])

    neither = risk(False, False)
    return {
        "risk_ratio_sen_only": ratio(risk(True, False), neither),
        "risk_ratio_social_care_only": ratio(risk(False, True), neither),
        "risk_ratio_both": ratio(risk(True, True), neither),
    }


def _offers(facts: Facts) -> dict[str, Figure]:
    contacts = facts.contacts.with_columns(service=pl.col("name").replace_strict(SHORT))
    return {
        "not_brought_to_hospital": share(
            contacts.filter(pl.col("service").is_in(IN_A_HOSPITAL)), pl.col("missed")
        ),
        "not_brought_odds_ratio_with_plan": odds_ratio(contacts, "has_plan", "missed", "quintile"),
        "exits_seen": share(facts.exits, pl.col("outcome") == "seen"),
    }


def _checks(reviews: pl.DataFrame) -> dict[str, Figure]:
    county = reviews.filter(pl.col("council") == DEVON_COUNTY)
    return {
        f"devon_checks_{name}": share(county.filter(pl.col("activity") == code), pl.col("took_place"))
        for code, name in REVIEWS.items()
    }


def _harm(residents: pl.DataFrame) -> dict[str, Figure]:
    """Events of the council's year."""
    return {
        "urgent_visits_per_1000": rate(int(residents["urgent_visits"].sum()), residents.height, per=1_000),
        "step_ups_per_10000": rate(int(residents["step_ups"].sum()), residents.height, per=10_000),
        "urgent_care_ratio_in_need": _urgent_ratio(residents),
    }


def _urgent_ratio(residents: pl.DataFrame) -> Figure:
    """Urgent visits of children in need in the year, over those of peers of their age and neighbourhood."""
    bands = np.searchsorted(AGE_BANDS, residents["council_age"].to_numpy(), side="right")
    here = residents.with_columns(band=pl.Series(bands))
    known = pl.col("was_in_need_this_council_year")
    strata = here.group_by("band", "quintile").agg(
        of_known=pl.col("urgent_visits").filter(known).sum(),
        known=known.sum(),
        of_peers=pl.col("urgent_visits").filter(~known).mean(),
    )
    expected = float(strata.select((pl.col("known") * pl.col("of_peers")).sum()).item() or 0.0)
    return ratio(rate(int(strata["of_known"].sum()), 1.0), Figure(expected, 0.0))
