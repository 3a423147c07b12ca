"""The cut at one day: the waits, the children who wait, and their records as they were known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from risk_model import coverage, pseudonyms, services
from risk_model.linkage import People
from risk_model.snapshot import waits as rules
from risk_model.snapshot.gaps import with_gaps
from risk_model.snapshot.records import (
    RECORDS,
    REFERRAL_KEY,
    Frames,
    Gathered,
    blank_later,
    gather,
    known,
    known_frames,
    newest,
    with_contact_outcome,
    with_legal_status,
    with_sessions_missed,
)

LAST_AGE_YEARS = 18
"""Ours: who is 18 may still wait for the handover to an adult service; from 19 on it is an adult's wait, of which the
same data sets hold many. Somebody whose birth date is not known stays on the list."""

SHORT_BREAK_STATUS = ("V3", "V4")
"""Planned short breaks are not "looked after" (DfE looked-after statistics)."""

NOT_IN_NEED_CODE = "N9"
"""CIN census: cases other than children in need."""

CARE_STARTED_CODE = "S"
"""SSDA903: the first episode of a period of care; the others are changes within it."""

ASQ_CUT_OFFS = {
    "953211000000100": ("communication", 25.17),
    "953261000000103": ("communication", 24.02),
    "953311000000105": ("communication", 33.30),
    "953231000000108": ("gross motor", 38.07),
    "953281000000107": ("gross motor", 28.01),
    "953331000000102": ("gross motor", 36.14),
    "953221000000106": ("fine motor", 35.16),
    "953271000000105": ("fine motor", 18.42),
    "953321000000104": ("fine motor", 19.25),
    "953241000000104": ("problem solving", 29.78),
    "953291000000109": ("problem solving", 27.62),
    "953341000000106": ("problem solving", 27.08),
    "953251000000101": ("personal and social", 31.54),
    "953301000000108": ("personal and social", 25.31),
    "953351000000109": ("personal and social", 32.01),
}
"""ASQ-3: area of development and the score below which it is a concern, by SNOMED code.

Source: NHS England Reusable-Code-Library, `ASQScoreBand`; 24, 27 and 30 month questionnaires.
"""

PARTNER_TABLES = {
    "health": ("csds_referral", "csds_contact", "mhsds_referral", "mhsds_contact"),
    "education": ("school_census_pupil", "attendance_week", "sen2_request"),
    "social care": (
        "cin_episode",
        "looked_after_episode",
        "safeguarding_episode",
        "safeguarding_care_episode",
    ),
}


@dataclass(frozen=True)
class Snapshot:
    """Everything known on one day about the children who wait.

    `waits` has a row per open referral, `children` a row per child who waits, `tables` the children's records by name,
    each with `person_id` and `days_ago`, the days from the event to the index date. `flow` has each service's referrals
    and first contacts a week, `flow_by_month` counts them, and who left unseen, month by month. `coverage` says what
    reached us of each feed and where (`coverage.of`); the children's `gap_*` columns say why a feed's silence about a
    child is not "no". `adult_waits` counts the waits left out, since whoever waits is no child.
    """

    on: date
    waits: pl.DataFrame
    children: pl.DataFrame
    adult_waits: int
    tables: dict[str, pl.DataFrame]
    flow: pl.DataFrame
    flow_by_month: pl.DataFrame
    data_up_to: dict[str, date | None]
    coverage: pl.DataFrame


def services_waited_for(snapshot: Snapshot) -> pl.DataFrame:
    """Return a row per child who waits: `person_id` and `service_ids`, the services it waits for, sorted."""
    asked = pl.col("service_id").unique().sort()
    return snapshot.waits.group_by("person_id", maintain_order=True).agg(service_ids=asked)


def take(frames: Frames, people: People, on: date, covered: pl.DataFrame | None = None) -> Snapshot:
    """Return what was known on a day: later rows gone, newest version of each record, later end dates blanked.

    `people` are those whom the records known on that day could link (`linkage.link` of `known_frames`); `covered` is
    the coverage of the feeds on that day, under the feeds' usual limits where it is not given.
    """
    covered = coverage.of(frames, on) if covered is None else covered
    gathered = gather(known_frames(frames, on), people)
    cut = {
        name: newest(known(gathered.tables[name], on), record.key).pipe(blank_later, record.ends, on)
        for name, record in RECORDS.items()
    }
    team = newest(known(gathered.tables["team"], on), (*REFERRAL_KEY, "team_id"))
    contact = newest(known(gathered.tables["contact"], on), (*REFERRAL_KEY, "care_contact_id"))
    contact = with_contact_outcome(contact, team).filter(pl.col("contact_on") <= on)
    opened = rules.open_waits(gathered, cut["referral"], team, contact, on)
    waits = _named(opened, people, on)
    everybody = _children(waits, people, on)
    children = everybody.filter((pl.col("age_years") <= LAST_AGE_YEARS).fill_null(True))
    of_adults = waits.join(children, on="person_id", how="anti").height
    waits = waits.join(children, on="person_id", how="semi", maintain_order="left")
    tables = {name: _events(table, RECORDS[name].event_on, children, on) for name, table in cut.items()}
    tables |= _from_health(gathered, tables["referral"], team, contact, waits, children, on)
    tables["attendance"] = with_sessions_missed(tables["attendance"])
    tables["pupil"] = _with_newest(tables["pupil"], "census_on")
    tables["school_need"] = _newest_school_needs(gathered, children, on)
    tables["ehc_request"] = _in_progress(tables["ehc_request"], tables["ehc_plan"])
    tables["episode"] = _open_episodes(tables["episode"])
    tables["care_episode"] = _in_care(with_legal_status(tables["care_episode"], tables["legal_status"]))
    return Snapshot(
        on=on,
        waits=waits,
        adult_waits=of_adults,
        children=with_gaps(children, cut, waits, covered),
        tables=tables,
        flow=rules.weekly_flow(cut["referral"], team, contact, on),
        flow_by_month=rules.monthly_flow(cut["referral"], team, contact, on),
        data_up_to=data_up_to(gathered.frames, on),
        coverage=covered,
    )


def data_up_to(frames: Frames, on: date) -> dict[str, date | None]:
    """Return for each partner the day on which its newest record became known."""

    def newest_known(names: tuple[str, ...]) -> date | None:
        days = [known(frames[name], on)["known_on"].max() for name in names]
        return max((day for day in days if isinstance(day, date)), default=None)

    return {partner: newest_known(names) for partner, names in PARTNER_TABLES.items()}


def _named(opened: pl.DataFrame, people: People, on: date) -> pl.DataFrame:
    request = opened.select(pl.concat_str(REFERRAL_KEY, separator="|")).to_series()
    referral_id = pseudonyms.of(
        request, people.register.key.secret, "referral", pseudonyms.REFERRAL_CHARACTERS
    )
    return opened.select(
        "service_id",
        "service_name",
        "provider_code",
        "team_type_code",
        "dataset",
        referral_id.alias("referral_id"),
        "person_id",
        pseudonyms.child_reference(pl.col("person_id")).alias("child_reference"),
        "priority_code",
        pl.col("received_on").alias("referred_on"),
        "entered_on",
        "first_known_on",
        "missed_on",
        "clock_started_on",
        (pl.lit(on) - pl.col("received_on")).dt.total_days().alias("days_waiting"),
        (pl.lit(on) - pl.col("clock_started_on")).dt.total_days().alias("days_on_clock"),
    ).sort("service_id", "referral_id")


def _children(waits: pl.DataFrame, people: People, on: date) -> pl.DataFrame:
    born = pl.col("born_on")
    birthday_ahead = born.dt.month() * 100 + born.dt.day() > on.month * 100 + on.day
    age = on.year - born.dt.year() - birthday_ahead.cast(pl.Int32)
    return (
        waits.select("person_id")
        .unique()
        .join(people.persons, on="person_id", how="left")
        .with_columns(age_years=age.cast(pl.Int64))
        .sort("person_id")
    )


def _events(table: pl.DataFrame, event_on: str, children: pl.DataFrame, on: date) -> pl.DataFrame:
    """Keep the records of children who wait, up to the day, with the days since each event."""
    return (
        table.join(children.select("person_id"), on="person_id", how="semi", maintain_order="left")
        .filter((pl.col(event_on) <= on).fill_null(True))
        .with_columns(days_ago=(pl.lit(on) - pl.col(event_on)).dt.total_days())
    )


def _from_health(
    gathered: Gathered,
    referral: pl.DataFrame,
    team: pl.DataFrame,
    contact: pl.DataFrame,
    waits: pl.DataFrame,
    children: pl.DataFrame,
    on: date,
) -> dict[str, pl.DataFrame]:
    team_types = team.select(*REFERRAL_KEY, "team_type_code").unique(
        REFERRAL_KEY, keep="first", maintain_order=True
    )
    referred = referral.join(team_types, on=REFERRAL_KEY, how="left")
    contacts = _events(contact, "contact_on", children, on)
    return {
        "wait": waits,
        "past_referral": referred.filter(
            ~pl.col("team_type_code").is_in(services.NOT_WAITS).fill_null(False),
            pl.col("discharged_on").is_not_null(),
        ),
        "contact": contacts,
        "urgent_care": contacts.filter(
            "was_attended", pl.col("team_type_code") == services.URGENT_CARE
        ).unique(("person_id", "contact_on"), maintain_order=True),
        "development_score": _development_scores(gathered, children, on),
    }


def _development_scores(gathered: Gathered, children: pl.DataFrame, on: date) -> pl.DataFrame:
    """The newest completed questionnaire of each child, by area of development."""
    cut_offs = pl.DataFrame(
        [(code, area, cut_off) for code, (area, cut_off) in ASQ_CUT_OFFS.items()],
        schema={"snomed_code": pl.String, "area_code": pl.String, "cut_off": pl.Float64},
        orient="row",
    )
    scores = _events(known(gathered.tables["score"], on), "contact_on", children, on)
    scores = scores.join(cut_offs, on="snomed_code").filter(
        pl.col("contact_on") == pl.col("contact_on").max().over("person_id")
    )
    return scores.with_columns(is_below_cut_off=pl.col("score") < pl.col("cut_off"))


def _with_newest(table: pl.DataFrame, event_on: str) -> pl.DataFrame:
    return table.with_columns(is_newest=pl.col(event_on) == pl.col(event_on).max().over("person_id"))


def _newest_school_needs(gathered: Gathered, children: pl.DataFrame, on: date) -> pl.DataFrame:
    """The needs of the newest census that asked for them (spring)."""
    needs = _events(known(gathered.tables["school_need"], on), "census_on", children, on)
    return _with_newest(needs, "census_on").filter("is_newest")


def _in_progress(request: pl.DataFrame, plan: pl.DataFrame) -> pl.DataFrame:
    """An open request with no outcome, and no plan since, is an assessment in progress."""
    plans = plan.group_by("person_id").agg(last_plan_on=pl.col("started_on").max())
    planned = (pl.col("last_plan_on") >= pl.col("received_on")).fill_null(False)
    return request.join(plans, on="person_id", how="left", maintain_order="left").with_columns(
        is_in_progress=pl.col("outcome_on").is_null() & ~planned
    )


def _open_episodes(episode: pl.DataFrame) -> pl.DataFrame:
    """Open in need: not closed, not "no further action", not a case other than a child in need."""
    in_need = ~pl.col("is_no_further_action").fill_null(False) & (
        pl.col("primary_need_code") != NOT_IN_NEED_CODE
    ).fill_null(True)
    return episode.with_columns(is_open=pl.col("closed_on").is_null() & in_need)


def _in_care(care_episode: pl.DataFrame) -> pl.DataFrame:
    """Looked after: an open episode under any legal status but planned short breaks; and since when in all."""
    short_breaks = pl.col("legal_status_code").is_in(SHORT_BREAK_STATUS).fill_null(False)
    first_of_period = pl.col("reason_started_code") == CARE_STARTED_CODE
    started_on = pl.when(first_of_period).then(pl.col("started_on")).max().over("person_id")
    return care_episode.filter(~short_breaks).with_columns(
        is_open=pl.col("ended_on").is_null(),
        care_started_on=pl.coalesce(started_on, pl.col("started_on").min().over("person_id")),
    )
