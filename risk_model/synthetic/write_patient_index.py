"""The patient index of each provider: who its patients are, by name, address and number."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.clock import INDEX_DATE
from risk_model.synthetic.csds_records import HealthRecords
from risk_model.synthetic.recording import Records
from risk_model.synthetic.world import World

VERIFIED: Final = "01"
ABSENT: Final = "07"


def patients(world: World, records: Records, health: HealthRecords) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every provider's code with its patients' details, in the order in which they were entered."""
    registered = health.referrals.group_by("provider", "child").agg(registered_on=pl.col("received_on").min())
    for code, identity in records.health.items():
        own = registered.filter((pl.col("provider") == code) & (pl.col("registered_on") <= INDEX_DATE)).sort(
            "registered_on", "child"
        )
        who = own["child"].to_numpy()
        number = identity.identifier[who]
        yield (
            code,
            pl.DataFrame(
                {
                    "OrgID_Provider": np.full(who.size, code),
                    "LocalPatientID": identity.local_id[who],
                    "NHSNumber": number,
                    "NHSNumber_Status": np.where(number == "", ABSENT, VERIFIED),
                    "FamilyName": identity.surname[who],
                    "GivenName": identity.forename[who],
                    "DateOfBirth": identity.born[who],
                    "Gender": np.where(world.children.boy[who] == 1, "1", "2"),
                    "Postcode": identity.postcode[who],
                    "RecordedDate": own["registered_on"],
                }
            ).with_columns(NHSNumber=pl.when(pl.col("NHSNumber") != "").then("NHSNumber")),
        )
