"""CSDS and MHSDS as one register of referrals: the mental health data set in the words of the community one.

The two are two submissions, also where one provider makes both: each has its own last month and its own numbers, so the
numbers of MHSDS carry its name. A child known to both is one person by NHS number alone.
"""

from __future__ import annotations

import polars as pl

from risk_model import services
from risk_model.merged.definition import Frames, Part

CSDS, MHSDS = "csds", "mhsds"

REQUEST = ("provider_code", "service_request_id")
OWN_NUMBERS = ("service_request_id", "local_patient_id", "care_contact_id")
"""Numbers that a provider gives within one data set; the same number in the other may be another child's."""

ROUTINE, URGENT = "1", "2"
URGENCY_OF_CLINICAL_PRIORITY = {
    "1": URGENT,  # emergency
    "4": URGENT,  # very urgent
    "2": URGENT,  # urgent or serious
    "3": ROUTINE,  # routine
}
"""CLINICAL RESPONSE PRIORITY TYPE as the community priority: marked urgent or not. Its numbers are in no order."""


def keyed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of MHSDS under numbers that no row of CSDS has."""
    own = [name for name in OWN_NUMBERS if name in rows.columns]
    return rows.with_columns(pl.format(f"{MHSDS}|{{}}", name).alias(name) for name in own)


def _referrals_csds(frames: Frames) -> pl.DataFrame:
    return frames["csds_referral"].with_columns(dataset=pl.lit(CSDS))


def _referrals_mhsds(frames: Frames) -> pl.DataFrame:
    urgency = pl.col("clinical_priority_code").replace_strict(
        URGENCY_OF_CLINICAL_PRIORITY, default=None, return_dtype=pl.String
    )
    return keyed(frames["mhsds_referral"]).with_columns(dataset=pl.lit(MHSDS), priority_code=urgency)


def _teams_csds(frames: Frames) -> pl.DataFrame:
    return frames["csds_team"].with_columns(dataset=pl.lit(CSDS))


def _teams_mhsds(frames: Frames) -> pl.DataFrame:
    """The team on the referral itself and the further ones, each with its kind.

    A referral that names no team of its own has its further teams; one without any waits for a kind not recorded.
    """
    referral, further = frames["mhsds_referral"], frames["mhsds_other_team"]
    has_team = pl.col("team_id").is_not_null()
    alone = referral.filter(~has_team).join(further, on=REQUEST, how="anti", maintain_order="left")
    own = pl.concat([referral.filter(has_team), alone])
    shared = [name for name in further.columns if name in own.columns]
    teams = pl.concat([own.select(*shared), further], how="diagonal")
    return keyed(_with_kind(teams, frames["mhsds_team_type"])).with_columns(dataset=pl.lit(MHSDS))


def _with_kind(teams: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Teams with the kind that was known when they were sent: version 6 keeps it in a table of its own."""
    told = kinds.filter(pl.col("team_type_code").is_not_null()).sort("known_on", "period_ended_on")
    return (
        teams.sort("known_on", maintain_order=True)
        .join_asof(
            told.select("known_on", "provider_code", "team_id", "team_type_code"),
            on="known_on",
            by=["provider_code", "team_id"],
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(pl.col("team_type_code").fill_null(services.MENTAL_HEALTH_NOT_RECORDED))
    )


def _contacts_mhsds(frames: Frames) -> pl.DataFrame:
    """Contacts with their team: the one they name, or else the referral's own in that submission."""
    submitted = (*REQUEST, "period_ended_on")
    own = frames["mhsds_referral"].select(*submitted, own_team_id="team_id").drop_nulls()
    own = own.unique(submitted, keep="last", maintain_order=True)
    named = frames["mhsds_contact"].join(own, on=submitted, how="left", maintain_order="left")
    return keyed(named.with_columns(team_id=pl.coalesce("team_id", "own_team_id")))


TABLES = {
    "patient": (Part("csds_patient"), Part("mhsds_patient", lambda frames: keyed(frames["mhsds_patient"]))),
    "patient_note": (
        Part("csds_patient"),
        Part("mhsds_indicator", lambda frames: keyed(frames["mhsds_indicator"])),
    ),
    "request": (
        Part("csds_referral"),
        Part("mhsds_referral", lambda frames: keyed(frames["mhsds_referral"])),
    ),
    "referral": (Part("csds_referral", _referrals_csds), Part("mhsds_referral", _referrals_mhsds)),
    "team": (
        Part("csds_team", _teams_csds),
        Part("mhsds_referral", _teams_mhsds, also=("mhsds_team_type", "mhsds_other_team")),
    ),
    "clock": (Part("csds_clock"), Part("mhsds_clock", lambda frames: keyed(frames["mhsds_clock"]))),
    "contact": (Part("csds_contact"), Part("mhsds_contact", _contacts_mhsds, also=("mhsds_referral",))),
}
"""`patient` says who somebody is, `patient_note` what a provider notes of them; `request` is who was referred."""
