"""How well linkage did: precision and recall against an invented cohort's truth, by group of children.

A pair is one record of a patient and one record of the same child at a school or council. Children whom a source does
not hold are no misses. Beside each figure stands what exact NHS number and UPN alone would have joined in the same run.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

SOURCES = {"health": "patient", "education": "pupil", "social care": "council_child"}
"""Whose records are held against each patient record; of health, the others of the same child."""
MOST_DEPRIVED = 1
GROUPS = {
    "all": pl.lit(True),
    "looked after": pl.col("is_looked_after_ever"),
    "not looked after": ~pl.col("is_looked_after_ever"),
    "adopted": pl.col("is_adopted"),
    "first language not English": ~pl.col("speaks_english"),
    "most deprived fifth": pl.col("quintile") == MOST_DEPRIVED,
    "moved home": pl.col("moved"),
    "twins": pl.col("is_twin"),
}
BY_ALL, BY_NUMBER_ALONE = "person_id", "exact_person"


@dataclass(frozen=True)
class LinkQuality:
    """Precision and recall of the links to one source for one group, and the same by exact numbers alone.

    `pairs` are the true pairs of records, `wrong` the joined pairs that are not. A share of nothing is None.
    """

    source: str
    group: str
    children: int
    pairs: int
    wrong: int
    precision: float | None
    recall: float | None
    precision_by_number_alone: float | None
    recall_by_number_alone: float | None


def link_quality(held: pl.DataFrame, identities: pl.DataFrame) -> list[dict[str, Any]]:
    """Return LinkQuality for every source and group; `held` is every record with its person, as linkage left it."""
    patients = _patients(held, identities)
    others = pl.concat([patients, _others(held, identities)], how="diagonal")
    return [
        asdict(_measured(patients, others.filter(kind=kind), identities, source, group))
        for source, kind in SOURCES.items()
        for group in GROUPS
    ]


def wrong_twins(held: pl.DataFrame, identities: pl.DataFrame) -> int:
    """Return how many pairs of records join a child with a twin of theirs."""
    patients, others = _patients(held, identities), _others(held, identities)
    born = identities.filter("is_twin").select("child_id", "household", "born_on", "la_code")
    every = pl.concat([patients, others], how="diagonal").drop_nulls(BY_ALL).join(born, on="child_id")
    beside = every.join(every, on=[BY_ALL, "household", "born_on", "la_code"], suffix="_beside")
    return beside.filter(pl.col("child_id") < pl.col("child_id_beside")).height


def children_of(held: pl.DataFrame, identities: pl.DataFrame) -> pl.DataFrame:
    """Return `person_id` and the `child_id` of most of its patient records, also of a person without a number."""
    records = _patients(held, identities).drop_nulls(BY_ALL).group_by(BY_ALL, "child_id").len()
    most_first = records.sort(BY_ALL, "len", "child_id", descending=[False, True, False])
    return most_first.unique(BY_ALL, keep="first", maintain_order=True).select(BY_ALL, "child_id")


def _patients(held: pl.DataFrame, identities: pl.DataFrame) -> pl.DataFrame:
    """Patient records with their child; of an adopted child, whether the record is of the time before."""
    local = identities.select("child_id", "is_adopted", "former_nhs_number", number="local_patient_ids")
    local = local.explode("number").drop_nulls("number")
    known = held.filter(kind="patient").join(local, on="number")
    is_before = pl.col("is_adopted") & (pl.col("nhs_number") == pl.col("former_nhs_number"))
    return known.select(
        "child_id", BY_ALL, BY_NUMBER_ALONE, "kind", "issuer", "number", is_before=is_before.fill_null(False)
    )


def _others(held: pl.DataFrame, identities: pl.DataFrame) -> pl.DataFrame:
    pupils = held.filter(kind="pupil").join(identities.select("child_id", number="upn"), on="number")
    children = held.filter(kind="council_child").join(
        identities.select("child_id", issuer="la_code", number="la_child_id"), on=["issuer", "number"]
    )
    return pl.concat(
        rows.select("child_id", BY_ALL, BY_NUMBER_ALONE, "kind", "issuer", "number")
        for rows in (pupils, children)
    )


def _measured(
    patients: pl.DataFrame, others: pl.DataFrame, identities: pl.DataFrame, source: str, group: str
) -> LinkQuality:
    """Figures of one source and group.

    An adopted child's school record goes on, its social care record ends: what was before the adoption belongs to the
    council's record, what came after to the school's, and the one must not be joined to the other.
    """
    same_record = (pl.col("number") == pl.col("number_other")) & (pl.col("issuer") == pl.col("issuer_other"))
    within = identities.filter(GROUPS[group]).select("child_id")
    mine = patients.join(within, on="child_id", how="semi")
    adopted = identities.select("child_id", "is_adopted")
    is_before_there = {"social care": pl.lit(True), "education": pl.lit(False)}.get(
        source, pl.col("is_before_other")
    )
    parted = pl.col("is_adopted") & (pl.col("is_before") != is_before_there)
    pairs = mine.join(others, on="child_id", suffix="_other").join(adopted, on="child_id")
    pairs = pairs.filter(~same_record.fill_null(False))
    true = pairs.filter(~parted)
    shares = {}
    for name in (BY_ALL, BY_NUMBER_ALONE):
        joined = mine.drop_nulls(name).join(others.drop_nulls(name), on=name, suffix="_other")
        joined = joined.filter(~same_record.fill_null(False))
        right = true.filter(pl.col(name) == pl.col(f"{name}_other")).height
        wrong = joined.filter(pl.col("child_id") != pl.col("child_id_other")).height
        if source != "education":
            wrong += pairs.filter(parted, pl.col(name) == pl.col(f"{name}_other")).height
        shares[name] = (wrong, _share(right, right + wrong), _share(right, true.height))
    wrong, precision, recall = shares[BY_ALL]
    return LinkQuality(
        source=source,
        group=group,
        children=true["child_id"].n_unique(),
        pairs=true.height,
        wrong=wrong,
        precision=precision,
        recall=recall,
        precision_by_number_alone=shares[BY_NUMBER_ALONE][1],
        recall_by_number_alone=shares[BY_NUMBER_ALONE][2],
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
