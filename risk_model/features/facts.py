"""What each partner's records say of a child, in plain words with source and date, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from risk_model.coverage import FEEDS, TELLERS
from risk_model.features.definition import DAYS_3_MONTHS, DAYS_12_MONTHS, within
from risk_model.features.education import EHC_PLAN_CODES, SEN_SUPPORT_CODES, SUSPENSION_CODES
from risk_model.features.health import URGENT_PRIORITY
from risk_model.snapshot import Snapshot, column_of

RECORDED, NONE, UNKNOWN = "recorded", "none", "unknown"
NOT_LINKED = {
    "education": "No school record could be linked, or not yet at school",
    "social_care": "No council record could be linked",
}
PERSISTENT_ABSENCE_SHARE = 0.10
"""DfE: persistently absent is missing a tenth of the possible sessions or more."""


def of_children(snapshot: Snapshot) -> pl.DataFrame:
    """Return for each child `*_state` and `*_facts` by partner and `unknown_facts` (partner, fact, why)."""
    partners = {
        "health": _health(snapshot),
        "education": _education(snapshot),
        "social_care": _social_care(snapshot),
    }
    table = snapshot.children.select(
        "person_id",
        *(_why_not_known(partner).alias(f"{partner}_why") for partner in partners),
    )
    for partner, found in partners.items():
        listed = found.sort("person_id", "order", "fact").group_by("person_id", maintain_order=True)
        table = table.join(listed.agg(pl.col("fact").alias(f"{partner}_facts")), on="person_id", how="left")
    return (
        table.with_columns(
            *(_state(partner) for partner in partners),
            *(pl.col(f"{partner}_facts").fill_null([]) for partner in partners),
            unknown_facts=_unknown_facts(),
        )
        .join(_school_years(snapshot), on="person_id", how="left")
        .drop(f"{partner}_why" for partner in partners)
    )


def _school_years(snapshot: Snapshot) -> pl.DataFrame:
    """The school year of the newest census, as people say it."""
    code = pl.col("year_group_code").str.to_uppercase()
    words = (
        pl.when(code.str.contains(r"^\d+$"))
        .then("Year " + code)
        .when(code == "R")
        .then(pl.lit("Reception"))
        .when(code.is_in(["N1", "N2", "E1", "E2"]))
        .then(pl.lit("Nursery"))
    )
    newest = (
        snapshot.tables["pupil"].filter("is_newest").unique("person_id", keep="last", maintain_order=True)
    )
    return newest.select("person_id", school_year=words)


def _why_not_known(partner: str) -> pl.Expr:
    """Why the absence of a partner's record means nothing: feeds that are not there, or else no link; null if known.

    Assessment factors, which one feed alone tells, are a detail: where another tells of the rest, the rest is known.
    """
    mine = [tellers for tellers in TELLERS if FEEDS[tellers[0]].partner == partner.replace("_", " ")]
    main = [column_of(tellers) for tellers in mine if not any(set(tellers) < set(more) for more in mine)]
    gaps = pl.concat_list(main).list.drop_nulls().list.unique(maintain_order=True).list.join("; ")
    gaps = pl.when(gaps != "").then(gaps.str.slice(0, 1).str.to_uppercase() + gaps.str.slice(1))
    if partner not in NOT_LINKED:
        return gaps
    return pl.coalesce(gaps, pl.when(~pl.col(f"is_linked_to_{partner}")).then(pl.lit(NOT_LINKED[partner])))


def _state(partner: str) -> pl.Expr:
    recorded = pl.col(f"{partner}_facts").is_not_null()
    can_be_known = pl.col(f"{partner}_why").is_null()
    state = pl.when(recorded).then(pl.lit(RECORDED)).when(can_be_known).then(pl.lit(NONE))
    return state.otherwise(pl.lit(UNKNOWN)).alias(f"{partner}_state")


def _unknown_facts() -> pl.Expr:
    def fact(partner: str, record: str) -> pl.Expr:
        why = pl.col(f"{partner}_why")
        words = pl.struct(partner=pl.lit(partner.replace("_", " ")), fact=pl.lit(record), why=why)
        return pl.when(why.is_not_null()).then(words)

    return pl.concat_list(
        fact("education", "School record"),
        fact("social_care", "Social care record"),
        fact("health", "Health record"),
    ).list.drop_nulls()


def _health(snapshot: Snapshot) -> pl.DataFrame:
    tables = snapshot.tables
    waiting = _day("Waiting for " + pl.col("service_name").str.to_lowercase() + " since", "referred_on")
    urgent = tables["wait"].filter(pl.col("priority_code").is_in(URGENT_PRIORITY))
    visits = tables["urgent_care"].filter(within(DAYS_12_MONTHS)).group_by("person_id").agg(n=pl.len())
    return _facts(
        {
            1: (urgent, "Marked urgent for " + pl.col("service_name").str.to_lowercase()),
            2: (tables["wait"], waiting),
            3: (tables["disability"].unique("person_id"), pl.lit("Health record shows a disability")),
            4: (visits, _count("urgent care visits", "urgent care visit", "in 12 months")),
        }
    )


def _education(snapshot: Snapshot) -> pl.DataFrame:
    tables = snapshot.tables
    newest_provision = tables["pupil"].filter("is_newest").select("person_id", now="sen_provision_code")
    pupils = tables["pupil"].join(newest_provision, on="person_id")
    support = pupils.filter(
        pl.col("now").is_in(SEN_SUPPORT_CODES), pl.col("sen_provision_code") == pl.col("now")
    )
    school_plan = pupils.filter(
        pl.col("now").is_in(EHC_PLAN_CODES), pl.col("sen_provision_code") == pl.col("now")
    )
    plan = pl.concat(
        [
            tables["ehc_plan"].filter(pl.col("ceased_on").is_null()).select("person_id", on="started_on"),
            school_plan.select("person_id", on="census_on"),
        ]
    )
    suspensions = tables["exclusion"].filter(
        pl.col("category_code").is_in(SUSPENSION_CODES), within(DAYS_12_MONTHS)
    )
    absence = (
        tables["attendance"]
        .filter(within(DAYS_3_MONTHS), pl.col("sessions_possible") > 0)
        .group_by("person_id")
        .agg(
            share=pl.col("sessions_missed").sum() / pl.col("sessions_possible").sum(),
            on=pl.col("week_ended_on").max(),
        )
        .filter(pl.col("share") >= PERSISTENT_ABSENCE_SHARE)
    )
    percent = (pl.col("share") * 100).round().cast(pl.Int64).cast(pl.String)
    return _facts(
        {
            1: (_first(plan, "on"), _month("EHC plan since", "on")),
            2: (_first(support, "census_on"), _month("School record shows SEN support since", "census_on")),
            3: (
                _first(tables["ehc_request"].filter("is_in_progress"), "received_on"),
                _month("EHC needs assessment asked for in", "received_on"),
            ),
            4: (absence, _day("Missed " + percent + "% of school in the 3 months to", "on")),
            5: (
                suspensions.group_by("person_id").agg(n=pl.len()),
                _count("suspensions", "suspension", "in 12 months"),
            ),
        }
    )


def _social_care(snapshot: Snapshot) -> pl.DataFrame:
    tables = snapshot.tables
    open_now = {
        1: ("care_episode", pl.col("is_open"), "care_started_on", "Looked after since"),
        2: ("protection_plan", pl.col("ended_on").is_null(), "started_on", "Child protection plan since"),
        3: ("child_in_need_plan", pl.col("ended_on").is_null(), "started_on", "Child in need plan since"),
        4: ("episode", pl.col("is_open"), "referred_on", "Open to social care since"),
    }
    facts = _facts(
        {
            order: (_first(tables[name].filter(is_open), since), _month(words, since))
            for order, (name, is_open, since, words) in open_now.items()
        }
    )
    health_says = tables["patient"].filter(pl.col("is_looked_after").fill_null(False)).unique("person_id")
    from_health = _facts({5: (health_says, pl.lit("Health record shows looked after"))})
    known_to_council = facts.filter(pl.col("order") == 1)
    return pl.concat([facts, from_health.join(known_to_council, on="person_id", how="anti")])


def _facts(listed: Mapping[int, tuple[pl.DataFrame, pl.Expr]]) -> pl.DataFrame:
    return pl.concat(
        table.select("person_id", order=pl.lit(order, pl.Int32), fact=words.cast(pl.String))
        for order, (table, words) in listed.items()
    )


def _first(table: pl.DataFrame, on: str) -> pl.DataFrame:
    return table.group_by("person_id").agg(pl.col(on).min())


def _day(words: str | pl.Expr, on: str) -> pl.Expr:
    return pl.concat_str(_text(words), pl.col(on).dt.to_string("%-d %b %Y"), separator=" ")


def _month(words: str, on: str) -> pl.Expr:
    return pl.concat_str(_text(words), pl.col(on).dt.to_string("%B %Y"), separator=" ")


def _text(words: str | pl.Expr) -> pl.Expr:
    return pl.lit(words) if isinstance(words, str) else words


def _count(many: str, one: str, when: str) -> pl.Expr:
    noun = pl.when(pl.col("n") == 1).then(pl.lit(one)).otherwise(pl.lit(many))
    return pl.concat_str(pl.col("n").cast(pl.String), noun, pl.lit(when), separator=" ")
