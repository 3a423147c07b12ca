"""Health's side of the join: one record for everyone who was ever referred to a service that children wait for.

What a hospital holds of a child who waits elsewhere belongs to it too, where the NHS number is the same: without it the
urgent visits of such a child would be nobody's, among the features and among the events.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from risk_model import merged, services
from risk_model.linkage import records, spelling, twins
from risk_model.linkage.register import LOCAL_ID, NHS_NUMBER

USABLE_STATUS = ("01", "02")
"""NHS number present and verified, or present and not traced; the others never link (NHS Data Dictionary)."""
PATIENT = ("provider_code", "local_patient_id")
_ORDER = ("known_on", "period_ended_on", "source_file", "source_row")
_SAID = (
    *PATIENT,
    "nhs_number",
    "nhs_number_status_code",
    "born_on",
    "sex_code",
    "surname",
    "forename",
    "postcode",
    "school_urn",
)


@dataclass(frozen=True)
class HealthSide:
    """Health's persons by usable NHS number, or else by provider and local number.

    `records` is `records.SCHEMA` with `nhs_number` and what `twins.with_twins` says; `twins` are `twins.KNOWN`, also
    those of the councils; `holders` says whose a provider's number is; `in_doubt` has `left`, `right` and `why` for
    each two records that a number joins and their details do not.
    """

    records: pl.DataFrame
    twins: pl.DataFrame
    holders: pl.DataFrame
    in_doubt: pl.DataFrame


def health_side(frames: dict[str, pl.DataFrame], known_twins: pl.DataFrame) -> HealthSide:
    """Return everyone who was ever referred to a service that children wait for, joined by exact NHS number.

    A number counts for all rows of its patient, also for those sent before it was traced; a referral whose patient row
    is missing or was rejected still has its child. A number on two people is nobody's; `known_twins` are
    the councils' (`twins.KNOWN`).
    """
    rows = _rows(frames)
    usable = pl.when(pl.col("nhs_number_status_code").is_in(USABLE_STATUS)).then(pl.col("nhs_number"))
    rows = rows.with_columns(
        usable=usable,
        number=usable.drop_nulls().last().over(PATIENT),
        local=LOCAL_ID + pl.concat_str(PATIENT, separator="|"),
    )
    patients = records.one_each(rows.rename({"local": "record", "home_la_code": "la_code"}))
    numbers = rows.select("number", record="local").drop_nulls().unique(maintain_order=True)
    born_together = pl.concat([known_twins, twins.known([_everyone(frames)])])
    doubted = _numbers_of_two_people(twins.with_twins(patients, born_together), numbers)
    groups = numbers.join(doubted, on="number", how="anti", maintain_order="left").select(
        "record", group=NHS_NUMBER + pl.col("number")
    )
    newest_first = rows.select(record="local").unique(keep="last", maintain_order=True).reverse()
    found = records.together([newest_first.join(patients, on="record", maintain_order="left")], groups)
    members = newest_first.join(groups, on="record", how="left").with_columns(
        spine=pl.coalesce("group", "record")
    )
    number_of = members.join(numbers, on="record").select("spine", "number").unique("spine")
    holders = (
        rows.select(*PATIENT, record="local")
        .unique()
        .join(members, on="record")
        .select(*PATIENT, record="spine")
        .sort(PATIENT)
    )
    found = found.join(number_of.rename({"spine": "record", "number": "nhs_number"}), on="record", how="left")
    doubts = pl.concat([_doubted_pairs(doubted, numbers), _changed_numbers(rows, members, found)])
    described = twins.with_twins(found, born_together).sort("record")
    return HealthSide(records=described, twins=born_together, holders=holders, in_doubt=doubts)


def _everyone(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """`records.SCHEMA` of everyone with a usable NHS number in the patient indexes, whether they wait or not."""
    details = frames["patient_details"].filter(pl.col("nhs_number_status_code").is_in(USABLE_STATUS))
    named = details.with_columns(record=NHS_NUMBER + pl.col("nhs_number")).drop_nulls("record")
    return records.one_each(named.sort("known_on", "source_file", "source_row"))


def _rows(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Every row that describes somebody who waits, with whichever provider, in the order in which it became known."""
    waiting = _waiting(frames)
    everybody = pl.concat([merged.table(frames, "patient"), _index(frames)], how="diagonal")
    described = everybody.join(_with_all_providers(waiting, everybody), on=PATIENT, how="semi")
    undescribed = waiting.join(described, on=PATIENT, how="anti")
    every = pl.concat([described, undescribed], how="diagonal").sort(_ORDER)
    return every.select(*_SAID, "home_la_code").unique(maintain_order=True, keep="last")


def _index(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Details of the patient indexes; a provider that sends the mental health data set alone numbers its patients."""
    details = frames["patient_details"]
    sends_csds = pl.col("provider_code").is_in(frames["csds_patient"]["provider_code"].unique().implode())
    return pl.concat([details.filter(sends_csds), merged.keyed(details.filter(~sends_csds))])


def _waiting(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    request = ("provider_code", "service_request_id")
    requests = merged.table(frames, "request")
    waited_for = frames["csds_team"].filter(
        ~pl.col("team_type_code").is_in(services.NOT_WAITS).fill_null(False)
    )
    with_team = requests.join(waited_for, on=request, how="semi")
    without_team = requests.join(frames["csds_team"], on=request, how="anti")
    referred = pl.concat([with_team, without_team])
    return referred.select(*PATIENT, "known_on").unique(PATIENT, keep="first", maintain_order=True)


def _with_all_providers(waiting: pl.DataFrame, everybody: pl.DataFrame) -> pl.DataFrame:
    """The patients who wait, and every patient of any provider who bears a usable NHS number of theirs."""
    bearers = everybody.filter(pl.col("nhs_number_status_code").is_in(USABLE_STATUS)).select(
        *PATIENT, "nhs_number"
    )
    theirs = bearers.join(waiting, on=PATIENT, how="semi").select("nhs_number").unique()
    elsewhere = bearers.join(theirs, on="nhs_number", how="semi")
    return pl.concat([waiting.select(PATIENT), elsewhere.select(PATIENT)]).unique()


def _numbers_of_two_people(patients: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """NHS numbers under which two patients have names that cannot be one, or births and postcodes that are not.

    What was not sent says nothing against.
    """
    held = numbers.join(patients, on="record")
    several = held.filter(pl.len().over("number") > 1)
    pairs = several.join(several, on="number", suffix="_beside").filter(
        pl.col("record") < pl.col("record_beside")
    )
    same_place = pl.col("postcodes").list.set_intersection("postcodes_beside").list.len() > 0
    is_alike = spelling.may_be_one_given_name("", "_beside") & ~pl.col("has_twin")
    agrees = records.may_be_one() | (is_alike & same_place)
    return pairs.filter(~agrees).select("number").unique().sort("number")


def _doubted_pairs(doubted: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    held = numbers.join(doubted, on="number", how="semi")
    return (
        held.join(held, on="number", suffix="_beside")
        .filter(pl.col("record") < pl.col("record_beside"))
        .select(
            left="record", right="record_beside", why=pl.lit("one NHS number on what look like two people")
        )
        .sort("left", "right")
    )


def _changed_numbers(rows: pl.DataFrame, members: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Records of two numbers of which one provider has held both for one patient."""
    earlier = rows.filter(pl.col("usable") != pl.col("number")).select(nhs_number="usable", record="local")
    mine = earlier.unique().join(members.select("record", left="spine"), on="record")
    theirs = found.select("nhs_number", right="record").drop_nulls()
    return (
        mine.join(theirs, on="nhs_number")
        .filter(pl.col("left") != pl.col("right"))
        .select("left", "right", why=pl.lit("a provider has held both NHS numbers for one patient"))
        .unique()
        .sort("left", "right")
    )
