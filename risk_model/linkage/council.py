"""The councils' side of the join: pupils by unique pupil number, children known to social care beside or among them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from risk_model.contracts.identifiers import nhs_number_is_valid, tidy_nhs_number, tidy_upn, upn_is_valid
from risk_model.linkage import records, twins
from risk_model.linkage.decisions import NOT_THE_SAME, SAME

CHILD = ("la_code", "la_child_id")
COUNCIL_CHILDREN = ("cin_child", "looked_after_child", "safeguarding_person")
"""The tables in which a council says who a child is, under its own number."""
ADOPTED = {
    "cin_episode": ("closure_reason_code", ("RC1",)),
    "safeguarding_episode": ("closure_reason_code", ("RC1",)),
    "looked_after_episode": ("reason_ended_code", ("E11", "E12")),
    "safeguarding_care_episode": ("reason_ended_code", ("E11", "E12")),
}
"""Where a council says that it closed a record because the child was adopted, and the codes that say so."""
NHS_NUMBER, UPN = "NHS Number", "Unique Pupil Number"
_ORDER = ("known_on", "source_row")


@dataclass(frozen=True)
class CouncilSide:
    """Everyone whom schools or social care know; a UPN in common makes a pupil and a council's child one record.

    `records` is `records.SCHEMA` with `has_upn`, `has_council_id`, `council_sends` (its social care lists
    children, so that absence says something) and `is_current` (social care had to do with the child in the last year).
    `twins` are `twins.KNOWN` among pupils and among each council's children; `before_adoption` are the children's
    records that end with an adoption: no UPN ties them to a pupil, and only the old NHS number to a patient. `pupils`
    and `children` say whose a UPN and a council's number are, `numbers` which NHS number a council holds of whom;
    `in_doubt` has `left`, `right` and `why` for each two records that a UPN joins and their details do not.
    """

    records: pl.DataFrame
    twins: pl.DataFrame
    before_adoption: pl.DataFrame
    pupils: pl.DataFrame
    children: pl.DataFrame
    numbers: pl.DataFrame
    in_doubt: pl.DataFrame


def council_side(frames: dict[str, pl.DataFrame], decided: pl.DataFrame) -> CouncilSide:
    """Return everyone whom schools or social care know, joined by exact UPN and by council number.

    `decided` are the decisions in force (`one`, `other`, `decision`): what a steward says of a pupil and a council's
    child outweighs a UPN.
    """
    renewed = _renewed_upns(frames["school_census_pupil"])
    pupil_rows = _under_newest_upn(_pupils(frames), renewed)
    child_rows = _under_newest_upn(_children(frames), renewed)
    pupils = records.one_each(pupil_rows.with_columns(record="upn|" + pl.col("upn")))
    children = records.one_each(child_rows.with_columns(record=_child_record()))
    named = child_rows.with_columns(record=_child_record()).select("record", *CHILD, "upn")
    ties = named.drop_nulls("upn").unique("record", keep="last", maintain_order=True).select("record", "upn")
    ties, parted = _as_decided(ties, decided)
    born_together = twins.known([pupils, children])
    doubted = _upns_in_doubt(
        twins.with_twins(pupils, born_together),
        twins.with_twins(children, born_together),
        ties.filter(~pl.col("is_decided")),
    )
    before_adoption = _before_adoption(frames).select(record=_child_record()).unique()
    pupils = _without_former_names(pupils, children, ties.join(before_adoption, on="record", how="semi"))
    ties = ties.join(before_adoption, on="record", how="anti")
    sure = ties.join(doubted, on="record", how="anti").select("record", group="upn|" + pl.col("upn"))
    doubted = doubted.join(parted, on=["record", "upn"], how="anti")
    found = records.together([pupils, children], sure)
    members = (
        named.select("record", *CHILD)
        .unique()
        .join(sure, on="record", how="left")
        .with_columns(spine=pl.coalesce("group", "record"))
    )
    upns = pl.concat([pupil_rows.select("upn"), sure.select(upn=pl.col("group").str.strip_prefix("upn|"))])
    holders = upns.unique().select("upn", record="upn|" + pl.col("upn"))
    former = renewed.select(upn="former_upn", record="upn|" + pl.col("newer"))
    current = members.join(_current(frames), on=CHILD, how="semi")["spine"].unique()
    described = found.with_columns(
        has_upn=pl.col("record").str.starts_with("upn|"),
        has_council_id=pl.col("record").is_in(members["spine"].implode()),
        council_sends=pl.col("la_code").is_in(_councils_that_send(frames).implode()).fill_null(False),
        is_current=pl.col("record").is_in(current.implode()),
    )
    return CouncilSide(
        records=described.sort("record"),
        twins=born_together,
        before_adoption=before_adoption.sort("record"),
        pupils=pl.concat([holders, former.join(holders, on="upn", how="anti")]).sort("upn"),
        children=members.select(*CHILD, record="spine").sort(CHILD),
        numbers=_numbers_held(frames, members),
        in_doubt=doubted.select(
            left="record",
            right="upn|" + pl.col("upn"),
            why=pl.lit("one pupil number on what look like two children"),
        ).sort("left"),
    )


def holding(identifiers: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return the numbers of one kind in each child's newest delivery that still hold."""
    still_holds = (pl.col("valid_until") > pl.col("known_on")).fill_null(True)
    is_newest = pl.col("known_on") == pl.col("known_on").max().over(CHILD)
    return identifiers.filter(is_newest).filter(still_holds, identifier_type_code=kind)


def _child_record() -> pl.Expr:
    return "council|" + pl.concat_str("la_code", "la_child_id", separator="|", ignore_nulls=True)


def _pupils(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    columns = ("upn", *records.ROWS, *_ORDER)
    sent = (frames[name] for name in ("school_census_pupil", "sen2_person"))
    every = pl.concat([rows.select(c for c in columns if c in rows.columns) for rows in sent], how="diagonal")
    return every.filter(pl.col("upn").is_not_null()).sort(_ORDER, maintain_order=True)


def _children(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows that name a child of social care, with its addresses, in the order in which they became known."""
    columns = (*CHILD, "upn", *(name for name in records.ROWS if name != "la_code"), *_ORDER)
    identified = holding(frames["safeguarding_identifier"], UPN).with_columns(
        upn=tidy_upn(pl.col("identifier"))["value"]
    )
    named = (
        identified.filter(upn_is_valid(pl.col("upn"))).drop("identifier"),
        frames["safeguarding_send"],
        *(frames[name] for name in COUNCIL_CHILDREN),
    )
    listed = pl.concat(
        [rows.select(c for c in columns if c in rows.columns) for rows in named], how="diagonal"
    )
    lived = pl.concat(
        [
            frames["looked_after_episode"].select(*CHILD, *_ORDER, postcode="home_postcode"),
            frames["safeguarding_address"].select(*CHILD, *_ORDER, "postcode"),
        ]
    ).join(listed, on=CHILD, how="semi", nulls_equal=True)
    return pl.concat([listed, lived], how="diagonal").sort(_ORDER, maintain_order=True)


def _renewed_upns(census: pl.DataFrame) -> pl.DataFrame:
    """`former_upn` and `newer` of pupils whose number was changed; a former number of two pupils counts for none."""
    changed = census.filter(pl.col("former_upn") != pl.col("upn")).select("former_upn", newer="upn").unique()
    once = changed.filter(pl.len().over("former_upn") == 1)
    return once.join(changed, left_on="newer", right_on="former_upn", how="anti").sort("former_upn")


def _under_newest_upn(rows: pl.DataFrame, renewed: pl.DataFrame) -> pl.DataFrame:
    joined = rows.join(renewed, left_on="upn", right_on="former_upn", how="left", maintain_order="left")
    return joined.with_columns(upn=pl.coalesce("newer", "upn")).drop("newer")


def _upns_in_doubt(pupils: pl.DataFrame, children: pl.DataFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """Children of social care under the UPN of a pupil, or of another child, with other details: `record` and `upn`."""
    tied = ties.join(children, on="record")
    by_pupil = tied.join(
        pupils.with_columns(upn=pl.col("record").str.strip_prefix("upn|")), on="upn", suffix="_beside"
    )
    contradicted = by_pupil.filter(~records.may_be_one()).select("record", "upn")
    several = tied.filter(pl.len().over("upn") > 1)
    beside = several.join(several, on="upn", suffix="_beside").filter(
        pl.col("record") != pl.col("record_beside")
    )
    among = beside.filter(~records.may_be_one()).select("record", "upn")
    among = among.join(by_pupil, on="record", how="anti")
    return pl.concat([contradicted, among]).unique().sort("record")


def _as_decided(ties: pl.DataFrame, decided: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The ties by UPN as stewards left them, each with `is_decided`; and the pairs they parted."""
    pair = ("one", "other", "decision")
    both_ways = pl.concat(
        [decided.select(pair), decided.select(one="other", other="one", decision="decision")]
    )
    said = both_ways.filter(
        pl.col("one").str.starts_with("council|"), pl.col("other").str.starts_with("upn|")
    )
    pairs = said.select("decision", record="one", upn=pl.col("other").str.strip_prefix("upn|")).unique()
    same, parted = (pairs.filter(decision=one).drop("decision") for one in (SAME, NOT_THE_SAME))
    kept = ties.join(parted, on=["record", "upn"], how="anti").join(same, on="record", how="anti")
    return pl.concat(
        [kept.with_columns(is_decided=pl.lit(False)), same.with_columns(is_decided=pl.lit(True))]
    ), parted


def _before_adoption(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Children whose record the council closed because they were adopted: it is of the time before, and ends there."""
    closed = [
        frames[name].filter(pl.col(column).is_in(codes)).select(CHILD)
        for name, (column, codes) in ADOPTED.items()
    ]
    return pl.concat(closed).unique()


def _without_former_names(
    pupils: pl.DataFrame, children: pl.DataFrame, adopted: pl.DataFrame
) -> pl.DataFrame:
    """Pupils without the family names of before an adoption, by which the old and the new identity would be joined."""
    former = adopted.join(children.select("record", former="family"), on="record").select(
        "former", record="upn|" + pl.col("upn")
    )
    named = pupils.join(former.unique("record"), on="record")
    kept = pl.col("family").list.set_difference("former").list.sort()
    others = pupils.join(named, on="record", how="anti")
    return pl.concat([others, named.with_columns(family=kept).drop("former")])


def _numbers_held(frames: dict[str, pl.DataFrame], members: pl.DataFrame) -> pl.DataFrame:
    """`nhs_number`, `la_code` and `record` of children whom a council's NHS number names, one number for one child."""
    number = tidy_nhs_number(pl.col("identifier"))["value"]
    identified = holding(frames["safeguarding_identifier"], NHS_NUMBER).with_columns(nhs_number=number)
    persons = frames["safeguarding_person"].sort(_ORDER).unique(CHILD, keep="last", maintain_order=True)
    held = pl.concat([rows.select(*CHILD, "nhs_number") for rows in (persons, identified)])
    return (
        held.filter(nhs_number_is_valid(pl.col("nhs_number")))
        .join(members, on=CHILD)
        .select("nhs_number", "la_code", record="spine")
        .unique()
        .filter(
            pl.col("record").n_unique().over("nhs_number", "la_code") == 1,
            pl.col("nhs_number").n_unique().over("record") == 1,
        )
        .sort("nhs_number", "record")
    )


def _councils_that_send(frames: dict[str, pl.DataFrame]) -> pl.Series:
    """Councils whose social care lists the children it knows, so that a pupil's absence there says something."""
    return pl.concat(frames[name]["la_code"] for name in ("cin_child", "safeguarding_person")).unique()


def _current(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Children with whom social care had to do in the last year of what is known."""
    ended_on = {
        "cin_episode": "closed_on",
        "looked_after_episode": "ended_on",
        "safeguarding_episode": "closed_on",
        "safeguarding_care_episode": "ended_on",
    }
    ends = pl.concat(frames[name].select(*CHILD, "known_on", ended_on=end) for name, end in ended_on.items())
    a_year_before = pl.col("known_on").max().dt.offset_by("-1y")
    return (
        ends.filter((pl.col("ended_on") > a_year_before).fill_null(True), pl.col("known_on") > a_year_before)
        .select(CHILD)
        .unique()
    )
