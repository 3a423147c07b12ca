"""Links that a council knows itself: a safeguarding dataset that carries a child's NHS number names the patient.

Such a link is exact. It is made only where one number stands for one child and one child for one number, and the two
dates of birth do not differ; anything else links nobody by number, and is left to the probable links.
"""

from __future__ import annotations

import polars as pl

from risk_model.contracts.identifiers import nhs_number_is_valid, tidy_nhs_number, tidy_upn, upn_is_valid

CHILD = ("la_code", "la_child_id")
NHS_NUMBER, UPN = "NHS Number", "Unique Pupil Number"
BY_NUMBER = "NHS number held by the council"
BY_LIKENESS = "date of birth, sex, postcode and school"


def upns_of_identifiers(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the pupil numbers that the safeguarding dataset keeps beside the child's own row."""
    upn = tidy_upn(pl.col("identifier"))["value"]
    rows = _holding(frames["safeguarding_identifier"], UPN).with_columns(upn=upn)
    return rows.filter(upn_is_valid(pl.col("upn")))


def numbered_pairs(
    frames: dict[str, pl.DataFrame], health: pl.DataFrame, council: pl.DataFrame, children: pl.DataFrame
) -> pl.DataFrame:
    """Return `spine` and `council_spine` of the children whom a council's NHS number names, each once.

    `health` and `council` are the records of both sides, `children` the councils' own ids by spine.
    """
    number = tidy_nhs_number(pl.col("identifier"))["value"]
    identified = _holding(frames["safeguarding_identifier"], NHS_NUMBER).with_columns(nhs_number=number)
    persons = frames["safeguarding_person"].sort("known_on", "source_row")
    persons = persons.unique(CHILD, keep="last", maintain_order=True)
    held = pl.concat([rows.select(*CHILD, "nhs_number") for rows in (persons, identified)])
    named = (
        held.filter(nhs_number_is_valid(pl.col("nhs_number")))
        .join(children, on=CHILD)
        .select("nhs_number", council_spine="spine")
        .unique()
        .filter(
            pl.len().over("nhs_number") == 1,
            pl.len().over("council_spine") == 1,
        )
    )
    born = council.select(council_spine="spine", council_born_on="born_on")
    return (
        named.with_columns(spine="nhs|" + pl.col("nhs_number"))
        .join(health.select("spine", "born_on"), on="spine")
        .join(born, on="council_spine")
        .filter((pl.col("born_on") == pl.col("council_born_on")).fill_null(True))
        .select("spine", "council_spine")
        .sort("spine")
    )


def with_numbers(probable: pl.DataFrame, numbered: pl.DataFrame, council: pl.DataFrame) -> pl.DataFrame:
    """Return one row per linked patient: `council_spine`, `numbered_spine`, `link_method` and `link_confidence`.

    A number outweighs a probable link to another council child. Where the council does not know the child's UPN, the
    child keeps its probable link to a pupil, and `numbered_spine` is the council's record of it.
    """
    known = numbered.join(council.select("has_upn", council_spine="spine"), on="council_spine")
    as_pupil = known.filter("has_upn").select("spine", "council_spine")
    beside = known.filter(~pl.col("has_upn")).select("spine", numbered_spine="council_spine")
    of_council = council.filter("has_council_id").select(council_spine="spine")
    named_otherwise = probable.join(beside, on="spine", how="semi").join(
        of_council, on="council_spine", how="semi"
    )
    likely = (
        probable.join(known, on="council_spine", how="anti")
        .join(as_pupil, on="spine", how="anti")
        .join(named_otherwise, on="spine", how="anti")
        .with_columns(link_method=pl.lit(BY_LIKENESS))
    )
    certain = as_pupil.with_columns(link_confidence=pl.lit(1.0), link_method=pl.lit(BY_NUMBER))
    pairs = pl.concat([likely, certain]).join(beside, on="spine", how="full", coalesce=True)
    is_numbered = pl.col("numbered_spine").is_not_null()
    methods = pl.concat_str(
        pl.when(is_numbered).then(pl.lit(BY_NUMBER)), "link_method", separator="; ", ignore_nulls=True
    )
    return pairs.with_columns(
        link_confidence=pl.when(is_numbered)
        .then(pl.col("link_confidence").fill_null(1.0))
        .otherwise("link_confidence"),
        link_method=methods,
    ).sort("spine")


def _holding(identifiers: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The numbers of one kind in each child's newest delivery that still hold."""
    still_holds = (pl.col("valid_until") > pl.col("known_on")).fill_null(True)
    is_newest = pl.col("known_on") == pl.col("known_on").max().over(CHILD)
    return identifiers.filter(is_newest).filter(still_holds, identifier_type_code=kind)
