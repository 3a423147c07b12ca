"""What is read and checked but says nothing on any list: named here, so that no return is ignored in silence."""

from __future__ import annotations

from risk_model import contracts, merged
from risk_model.linkage.purposes import JOINED_ON
from risk_model.merged import Frames
from risk_model.snapshot.records import RECORDS

_BESIDE_RECORDS = (
    *(source for name in ("team", "clock", "contact") for source in merged.contract_tables(name)),
    "csds_activity",
    "csds_assessment",
    "school_census_need",
    "wlmds_open_pathway",
    "wlmds_clock_stop",
)
USED = {
    *JOINED_ON,
    *_BESIDE_RECORDS,
    *(source for record in RECORDS.values() for source in merged.contract_tables(record.source)),
}
"""Every contract table of which something can reach a list."""

NOT_USED = {
    "annex_a_early_help": "early help (list 2), for which there is no feature",
    "annex_a_referral": "referrals (list 3), which do not say when they closed",
    "annex_a_assessment": "assessments (list 4), which name no factors",
    "annex_a_child_in_need": "children in need (list 6), which do not give the date of referral",
    "annex_a_looked_after": "looked-after children (list 8), which give the period and not its episodes",
    "annex_a_sen_support": "children with SEN support, who come without a census day",
    "safeguarding_disability": "disabilities as the council records them",
    "safeguarding_early_help": "early help, for which there is no feature",
    "safeguarding_placement": "placements, which the episodes of care tell as well",
    "cin_disability": "disabilities as the council records them",
    "sen2_need": "types of need in plans",
}
"""Tables of which nothing reaches a list, in words that say what they are and why."""

KNOWN_DETAILS = ("cin_disability", "sen2_need")
"""Details of returns that are always used: kept in the provenance, and no warning on every run."""


def not_used(frames: Frames) -> dict[str, list[str]]:
    """Return the tables with rows that no list uses, by the return they came in."""
    found: dict[str, list[str]] = {}
    for name in NOT_USED:
        if name in frames and frames[name].height:
            found.setdefault(contracts.tables()[name].contract, []).append(name)
    return found


def sentences(frames: Frames) -> list[str]:
    """Return a warning for each return of which something was sent that no list uses.

    >>> import polars as pl
    >>> sentences({"safeguarding_disability": pl.DataFrame({"la_child_id": ["7"]})})
    ['Standard Safeguarding Dataset: read and not used for the list: disabilities as the council records them.']
    """
    loaded = contracts.load()
    told = {
        contract: [NOT_USED[name] for name in names if name not in KNOWN_DETAILS]
        for contract, names in not_used(frames).items()
    }
    return [
        f"{loaded[contract].name}: read and not used for the list: {'; '.join(words)}."
        for contract, words in told.items()
        if words
    ]
