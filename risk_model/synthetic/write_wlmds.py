"""WLMDS: the consultant-led waiting list, one row per open pathway and week."""

from datetime import timedelta
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.clock import INDEX_DATE, INDEX_DAY
from risk_model.synthetic.csds_records import HealthRecords

FIRST_SUNDAY: Final = np.datetime64("2023-04-09")
DAYS_TO_ARRIVE: Final = 7
COMMUNITY_PAEDIATRICS: Final = "290"


def pathways(health: HealthRecords) -> pl.DataFrame:
    """Every week's open pathways that had arrived by the index date."""
    rows = _open_weeks(health)
    running = ~(pl.col("ends_on") <= pl.col("week_ending_date")).fill_null(False)
    return rows.select(
        "week_ending_date",
        organisation_identifier_patient_pathway_identifier_issuer="provider",
        patient_pathway_identifier="PW" + pl.col("service_request_id").str.slice(2),
        referral_identifier="service_request_id",
        referral_request_received_date="received_on",
        referral_to_treatment_period_start_date=pl.when(running).then("starts_on"),
        referral_to_treatment_period_end_date=pl.lit(None, pl.Date),
        current_pathway_period_start_date="starts_on",
        priority_type_code="priority",
        waiting_list_type=pl.lit("ORTT"),
        activity_treatment_function_code=pl.lit(COMMUNITY_PAEDIATRICS),
        source_of_referral="source",
    )


def _open_weeks(health: HealthRecords) -> pl.DataFrame:
    """One row per consultant-led wait and Sunday on which it was open, with the clock of that week."""
    last_sunday = INDEX_DAY - np.timedelta64(DAYS_TO_ARRIVE, "D")
    sundays = np.arange(FIRST_SUNDAY, last_sunday + np.timedelta64(1, "D"), 7)
    weeks = pl.DataFrame({"week_ending_date": sundays, "week": np.arange(sundays.size)})
    referrals = health.referrals.filter("is_consultant_led").select(
        "referral", "received_on", "source", "priority"
    )
    clocks = (
        health.clocks.filter("is_consultant_led")
        .join(referrals, on="referral", how="inner")
        .sort("referral", "starts_on")
    )
    after_index = pl.lit(INDEX_DATE + timedelta(days=1))
    clocks = clocks.with_columns(
        until=pl.coalesce(pl.col("starts_on").shift(-1).over("referral"), "ends_on", after_index)
    )
    first = _sundays_before("starts_on").clip(0)
    last = _sundays_before("until").clip(0, sundays.size)
    return (
        clocks.with_columns(first=first, last=last)
        .filter(pl.col("last") > pl.col("first"))
        .with_columns(week=pl.int_ranges("first", "last"))
        .explode("week")
        .join(weeks, on="week", how="inner")
        .sort("week", "referral")
    )


def _sundays_before(column: str) -> pl.Expr:
    """How many Sundays of the file lie before a date."""
    days = (pl.col(column) - pl.lit(FIRST_SUNDAY.astype(object))).dt.total_days()
    return (days / 7).ceil().cast(pl.Int64)
