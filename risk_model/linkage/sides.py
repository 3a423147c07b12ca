"""The two sides of the join: one record per person in health, one per person at the council and its schools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from risk_model import contracts, merged, services
from risk_model.contracts.purposes import check_may_use
from risk_model.linkage.numbers import upns_of_identifiers

USABLE_STATUS = ("01", "02")
"""NHS number present and verified, or present and not traced; the others never link (NHS Data Dictionary)."""

_PATIENT = (
    "provider_code",
    "local_patient_id",
    "nhs_number",
    "nhs_number_status_code",
    "born_on",
    "sex_code",
    "postcode",
    "school_urn",
)
_COUNCIL_CHILD = ("la_code", "la_child_id", "upn", "born_on", "sex_code")
JOINED_ON = {
    "csds_patient": (*_PATIENT, "home_la_code"),
    "csds_referral": ("provider_code", "service_request_id", "local_patient_id"),
    "csds_team": ("provider_code", "service_request_id"),
    "mhsds_patient": _PATIENT,
    "mhsds_referral": ("provider_code", "service_request_id", "local_patient_id"),
    "cin_child": _COUNCIL_CHILD,
    "cin_episode": ("la_code", "la_child_id"),
    "looked_after_child": _COUNCIL_CHILD,
    "looked_after_episode": ("la_code", "la_child_id", "home_postcode"),
    "safeguarding_person": (*_COUNCIL_CHILD, "nhs_number"),
    "safeguarding_identifier": (
        "la_code",
        "la_child_id",
        "identifier_type_code",
        "identifier",
        "valid_until",
    ),
    "safeguarding_send": ("la_code", "la_child_id", "upn"),
    "safeguarding_episode": ("la_code", "la_child_id"),
    "safeguarding_care_episode": ("la_code", "la_child_id"),
    "school_census_pupil": ("upn", "la_code", "born_on", "sex_code", "postcode", "school_urn"),
    "sen2_person": ("upn", "la_code", "born_on", "sex_code", "postcode"),
}
"""Every contract column by which records are told to be one child's; other columns only say who is looked for."""

COUNCIL_CHILDREN = ("cin_child", "looked_after_child", "safeguarding_person")
"""The tables in which a council says who a child is, under its own number."""


@dataclass(frozen=True)
class Side:
    """One side's persons.

    `records` has a row per person: `spine`, `born_on`, `sex`, `postcodes`, `schools` and `la_code` (in health the home
    council); `holders` maps each partner's own id to the spine.
    """

    records: pl.DataFrame
    holders: dict[str, pl.DataFrame]


def check_may_join(tables: Mapping[str, contracts.Table]) -> None:
    """Raise when a column that the join needs may not be used for linkage."""
    for name, columns in JOINED_ON.items():
        check_may_use(tables[name], columns, "linkage")


def health_side(frames: dict[str, pl.DataFrame]) -> Side:
    """Return everyone who was ever referred to a service that children wait for, joined by exact NHS number.

    A number counts for all rows of its patient, also for those sent before it was traced; a referral whose patient row
    is missing or was rejected still has its child.
    """
    patients = _waiting_patients(frames).with_columns(
        sex=_sex(pl.col("sex_code")), postcode=_postcode(pl.col("postcode"))
    )
    usable = pl.when(pl.col("nhs_number_status_code").is_in(USABLE_STATUS)).then(pl.col("nhs_number"))
    patient = ("provider_code", "local_patient_id")
    patients = patients.with_columns(
        number=usable.drop_nulls().last().over(patient), local=pl.concat_str(patient, separator="|")
    )
    conflicting = _numbers_of_two_people(patients)
    spine = (
        pl.when(pl.col("number").is_not_null() & ~pl.col("number").is_in(conflicting.implode()))
        .then("nhs|" + pl.col("number"))
        .otherwise("local|" + pl.col("local"))
    )
    patients = patients.with_columns(spine=spine)
    home = patients.with_columns(la_code="home_la_code")
    records = _one_record_each(home, "postcode", "school_urn").join(
        patients.group_by("spine").agg(pl.col("number").drop_nulls().first().alias("nhs_number")), on="spine"
    )
    holders = patients.select("provider_code", "local_patient_id", "spine").unique(
        ("provider_code", "local_patient_id"), keep="last", maintain_order=True
    )
    return Side(records.sort("spine"), {"patient": holders})


def council_side(frames: dict[str, pl.DataFrame]) -> Side:
    """Return everyone whom schools or social care know, joined by exact UPN and by council id."""
    children = _council_children(frames)
    with_upn = children.filter(pl.col("upn").is_not_null()).unique(
        ("la_code", "la_child_id"), keep="last", maintain_order=True
    )
    council_spine = "council|" + pl.concat_str("la_code", "la_child_id", separator="|", ignore_nulls=True)
    children = (
        children.drop("upn")
        .join(with_upn.select("la_code", "la_child_id", "upn"), on=("la_code", "la_child_id"), how="left")
        .with_columns(
            spine=pl.when(pl.col("upn").is_not_null()).then("upn|" + pl.col("upn")).otherwise(council_spine)
        )
    )
    pupils = _pupils(frames).with_columns(spine="upn|" + pl.col("upn"))
    columns = ("spine", "born_on", "sex", "postcode", "school_urn", "la_code")
    everyone = pl.concat([pupils.select(columns), children.select(columns)])
    records = _one_record_each(everyone, "postcode", "school_urn").with_columns(
        has_upn=pl.col("spine").str.starts_with("upn|"),
        council_sends=pl.col("la_code").is_in(_councils_that_send(frames).implode()).fill_null(False),
        has_council_id=pl.col("spine").is_in(children["spine"].implode()),
        is_current=pl.col("spine").is_in(_current(frames, children).implode()),
    )
    upns = pl.concat([pupils.select("upn", "spine"), children.select("upn", "spine").drop_nulls()])
    return Side(
        records.sort("spine"),
        {
            "pupil": upns.unique("upn", keep="last", maintain_order=True),
            "council_child": children.select("la_code", "la_child_id", "spine").unique(
                ("la_code", "la_child_id"), keep="last", maintain_order=True
            ),
        },
    )


def _waiting_patients(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    request = ("provider_code", "service_request_id")
    not_waits = (*services.OPEN_BY_DESIGN, services.URGENT_CARE)
    requests = merged.table(frames, "request")
    waited_for = frames["csds_team"].filter(~pl.col("team_type_code").is_in(not_waits).fill_null(False))
    with_team = requests.join(waited_for, on=request, how="semi")
    without_team = requests.join(frames["csds_team"], on=request, how="anti")
    referred = pl.concat([with_team, without_team])
    patient_key = ("provider_code", "local_patient_id")
    waiting = referred.select(*patient_key, "known_on").unique(patient_key, keep="first", maintain_order=True)
    described = merged.table(frames, "patient").join(waiting, on=patient_key, how="semi")
    undescribed = waiting.join(described, on=patient_key, how="anti")
    return pl.concat([described, undescribed], how="diagonal").sort(
        "known_on", "period_ended_on", "source_file", "source_row"
    )


def _numbers_of_two_people(patients: pl.DataFrame) -> pl.Series:
    """NHS numbers under which both the date of birth and every postcode differ: never merged without a person.

    A date of birth that was not sent says nothing against.
    """
    newest = patients.filter(pl.col("number").is_not_null()).unique(
        ("provider_code", "local_patient_id"), keep="last", maintain_order=True
    )
    counts = newest.group_by("number").agg(
        births=pl.col("born_on").drop_nulls().n_unique(),
        places=pl.col("postcode").n_unique(),
        patients=pl.len(),
    )
    conflict = (pl.col("births") > 1) & (pl.col("places") == pl.col("patients"))
    return counts.filter(conflict).sort("number")["number"]


def _council_children(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Children of the CIN census, SSDA903 and safeguarding dataset under the council id that all use."""
    home = (
        frames["looked_after_episode"]
        .sort("known_on", "started_on")
        .group_by("la_code", "la_child_id", maintain_order=True)
        .agg(postcode=_postcode(pl.col("home_postcode")).last())
    )
    columns = ("la_code", "la_child_id", "upn", "born_on", "sex_code", "known_on", "source_row")
    with_upn_alone = (upns_of_identifiers(frames), frames["safeguarding_send"])
    listed = pl.concat(
        [
            *(more.select(c for c in columns if c in more.columns) for more in with_upn_alone),
            *(frames[name].select(columns) for name in COUNCIL_CHILDREN),
        ],
        how="diagonal",
    ).select(columns)
    return (
        listed.sort("known_on", "source_row", maintain_order=True)
        .join(home, on=("la_code", "la_child_id"), how="left", maintain_order="left")
        .with_columns(sex=_sex(pl.col("sex_code")), school_urn=pl.lit(None, pl.String))
    )


def _councils_that_send(frames: dict[str, pl.DataFrame]) -> pl.Series:
    """Councils whose social care lists the children it knows, so that a pupil's absence there says something."""
    return pl.concat(frames[name]["la_code"] for name in ("cin_child", "safeguarding_person")).unique()


def _current(frames: dict[str, pl.DataFrame], children: pl.DataFrame) -> pl.Series:
    """Spines of the children with whom social care had to do in the last year of what is known."""
    council_id = ("la_code", "la_child_id")
    ended_on = {
        "cin_episode": "closed_on",
        "looked_after_episode": "ended_on",
        "safeguarding_episode": "closed_on",
        "safeguarding_care_episode": "ended_on",
    }
    ends = pl.concat(
        frames[name].select(*council_id, "known_on", ended_on=end) for name, end in ended_on.items()
    )
    a_year_before = pl.col("known_on").max().dt.offset_by("-1y")
    current = ends.filter(
        (pl.col("ended_on") > a_year_before).fill_null(True), pl.col("known_on") > a_year_before
    )
    return children.join(current, on=council_id, how="semi")["spine"].unique().sort()


def _pupils(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    census = frames["school_census_pupil"].select(
        "upn", "la_code", "born_on", "sex_code", "postcode", "school_urn", "known_on", "source_row"
    )
    plans = frames["sen2_person"].select(
        "upn",
        "la_code",
        "born_on",
        "sex_code",
        "postcode",
        pl.lit(None, pl.String).alias("school_urn"),
        "known_on",
        "source_row",
    )
    return (
        pl.concat([census, plans])
        .filter(pl.col("upn").is_not_null())
        .sort("known_on", "source_row", maintain_order=True)
        .with_columns(sex=_sex(pl.col("sex_code")), postcode=_postcode(pl.col("postcode")))
    )


def _one_record_each(rows: pl.DataFrame, postcode: str, school: str) -> pl.DataFrame:
    """The newest date of birth and sex of each person, with every postcode and school ever recorded."""
    return rows.group_by("spine", maintain_order=True).agg(
        pl.col("born_on").drop_nulls().last(),
        pl.col("sex").drop_nulls().last(),
        postcodes=pl.col(postcode).drop_nulls().unique().sort(),
        schools=pl.col(school).drop_nulls().unique().sort(),
        la_code=pl.col("la_code").drop_nulls().last(),
    )


def _sex(code: pl.Expr) -> pl.Expr:
    return code.str.to_uppercase().replace_strict({"1": "M", "M": "M", "2": "F", "F": "F"}, default=None)


def _postcode(postcode: pl.Expr) -> pl.Expr:
    return postcode.str.to_uppercase().str.replace_all(" ", "")
