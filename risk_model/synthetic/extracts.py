"""What the partners send: each council's own returns, and the tables that children of several councils share."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from risk_model.synthetic import (
    care_records,
    csds_records,
    write_attendance,
    write_cin_census,
    write_csds,
    write_patient_index,
    write_safeguarding,
    write_school_census,
    write_sen2,
    write_ssda903,
    write_wlmds,
)
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.councils import Council, Place
from risk_model.synthetic.recording import Records
from risk_model.synthetic.world import World

ORDERS: Final = {
    "csds": "UniqueSubmissionID",
    "wlmds": "week_ending_date",
    "attendance": "week_ending",
    "patient_index": "RecordedDate",
}


def health_tables(
    calibration: Calibration, seed: int, world: World, records: Records
) -> Iterator[tuple[str, pl.DataFrame]]:
    """What the council's children add to each provider's files, by the path of the file."""
    health = csds_records.gather(calibration, seed, world, records)
    for name, rows in write_csds.tables(calibration, seed, world, records, health).items():
        yield f"csds/{name}.csv", rows
    for provider, rows in write_patient_index.patients(world, records, health):
        yield f"patient_index/patient_index_{provider}.csv", rows
    pathways = write_wlmds.pathways(health)
    issuer = "organisation_identifier_patient_pathway_identifier_issuer"
    for (provider,), rows in pathways.partition_by(issuer, as_dict=True, maintain_order=True).items():
        yield f"wlmds/wlmds_open_pathways_{provider}.csv", rows


def school_tables(
    calibration: Calibration, seed: int, world: World, records: Records, places: Sequence[Place]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """What the council's children add to the files of the councils whose schools they go to."""
    folders = {place.council.code: own_folder(place.council, places) for place in places}
    for code, name, rows in write_school_census.nodes(calibration, seed, world, records):
        yield f"school_census/{folders[code]}{name}.csv", rows
    for name, register in write_attendance.registers(calibration, world, records).items():
        for (la_code,), rows in register.partition_by("la_code", as_dict=True, maintain_order=True).items():
            yield f"attendance/{folders[int(la_code)]}{name}.csv", rows


def write_council(
    extracts: Path,
    calibration: Calibration,
    seed: int,
    world: World,
    records: Records,
    places: Sequence[Place],
) -> None:
    """Write the returns on the council's own children, wherever they live or go to school."""
    care = care_records.gather(calibration, seed, world, records)
    folder = own_folder(world.council, places)
    write_sen2.write(extracts / "sen2" / folder, calibration, seed, world, records)
    write_cin_census.write(extracts / "cin_census" / folder, calibration, world, records, care)
    write_ssda903.write(extracts / "ssda903" / world.council.folder, seed, world, records, care)
    write_safeguarding.write(
        extracts / "safeguarding" / world.council.folder, calibration, seed, world, records, care
    )


def write_shared(
    extracts: Path, tables: Mapping[str, Sequence[pl.DataFrame]], places: Sequence[Place]
) -> None:
    """Write every file to which several councils' children may add rows, and the header of CSDS."""
    for path, parts in tables.items():
        (extracts / path).parent.mkdir(parents=True, exist_ok=True)
        together(path, parts).write_csv(extracts / path)
    providers = dict.fromkeys(code for place in places for code in place.council.providers)
    write_csds.submissions(list(providers)).write_csv(extracts / "csds/CYP000Header.csv")


def together(path: str, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows of one file in the order a partner would send them; a single part is in that order already."""
    if len(parts) == 1:
        return parts[0]
    rows = pl.concat(parts)
    if path.endswith("_schoolcensus.csv"):
        return rows.unique().sort("urn")
    order = ORDERS.get(path.split("/")[0])
    return rows.sort(order, maintain_order=True) if order else rows


def own_folder(council: Council, places: Sequence[Place]) -> str:
    """The folder of a council's returns; a council that is alone needs none."""
    return f"{council.folder}/" if len(places) > 1 else ""
