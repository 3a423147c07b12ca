"""The patient index of each provider: who its patients are, by name, address and number, and were before."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from risk_model.synthetic.clock import INDEX_DATE
from risk_model.synthetic.csds_records import HealthRecords
from risk_model.synthetic.identities import Identity
from risk_model.synthetic.recording import Records
from risk_model.synthetic.world import World


def patients(world: World, records: Records, health: HealthRecords) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every provider's code with a row per patient and change of details, in the order in which they were entered.

    A patient is registered with the first referral; earlier details stay hidden in a system that never saw them.
    """
    since = pl.coalesce("sent_from", "received_on")
    registered = health.referrals.group_by("provider", "record").agg(registered_on=since.min())
    for code, known in records.health.items():
        own = registered.filter((pl.col("provider") == code) & (pl.col("registered_on") <= INDEX_DATE))
        yield code, _rows(world, code, known, own.drop("provider"))


def _rows(world: World, code: str, known: Identity, registered: pl.DataFrame) -> pl.DataFrame:
    versions = known.versions.with_columns(pl.col("record").cast(registered.schema["record"]))
    following = pl.col("known_on").shift(-1).over("record")
    rows = (
        versions.with_columns(until=following)
        .join(registered, on="record")
        .filter((pl.col("until") > pl.col("registered_on")).fill_null(True))
        .with_columns(recorded_on=pl.max_horizontal("known_on", "registered_on"))
        .sort("recorded_on", "record")
    )
    record = rows["record"].to_numpy()
    number = rows["identifier"]
    return pl.DataFrame(
        {
            "OrgID_Provider": np.full(record.size, code),
            "LocalPatientID": known.local_id[record],
            "NHSNumber": number.replace("", None),
            "NHSNumber_Status": known.status[record],
            "FamilyName": rows["surname"],
            "GivenName": rows["forename"],
            "DateOfBirth": known.born[record],
            "Gender": np.where(world.children.boy[known.child[record]] == 1, "1", "2"),
            "Postcode": rows["postcode"],
            "RecordedDate": rows["recorded_on"],
        }
    )
