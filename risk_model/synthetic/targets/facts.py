"""What is counted in a world: tables of children, pupils, referrals, plans, waits and visits, without files.

Every table is of true states and true dates, since published figures are of councils and schools and not of what one
partner's file has lost; `papers` alone is about what systems hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic import recording
from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.checks import REVIEWS
from risk_model.synthetic.clock import (
    EVENT_MONDAYS,
    EVENTS_START,
    FIRST_EVENT_WEEK,
    INDEX_DAY,
    Booleans,
    Days,
    Floats,
    Ints,
    age_years,
    school_year,
    week_of,
)
from risk_model.synthetic.csds_records import NOT_BROUGHT_CODES
from risk_model.synthetic.hazards import PARTS, URGENT, in_school, risk_until
from risk_model.synthetic.identification import NO_SEN, REFERENCE
from risk_model.synthetic.queues import LISTS_COUNTED_ON
from risk_model.synthetic.referrals import services
from risk_model.synthetic.school import yearly_absence
from risk_model.synthetic.social_care import CIN_PLAN, LOOKED_AFTER, NONE, PROTECTION_PLAN
from risk_model.synthetic.targets import papers
from risk_model.synthetic.truth import waiting_on
from risk_model.synthetic.world import World

YEAR_START: Final = np.datetime64("2024-09-01")
AUTUMN_END: Final = np.datetime64("2024-12-31")
YEAR_END: Final = np.datetime64("2025-08-31")
COUNCIL_YEAR_START: Final = np.datetime64("2024-04-01")
COUNCIL_YEAR_END: Final = np.datetime64("2025-03-31")
SIX_YEARS_BEFORE: Final = np.datetime64("2019-04-01")
CHECKS_FROM: Final = np.datetime64("2023-06-01")
CHECKS_UNTIL: Final = np.datetime64("2026-06-01")
WEEKS_OF_A_YEAR: Final = 52
CANCELLED: Final = ("2", "4")


@dataclass(frozen=True)
class Facts:
    """One table per kind of thing that is counted; the tables of several councils stand under each other."""

    children: pl.DataFrame
    referrals: pl.DataFrame
    requests: pl.DataFrame
    needs: pl.DataFrame
    suspensions: pl.DataFrame
    waits: pl.DataFrame
    exits: pl.DataFrame
    contacts: pl.DataFrame
    reviews: pl.DataFrame
    papers: pl.DataFrame


def gather(calibration: Calibration, seed: int, world: World) -> Facts:
    """The tables of one council's world, and of what its systems made of it."""
    return Facts(
        children=_children(world),
        referrals=_referrals(world),
        requests=_requests(world),
        needs=world.named_needs.filter((pl.col("census") == REFERENCE) & (pl.col("rank") == 1)).select(
            pl.col("child") + int(world.children.child_id[0]), "need"
        ),
        suspensions=_suspensions(world),
        waits=_waits(calibration, world),
        exits=_exits(calibration, world),
        contacts=_contacts(calibration, world),
        reviews=_reviews(world),
        papers=papers.of(world, recording.record(calibration, seed, world)),
    )


def together(parts: Sequence[Facts]) -> Facts:
    """The tables of several councils as those of one place."""
    return Facts(
        **{field.name: pl.concat([getattr(part, field.name) for part in parts]) for field in fields(Facts)}
    )


def _children(world: World) -> pl.DataFrame:
    children, care = world.children, world.social_care
    names = [name for name, _ in world.known.census]
    position = names.index(REFERENCE)
    on = world.known.census[position][1]
    columns = {
        "child": children.child_id,
        "council": np.full(children.count, world.council.code),
        "boy": children.boy == 1,
        "quintile": children.quintile,
        "is_poor": world.needs.is_poor,
        "is_pupil": in_school(children, np.array([on]))[0] & children.is_resident(on),
        "group": school_year(np.array([on]))[0] - children.reception_year,
        "provision": world.known.provision[position],
        "state": care.states[week_of(on) - FIRST_EVENT_WEEK],
        "is_resident": children.is_resident(COUNCIL_YEAR_END),
        "council_age": np.floor(age_years(children.born, COUNCIL_YEAR_END)).astype(np.int64),
        "council_state": care.states[week_of(COUNCIL_YEAR_END) - FIRST_EVENT_WEEK],
        "was_in_need_this_school_year": _ever(world, YEAR_START, YEAR_END),
        "was_in_need_this_council_year": _ever(world, COUNCIL_YEAR_START, COUNCIL_YEAR_END),
        "index_age": np.floor(age_years(children.born, INDEX_DAY)).astype(np.int64),
        "is_resident_on_index": children.is_resident(INDEX_DAY),
        "ever_sen": (world.known.provision > NO_SEN)[: _until(world, INDEX_DAY)].any(axis=0),
        "urgent_visits": _counted(world.hazards.events.filter(pl.col("part") == URGENT), children.count),
        "was_suspended_before": _suspended_before(world, on),
    }
    columns |= {
        "step_ups": _stepped_up(world),
        "urgent_hazard": risk_until(world.hazards.weekly[URGENT], on, np.arange(children.count)),
    }
    return pl.DataFrame(columns | _social_care_ever(world) | _absence(world))


def _until(world: World, day: np.datetime64) -> int:
    return int(np.searchsorted(np.array([on for _, on in world.known.census]), day, side="right"))


def _ever(world: World, first: np.datetime64, last: np.datetime64) -> Booleans:
    """Open to social care in any week between two days."""
    weeks = (first <= EVENT_MONDAYS) & (last >= EVENT_MONDAYS)
    return np.asarray((world.social_care.states[weeks] > NONE).any(axis=0))


def _suspended_before(world: World, on: np.datetime64) -> Ints:
    rows = world.school.exclusions.filter(pl.col("started_on") < on.astype(object))
    return np.bincount(rows["child"].to_numpy(), minlength=world.children.count).astype(np.int64)


def _counted(events: pl.DataFrame, count: int) -> Ints:
    """True events of the council's year by child."""
    inside = pl.col("on").is_between(COUNCIL_YEAR_START.astype(object), COUNCIL_YEAR_END.astype(object))
    return np.bincount(events.filter(inside)["child"].to_numpy(), minlength=count).astype(np.int64)


def _social_care_ever(world: World) -> dict[str, Booleans]:
    """Found in need at some time: an assessment that ends without a plan is not counted."""
    spells = world.social_care.spells.filter(pl.col("code") >= CIN_PLAN)
    end, index = week_of(COUNCIL_YEAR_END), week_of(INDEX_DAY)
    six_years = (pl.col("week") <= end) & (
        pl.col("ends").is_null() | (pl.col("ends") >= week_of(SIX_YEARS_BEFORE))
    )
    return {
        "was_in_need_in_six_years": _marked(world, spells.filter(six_years)),
        "ever_in_need": _marked(world, spells.filter(pl.col("week") <= index)),
        "ever_looked_after": _marked(
            world, spells.filter((pl.col("code") == LOOKED_AFTER) & (pl.col("week") <= index))
        ),
    }


def _marked(world: World, rows: pl.DataFrame) -> Booleans:
    found = np.zeros(world.children.count, dtype=np.bool_)
    found[rows["child"].to_numpy()] = True
    return found


def _absence(world: World) -> dict[str, Ints | Floats]:
    columns: dict[str, Ints | Floats] = {}
    for name, last in (("autumn", AUTUMN_END), ("year", YEAR_END)):
        share, possible = yearly_absence(world.school, YEAR_START, last)
        columns |= {f"absence_{name}": share, f"sessions_{name}": possible}
    return columns


def _stepped_up(world: World) -> Ints:
    """Enquiries, protection plans and starts of care in the council's year by child."""
    year = pl.col("week").is_between(week_of(COUNCIL_YEAR_START), week_of(COUNCIL_YEAR_END))
    rows = world.social_care.step_ups.filter(year & (pl.col("code") != CIN_PLAN))
    return np.bincount(rows["child"].to_numpy(), minlength=world.children.count).astype(np.int64)


def _referrals(world: World) -> pl.DataFrame:
    """Referrals to social care in the council's year, and whether another came within a year before."""
    last = week_of(COUNCIL_YEAR_END)
    since = pl.col("week") - pl.col("week").shift(1).over("child")
    year = pl.col("week").is_between(last - WEEKS_OF_A_YEAR + 1, last)
    rows = world.social_care.episodes.sort("child", "week").with_columns(since=since).filter(year)
    return rows.select(
        council=pl.lit(world.council.code),
        is_again=(pl.col("since") <= WEEKS_OF_A_YEAR).fill_null(False),
    )


def _requests(world: World) -> pl.DataFrame:
    return world.known.requests.select(
        pl.lit(world.council.code).alias("council"),
        "received_on",
        "starts_on",
        weeks=(pl.col("starts_on") - pl.col("received_on")).dt.total_days() / 7,
    )


def _suspensions(world: World) -> pl.DataFrame:
    inside = pl.col("started_on").is_between(YEAR_START.astype(object), YEAR_END.astype(object))
    rows = world.school.exclusions.filter(inside)
    return rows.select(pl.col("child") + int(world.children.child_id[0]), "is_permanent")


def _names(calibration: Calibration, world: World) -> pl.DataFrame:
    lines = services(calibration, world.council)
    return pl.DataFrame(
        {
            "service": range(len(lines)),
            "provider": [line.provider_code for line in lines],
            "name": [line.service_id.partition("-")[2] for line in lines],
        },
        schema_overrides={"service": pl.Int64},
    )


def _waits(calibration: Calibration, world: World) -> pl.DataFrame:
    """Open waits on the day of the published lists and on the index date, with the child's true risk there."""
    names = _names(calibration, world)
    frames = []
    for on in (LISTS_COUNTED_ON, INDEX_DAY):
        waiting = waiting_on(world, on).join(names, on="service")
        who = waiting["child"].to_numpy()
        total = np.sum([risk_until(world.hazards.weekly[part], on, who) for part in PARTS], axis=0)
        frames.append(
            waiting.select(
                pl.lit(world.council.code).alias("council"),
                pl.col("child") + int(world.children.child_id[0]),
                "provider",
                "name",
                has_sen=pl.Series(world.known.provision[_until(world, on) - 1][who] > NO_SEN),
                is_in_need=pl.Series(world.social_care.states[week_of(on) - FIRST_EVENT_WEEK][who] > NONE),
                weeks=(pl.lit(on.astype(object)) - pl.col("on")).dt.total_days() / 7,
                listed_on=pl.lit(on.astype(object)),
                risk=pl.Series(-np.expm1(-total)),
            )
        )
    return pl.concat(frames)


def _exits(calibration: Calibration, world: World) -> pl.DataFrame:
    """How waits ended in the year before the index date."""
    year = pl.col("gone_on") > (INDEX_DAY - np.timedelta64(365, "D")).astype(object)
    gone = world.queues.referrals.with_columns(gone_on=pl.coalesce("seen_on", "ended_on")).filter(
        (pl.col("outcome") != "waiting") & year & (pl.col("gone_on") <= INDEX_DAY.astype(object))
    )
    return gone.join(_names(calibration, world), on="service").select("name", "outcome")


def _contacts(calibration: Calibration, world: World) -> pl.DataFrame:
    """First appointments that the family did not cancel: missed or kept, and under a protection plan or not."""
    referrals = world.queues.referrals.select("service", "row", "child")
    first = ~pl.col("is_follow_up") & (pl.col("on") >= EVENTS_START.astype(object))
    rows = world.queues.contacts.filter(first & ~pl.col("attendance").is_in(CANCELLED))
    rows = rows.join(referrals, on=["service", "row"]).join(_names(calibration, world), on="service")
    who, weeks = rows["child"].to_numpy(), _weeks(rows["on"].to_numpy())
    return rows.select(
        "name",
        missed=pl.col("attendance").is_in(NOT_BROUGHT_CODES),
        has_plan=pl.Series(world.social_care.states[weeks, who] == PROTECTION_PLAN),
        quintile=pl.Series(world.children.quintile[who]),
    )


def _weeks(days: Days) -> Ints:
    return np.asarray((days - EVENT_MONDAYS[0]) // np.timedelta64(7, "D"), dtype=np.int64)


def _reviews(world: World) -> pl.DataFrame:
    """Mandated health checks that fell due, and whether they took place."""
    children = world.children
    frames = []
    for activity, due, _ in REVIEWS:
        on = children.born + np.timedelta64(due, "D")
        here = (
            (on >= CHECKS_FROM) & (on < CHECKS_UNTIL) & (children.moved_in <= on) & (children.moved_out > on)
        )
        done = _marked(world, world.checks.filter(pl.col("activity") == activity))
        frames.append(
            pl.DataFrame({"took_place": done[here]}).with_columns(
                council=pl.lit(world.council.code), activity=pl.lit(activity)
            )
        )
    return pl.concat(frames)
