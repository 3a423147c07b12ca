"""Who is who across NHS number, UPN and council id: one pseudonymous `person_id`, with method and confidence.

Health knows the NHS number, education the UPN, social care a local id, often the UPN and sometimes the NHS number.
Exact NHS number joins health providers, exact UPN and council id join councils' records. The two sides are joined by an
NHS number that a council holds, and else by Splink, on date of birth, sex, postcode and school. A child who cannot be
linked is "not known" to a partner, never "no need".
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from risk_model import contracts
from risk_model.linkage.numbers import BY_LIKENESS, BY_NUMBER, numbered_pairs, with_numbers
from risk_model.linkage.probable import LinkWeights, probable_pairs
from risk_model.linkage.register import (
    LOCAL_ID,
    NHS_NUMBER,
    Named,
    Register,
    keep_register,
    new_register,
    open_register,
)
from risk_model.linkage.sides import Side, check_may_join, council_side, health_side

__all__ = ["LinkWeights", "People", "Register", "keep_register", "link", "new_register", "open_register"]


@dataclass(frozen=True)
class People:
    """Everyone on the health side, and who holds records of whom.

    `persons` has a row per person: `person_id`, `born_on`, `home_la_code` (the newest that health knows),
    `is_linked_to_education`, `is_linked_to_social_care` (a record is held, or its absence means something),
    `link_method` and `link_confidence`, in all and for each of the two (`education_link_method`, ...). `holders` maps
    each partner's own id to `person_id`. `register` has learned from these records. `identities` and the register's
    names belong in the vault and nowhere else.
    """

    register: Register
    weights: LinkWeights
    persons: pl.DataFrame
    holders: dict[str, pl.DataFrame]
    identities: pl.DataFrame


def link(
    frames: dict[str, pl.DataFrame], *, register: Register, weights: LinkWeights | None = None
) -> People:
    """Return who is who, under the names of the register; without given weights Splink learns them from these records.

    A join on a column that its contract does not give for linkage is refused.
    """
    check_may_join(contracts.tables())
    health, council = health_side(frames), council_side(frames)
    probable, weights = probable_pairs(health.records, council.records, weights)
    numbered = numbered_pairs(frames, health.records, council.records, council.holders["council_child"])
    pairs = with_numbers(probable, numbered, council.records)
    named = _named(health, register)
    spine = health.records.select("spine", "born_on", "sex", home_la_code="la_code").join(
        named.ids.rename({"cluster": "spine"}), on="spine"
    )
    linked = spine.join(pairs, on="spine", how="left").join(
        council.records.select("has_upn", "has_council_id", "council_sends", council_spine="spine"),
        on="council_spine",
        how="left",
    )
    return People(
        register=named.register,
        weights=weights,
        persons=_persons(linked, council),
        holders=_holders(health, council, linked),
        identities=_identities(health, council, linked),
    )


def _named(health: Side, register: Register) -> Named:
    """Name each health record by the NHS number it stands under and the local ids of its providers."""
    local = pl.concat_str(pl.lit(LOCAL_ID), "provider_code", pl.lit("|"), "local_patient_id")
    numbered = health.records.filter(pl.col("spine").str.starts_with(NHS_NUMBER))
    return register.name(
        pl.concat(
            [
                health.holders["patient"].select(cluster="spine", source_id=local),
                numbered.select(cluster="spine", source_id="spine"),
            ]
        )
    )


def _persons(linked: pl.DataFrame, council: Side) -> pl.DataFrame:
    """A council's social-care file holds only children it knows, so absence from it speaks only through a UPN.

    It does not speak where the pupil's council sent no such file: a lost feed is not "no need". Nor does it where
    social care has to do with a child without a UPN of the same birth date and sex now: that may be this one.
    """
    is_numbered = pl.col("numbered_spine").is_not_null()
    is_linked = pl.col("council_spine").is_not_null()
    placed = linked["numbered_spine"].drop_nulls().implode()
    unplaced = council.records.filter(~pl.col("has_upn"), "is_current", ~pl.col("spine").is_in(placed))
    unplaced = unplaced.select("born_on", "sex").unique()
    may_be_known = linked.join(unplaced, on=("born_on", "sex"), how="semi")["person_id"]
    may_be_this_one = pl.col("person_id").is_in(may_be_known.implode())
    return linked.select(
        "person_id",
        "born_on",
        "home_la_code",
        pl.col("has_upn").fill_null(False).alias("is_linked_to_education"),
        (
            is_numbered
            | (is_linked & (pl.col("has_council_id") | (pl.col("council_sends") & ~may_be_this_one)))
        )
        .fill_null(False)
        .alias("is_linked_to_social_care"),
        pl.col("link_method").fill_null("not linked"),
        "link_confidence",
        **_links_by_partner(),
    ).sort("person_id")


def _links_by_partner() -> dict[str, pl.Expr]:
    """How each partner's record was linked, and how sure that is; "not linked" where none is."""
    is_numbered, method = pl.col("numbered_spine").is_not_null(), pl.col("link_method")
    is_pupil = pl.col("has_upn").fill_null(False)
    is_known_child = pl.col("has_council_id").fill_null(False)
    of_pupil = pl.when(is_numbered).then(pl.lit(BY_LIKENESS)).otherwise(method)
    of_child = pl.when(is_numbered).then(pl.lit(BY_NUMBER)).when(is_known_child).then(method)
    sure_of_child = pl.when(is_numbered).then(1.0).when(is_known_child).then(pl.col("link_confidence"))
    return {
        "education_link_method": pl.when(is_pupil).then(of_pupil).fill_null("not linked"),
        "education_link_confidence": pl.when(is_pupil).then(pl.col("link_confidence")),
        "social_care_link_method": of_child.fill_null("not linked"),
        "social_care_link_confidence": sure_of_child,
    }


def _holders(health: Side, council: Side, linked: pl.DataFrame) -> dict[str, pl.DataFrame]:
    by_health = linked.select("spine", "person_id")
    spines = [linked.select("person_id", spine=name) for name in ("council_spine", "numbered_spine")]
    by_council = pl.concat(spines).drop_nulls()
    return {
        "patient": health.holders["patient"].join(by_health, on="spine").drop("spine"),
        "pupil": council.holders["pupil"].join(by_council, on="spine").drop("spine"),
        "council_child": council.holders["council_child"].join(by_council, on="spine").drop("spine"),
    }


def _identities(health: Side, council: Side, linked: pl.DataFrame) -> pl.DataFrame:
    pupils = council.holders["pupil"].group_by(council_spine="spine").agg(pl.col("upn").sort().first())
    children = (
        council.holders["council_child"]
        .sort("la_code", "la_child_id")
        .group_by(council_spine="spine", maintain_order=True)
        .agg(pl.col("la_code").first(), pl.col("la_child_id").first())
    )
    return (
        linked.select(
            "person_id", "spine", "council_spine", of_council=pl.coalesce("numbered_spine", "council_spine")
        )
        .join(health.records.select("spine", "nhs_number"), on="spine", how="left")
        .join(pupils, on="council_spine", how="left")
        .join(children.rename({"council_spine": "of_council"}), on="of_council", how="left")
        .drop("spine", "council_spine", "of_council")
        .sort("person_id")
    )
