"""CSDS as a commissioner receives it: one CSV per table for all monthly submissions of every provider."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic import councils, csds_patients
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import month_ends
from risk_model.synthetic.csds_records import HealthRecords
from risk_model.synthetic.recording import Records
from risk_model.synthetic.world import World

FIRST_MONTH: Final = np.datetime64("2023-04", "M")
DAYS_TO_SUBMIT: Final = 19
LATE_DAYS: Final = 10


def tables(
    calibration: Calibration, seed: int, world: World, records: Records, health: HealthRecords
) -> dict[str, pl.DataFrame]:
    """Every table but the header of the monthly submissions, as far as this council's children are in them."""
    rng = stream(seed, "recording.csds.submissions")
    ends = month_ends()
    providers = world.council.providers
    keys = (
        submissions(providers)
        .select("UniqueSubmissionID", provider="OrgID_Provider")
        .with_columns(
            month=pl.Series(np.tile(np.arange(ends.size, dtype=np.int64), len(providers))),
            ends_on=pl.Series(np.tile(ends, len(providers))),
        )
    )
    late = calibration.numbers("record.lag_days")["health_late_share"]
    sent = _months_sent(rng, health, late, keys)
    local = _local_ids(records)
    people = sent.select("UniqueSubmissionID", "provider", "month", "child", "record").unique(
        maintain_order=True
    )
    return _contacts(health, keys) | {
        "CYP101Referral": _referrals(sent, local, world.council.commissioner),
        "CYP102ServiceTypeReferredTo": _teams(sent),
        "CYP104RTT": _clocks(health.clocks, sent),
        "CYP001MPI": csds_patients.patients(calibration, world, records, people, local),
        "CYP602DisabilityType": csds_patients.disabilities(world, people, local),
    }


def submissions(providers: Sequence[str]) -> pl.DataFrame:
    """The header: every month's submission of every provider."""
    ends = month_ends()
    count = ends.size
    known = list(councils.patient_prefixes())
    starts = ends.astype("datetime64[M]").astype("datetime64[D]")
    made = (ends + np.timedelta64(DAYS_TO_SUBMIT, "D")).astype("datetime64[ms]") + np.timedelta64(
        9 * 60 + 30, "m"
    )
    frame = pl.DataFrame(
        {
            "UniqueSubmissionID": (np.arange(count) + 500_001).astype("U6"),
            "RP_StartDate": starts,
            "RP_EndDate": ends,
            "FileCreation_DateTime": made,
        }
    )
    parts = [
        frame.with_columns(
            UniqueSubmissionID=pl.col("UniqueSubmissionID").cast(pl.Int64) + 1000 * known.index(code),
            Version=pl.lit("1.6"),
            OrgID_Provider=pl.lit(code),
            OrgID_Submitter=pl.lit(code),
            PrimarySystem=pl.lit("SYSTMONE"),
        )
        for code in providers
    ]
    order = [
        "UniqueSubmissionID",
        "Version",
        "OrgID_Provider",
        "OrgID_Submitter",
        "RP_StartDate",
        "RP_EndDate",
        "FileCreation_DateTime",
        "PrimarySystem",
    ]
    return (
        pl.concat(parts)
        .select(order)
        .with_columns(pl.col("FileCreation_DateTime").dt.strftime("%Y-%m-%dT%H:%M:%S"))
    )


def _months_sent(
    rng: np.random.Generator, health: HealthRecords, late_share: float, keys: pl.DataFrame
) -> pl.DataFrame:
    """One row per referral and submission: while open and in the month it closed; some only when active."""
    last = month_ends().size - 1
    referrals = health.referrals.with_columns(
        is_late=pl.Series(rng.random(health.referrals.height) < late_share)
    )
    month = _month(pl.col("received_on"))
    near_end = (pl.col("received_on").dt.month_end() - pl.col("received_on")).dt.total_days() < LATE_DAYS
    steady = referrals.filter(pl.col("only_when_active").is_null()).with_columns(
        first=(month + (pl.col("is_late") & near_end)).clip(0),
        final=pl.coalesce(_month(pl.col("discharged_on")), pl.lit(last)).clip(0, last),
    )
    steady = (
        steady.with_columns(first=pl.max_horizontal("first", _month(pl.col("sent_from"))))
        .with_columns(final=pl.max_horizontal("first", "final"))
        .filter(pl.col("first") <= last)
    )
    steady = (
        steady.with_columns(month=pl.int_ranges("first", pl.col("final") + 1))
        .explode("month")
        .drop("first", "final")
    )
    active = health.contacts.select("referral", month=_month(pl.col("on"))).unique(maintain_order=True)
    some = referrals.filter(pl.col("only_when_active").is_not_null()).join(active, on="referral", how="inner")
    sent = pl.concat([steady.cast({"month": pl.Int64}), some.cast({"month": pl.Int64})], how="diagonal")
    return sent.join(keys, on=["provider", "month"], how="inner").sort("UniqueSubmissionID", "referral")


def _month(on: pl.Expr) -> pl.Expr:
    first = FIRST_MONTH.astype(object)
    months: pl.Expr = (
        (on.dt.year().cast(pl.Int64) - first.year) * 12 + on.dt.month().cast(pl.Int64) - first.month
    )
    return months


def _by_then(column: str) -> pl.Expr:
    """A date the submission could know: blank when it lies after the month."""
    return pl.when(pl.col(column) <= pl.col("ends_on")).then(column)


def _local_ids(records: Records) -> pl.DataFrame:
    return pl.concat(
        [
            pl.DataFrame(
                {"record": np.arange(identity.local_id.size), "LocalPatientID": identity.local_id}
            ).with_columns(provider=pl.lit(code))
            for code, identity in records.health.items()
        ]
    )


def _referrals(sent: pl.DataFrame, local: pl.DataFrame, commissioner: str) -> pl.DataFrame:
    return sent.join(local, on=["provider", "record"], how="left", maintain_order="left").select(
        "UniqueSubmissionID",
        OrgID_Provider="provider",
        ServiceRequestID="service_request_id",
        LocalPatientID="LocalPatientID",
        OrgID_Commissioner=pl.lit(commissioner),
        ReferralRequest_ReceivedDate="received_on",
        SourceOfReferral="source",
        Priority_Type="priority",
        PrimaryReferralReason="reason",
        Discharge_Date=_by_then("discharged_on"),
    )


def _teams(sent: pl.DataFrame) -> pl.DataFrame:
    closed = pl.when(pl.col("rejected_on").is_null() & (pl.col("discharged_on") <= pl.col("ends_on")))
    rejected = _by_then("rejected_on")
    return sent.select(
        "UniqueSubmissionID",
        OrgID_Provider="provider",
        ServiceRequestID="service_request_id",
        TeamID_Local="team_id",
        TeamType="team_type",
        Referral_ClosureDate=closed.then("discharged_on"),
        Referral_RejectionDate=rejected,
        Referral_ClosureReason=closed.then("closure"),
        Referral_RejectionReason=pl.when(rejected.is_not_null()).then(pl.lit("01")),
    )


def _clocks(clocks: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    """Clocks running in the month or stopped in it; a clock that stopped earlier is not sent again."""
    starts_of_month = pl.col("ends_on").dt.month_start()
    stopped = pl.col("clock_ends_on") <= pl.col("ends_on")
    months = sent.select("referral", "UniqueSubmissionID", "ends_on")
    timed = clocks.select(
        "referral",
        "provider",
        "service_request_id",
        "starts_on",
        "stop",
        "measure",
        "is_consultant_led",
        clock_ends_on="ends_on",
    )
    return (
        timed.join(months, on="referral", how="inner")
        .filter(pl.col("starts_on") <= pl.col("ends_on"))
        .filter(pl.col("clock_ends_on").is_null() | (pl.col("clock_ends_on") >= starts_of_month))
        .sort("UniqueSubmissionID", "referral", "starts_on")
        .select(
            "UniqueSubmissionID",
            OrgID_Provider="provider",
            ServiceRequestID="service_request_id",
            PatientPathwayID=pl.when("is_consultant_led").then(
                "PW" + pl.col("service_request_id").str.slice(2)
            ),
            PatientPathwayID_OrgID=pl.when("is_consultant_led").then("provider"),
            WaitingTime_MeasurementType="measure",
            RTT_StartDate="starts_on",
            RTT_EndDate=pl.when(stopped).then("clock_ends_on"),
            RTT_Status=pl.when(stopped).then("stop").otherwise(pl.lit("10")),
        )
    )


def _contacts(health: HealthRecords, keys: pl.DataFrame) -> dict[str, pl.DataFrame]:
    contacts = health.contacts.with_columns(month=_month(pl.col("on"))).join(
        keys, on=["provider", "month"], how="inner"
    )
    contacts = contacts.sort("UniqueSubmissionID", "on", "care_contact_id")
    cancelled = pl.col("attendance").is_in(["2", "4"])
    booked = contacts.select(
        "UniqueSubmissionID",
        OrgID_Provider="provider",
        CareContactID="care_contact_id",
        ServiceRequestID="service_request_id",
        TeamID_Local="team_id",
        Contact_Date="on",
        Consultation_Type=pl.when("is_follow_up").then(pl.lit("02")).otherwise(pl.lit("01")),
        ConsMechanism=pl.lit("01"),
        AttendanceStatus="attendance",
        Contact_CancellationDate=pl.when(cancelled).then(pl.col("on") - pl.duration(days=2)),
    )
    done = contacts.filter(pl.col("activity").is_not_null()).select(
        "UniqueSubmissionID",
        OrgID_Provider="provider",
        CareActivityID="care_activity_id",
        CareContactID="care_contact_id",
        Activity_Type="activity",
    )
    scores = health.scores.with_columns(month=_month(pl.col("on"))).join(
        keys, on=["provider", "month"], how="inner"
    )
    assessed = scores.sort("UniqueSubmissionID", "care_activity_id", "snomed").select(
        "UniqueSubmissionID",
        OrgID_Provider="provider",
        CareActivityID="care_activity_id",
        SNOMED_ID="snomed",
        Score="score",
    )
    return {
        "CYP201CareContact": booked,
        "CYP202CareActivity": done,
        "CYP612CodedAssessmentContact": assessed,
    }
