"""What the providers' systems hold in the shape of CSDS: referrals, clocks, contacts and activities."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic import identifiers
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import EVENT_MONDAYS, FIRST_EVENT_WEEK, INDEX_DATE, WINDOW_START
from risk_model.synthetic.hazards import URGENT
from risk_model.synthetic.patient_records import divided_by_adoption, with_record
from risk_model.synthetic.queues import SEEN
from risk_model.synthetic.recording import Records, kept
from risk_model.synthetic.referrals import services
from risk_model.synthetic.social_care import LOOKED_AFTER, PROTECTION_PLAN
from risk_model.synthetic.world import World

HEALTH_VISITING: Final = "16"
SCHOOL_NURSING: Final = "32"
URGENT_CARE: Final = "49"
FIRST_REFERRAL_ID: Final = 10_000_000
FIRST_CONTACT_ID: Final = 20_000_000
IDS_APART: Final = 100
"""Far more referrals or contacts than a child has, so that those of two councils never meet."""
CLOSURE_CODES: Final = {
    "seen": "01",
    "no_longer_needed": "02",
    "moved_away": "03",
    "aged_out": "04",
    "private": "05",
    "not_brought": "06",
}
STOP_CODES: Final = {"seen": "30", "no_longer_needed": "35", "private": "35", "not_brought": "34"}
NOT_BROUGHT_CODES: Final = ("3", "7")
ATTENDED_CODES: Final = ("5", "6")


@dataclass(frozen=True)
class HealthRecords:
    """Referrals with team and dates, clocks, contacts and scored assessments, keyed by `referral`."""

    referrals: pl.DataFrame
    clocks: pl.DataFrame
    contacts: pl.DataFrame
    scores: pl.DataFrame


def gather(calibration: Calibration, seed: int, world: World, records: Records) -> HealthRecords:
    """Everything the providers recorded from the start of the window to the index date."""
    rng = stream(seed, "recording.csds")
    children_before = world.children.first
    waits, wait_contacts, clocks = _waits(calibration, world)
    doubles = _duplicates(calibration, rng, waits)
    reviews, review_contacts, scores = _health_visits(world)
    nursing, nursing_contacts = _school_nursing(world)
    urgent, urgent_contacts = _urgent_visits(calibration, rng, world)
    parts = (waits, doubles, reviews, nursing, urgent)
    referrals = pl.concat(parts, how="diagonal").with_columns(sent_from=pl.lit(None, pl.Date))
    contacts = pl.concat([wait_contacts, review_contacts, nursing_contacts, urgent_contacts], how="diagonal")
    referrals, clocks, contacts = divided_by_adoption(referrals, clocks, contacts, records)
    referrals = with_record(referrals, records).sort("received_on", "child", "team_type", "key")
    ids = pl.Series(
        identifiers.shuffled_ids(rng, referrals.height, "SR", FIRST_REFERRAL_ID + IDS_APART * children_before)
    )
    referrals = referrals.with_row_index("referral").with_columns(service_request_id=ids)
    known = referrals.select("key", "referral", "provider", "child", "service_request_id", "team_id")
    contacts = contacts.join(known, on="key", how="inner").sort("on", "referral", "attendance")
    contact_ids = pl.Series(
        identifiers.shuffled_ids(rng, contacts.height, "CC", FIRST_CONTACT_ID + IDS_APART * children_before)
    )
    contacts = contacts.with_columns(
        care_contact_id=contact_ids, care_activity_id="CA" + contact_ids.str.slice(2)
    )
    scored = contacts.filter(pl.col("check").is_not_null()).select(
        "check", "care_activity_id", "provider", "on"
    )
    scores = scores.join(scored, on="check", how="inner").sort("on", "care_activity_id", "snomed")
    clocks = clocks.join(known, on="key", how="inner").sort("referral", "starts_on")
    return HealthRecords(referrals, clocks, contacts, scores)


def _waits(calibration: Calibration, world: World) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    teams = _teams(calibration, world)
    everything = world.queues.referrals.join(teams, on="service", how="left")
    recent = pl.col("ended_on").is_null() | (pl.col("ended_on") >= WINDOW_START)
    key = pl.format("w-{}-{}", "service", "row")
    refused = pl.col("outcome") == "inappropriate"
    waits = everything.filter(recent).select(
        "child",
        "provider",
        "team_type",
        "is_consultant_led",
        "priority",
        "seen_on",
        "outcome",
        key=key,
        received_on="on",
        source=pl.col("row").mod(20).replace_strict(_sources(), return_dtype=pl.String),
        reason=pl.format("R{}", "team_type"),
        discharged_on="ended_on",
        rejected_on=pl.when(refused).then("ended_on"),
        closure=pl.col("outcome").replace_strict(CLOSURE_CODES, default=None, return_dtype=pl.String),
        team_id=pl.format("{}-{}", "provider", "team_type"),
    )
    contacts = (
        world.queues.contacts.join(teams, on="service", how="left")
        .select(
            "on",
            "attendance",
            "is_follow_up",
            key=key,
            activity=pl.when(pl.col("attendance").is_in(ATTENDED_CODES)).then(
                pl.when("is_follow_up").then(pl.lit("03")).otherwise(pl.lit("02"))
            ),
        )
        .filter(pl.col("on") >= WINDOW_START)
    )
    return waits, contacts, _clocks(world, waits)


def _teams(calibration: Calibration, world: World) -> pl.DataFrame:
    lines = services(calibration, world.council)
    return pl.DataFrame(
        {
            "service": np.arange(len(lines)),
            "provider": [line.provider_code for line in lines],
            "team_type": [line.team_type_code for line in lines],
            "is_consultant_led": [line.is_consultant_led for line in lines],
        }
    )


def _sources() -> dict[int, str]:
    """Where a referral came from: general practice, schools, health visitors and social care."""
    return {
        place: "01" if place < 7 else "07" if place < 13 else "11" if place < 17 else "06"
        for place in range(20)
    }


def _clocks(world: World, waits: pl.DataFrame) -> pl.DataFrame:
    """Waiting clocks; for a child not brought one stops (33) and another starts at rebooking (10)."""
    missed = world.queues.contacts.filter(
        pl.col("attendance").is_in(NOT_BROUGHT_CODES) & ~pl.col("is_follow_up")
    ).select(key=pl.format("w-{}-{}", "service", "row"), on="on", rebooked=pl.col("row").mod(14) + 5)
    first = waits.select("key", starts_on="received_on")
    again = missed.select("key", starts_on=pl.col("on") + pl.duration(days="rebooked"))
    starts = pl.concat([first, again]).filter(pl.col("starts_on") <= INDEX_DATE).sort("key", "starts_on")
    stops = missed.select("key", stopped_on="on").sort("stopped_on")
    clocks = starts.sort("starts_on").join_asof(
        stops,
        left_on="starts_on",
        right_on="stopped_on",
        by="key",
        strategy="forward",
        check_sortedness=False,
    )
    final = waits.select("key", "team_type", "is_consultant_led", "outcome", "seen_on", "discharged_on")
    ends = pl.when(pl.col("outcome") == SEEN).then("seen_on").otherwise("discharged_on")
    return (
        clocks.join(final, on="key", how="inner")
        .with_columns(ends_on=pl.coalesce("stopped_on", ends))
        .with_columns(
            stop=pl.when(pl.col("stopped_on").is_not_null())
            .then(pl.lit("33"))
            .when(pl.col("ends_on").is_not_null())
            .then(pl.col("outcome").replace_strict(STOP_CODES, default="34", return_dtype=pl.String)),
            measure=pl.when("is_consultant_led")
            .then(pl.lit("01"))
            .when(pl.col("team_type") == "37")
            .then(pl.lit("09"))
            .otherwise(pl.lit("02")),
        )
        .filter(pl.col("ends_on").is_null() | (pl.col("ends_on") >= pl.col("starts_on")))
        .select("key", "starts_on", "ends_on", "stop", "measure", "is_consultant_led")
    )


def _duplicates(calibration: Calibration, rng: np.random.Generator, waits: pl.DataFrame) -> pl.DataFrame:
    """A second referral for the same wait, some days later under its own number, never seen."""
    chosen = rng.random(waits.height) < calibration.numbers("record.error")["duplicate_referral"]
    later = pl.Series(rng.integers(1, 12, int(chosen.sum())))
    doubles = waits.filter(pl.Series(chosen)).with_columns(
        key="d-" + pl.col("key"),
        received_on=pl.col("received_on") + pl.duration(days=pl.lit(later)),
        is_consultant_led=pl.lit(False),
        rejected_on=pl.lit(None, pl.Date),
    )
    return doubles.filter(
        (pl.col("received_on") <= INDEX_DATE)
        & (pl.col("discharged_on").is_null() | (pl.col("discharged_on") >= pl.col("received_on")))
    )


def _health_visits(world: World) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """One health visiting referral per child, open since birth, sent only in months with a review."""
    children = world.children
    contacts = world.checks.select(
        "on",
        "activity",
        "check",
        key=pl.format("h-{}", "child"),
        attendance=pl.lit("5"),
        is_follow_up=pl.lit(False),
    )
    who = world.checks["child"].unique().sort().to_numpy()
    referrals = pl.DataFrame(
        {"child": who, "received_on": children.born[who] + np.timedelta64(5, "D")}
    ).with_columns(
        key=pl.format("h-{}", "child"),
        provider=_provider(world, "community"),
        team_type=pl.lit(HEALTH_VISITING),
        priority=pl.lit("1"),
        source=pl.lit("02"),
        reason=pl.lit("R16"),
        team_id=_team(world, "community", HEALTH_VISITING),
        only_when_active=pl.lit(True),
    )
    return referrals, contacts, world.asq


def _school_nursing(world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A school nursing referral for children who enter care or go on a protection plan, with one contact."""
    spells = world.social_care.spells.filter(
        pl.col("code").is_in([PROTECTION_PLAN, LOOKED_AFTER]) & (pl.col("week") >= FIRST_EVENT_WEEK)
    ).with_row_index("spell")
    weeks = spells["week"].to_numpy() - FIRST_EVENT_WEEK
    starts = EVENT_MONDAYS[weeks] + np.timedelta64(7, "D")
    frame = spells.select("child", key=pl.format("n-{}", "spell")).with_columns(received_on=pl.Series(starts))
    frame = frame.filter(pl.col("received_on") <= INDEX_DATE)
    referrals = frame.with_columns(
        provider=_provider(world, "community"),
        team_type=pl.lit(SCHOOL_NURSING),
        priority=pl.lit("1"),
        source=pl.lit("06"),
        reason=pl.lit("R32"),
        team_id=_team(world, "community", SCHOOL_NURSING),
        only_when_active=pl.lit(True),
    )
    contacts = frame.select(
        "key",
        on=pl.col("received_on") + pl.duration(days=14),
        attendance=pl.lit("5"),
        is_follow_up=pl.lit(False),
        activity=pl.lit("04"),
    )
    return referrals, contacts.filter(pl.col("on") <= INDEX_DATE)


def _urgent_visits(
    calibration: Calibration, rng: np.random.Generator, world: World
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Urgent-care attendances of children who live here: a referral opened, seen and closed on the day."""
    events = world.hazards.events.filter((pl.col("part") == URGENT) & (pl.col("on") <= INDEX_DATE))
    who, on = events["child"].to_numpy(), events["on"].to_numpy()
    children = world.children
    here = (children.moved_in[who] <= on) & (children.moved_out[who] > on)
    here &= children.born[who] + np.timedelta64(6574, "D") > on
    events = kept(
        rng, events.filter(pl.Series(here)), calibration.numbers("record.label_missed")["urgent_care"]
    )
    frame = events.with_row_index("visit").select("child", "on", key=pl.format("u-{}", "visit"))
    referrals = frame.select("child", "key", received_on="on", discharged_on="on").with_columns(
        provider=_provider(world, "hospital"),
        team_type=pl.lit(URGENT_CARE),
        priority=pl.lit("2"),
        source=pl.lit("03"),
        reason=pl.lit("R49"),
        team_id=_team(world, "hospital", URGENT_CARE),
        closure=pl.lit("01"),
    )
    contacts = frame.select(
        "key", "on", attendance=pl.lit("5"), is_follow_up=pl.lit(False), activity=pl.lit("02")
    )
    return referrals, contacts


def _provider(world: World, kind: str) -> pl.Expr:
    """The community provider or the hospital of each row's child."""
    codes = [getattr(catchment, kind) for catchment in world.council.catchments]
    by_child = pl.Series(np.array(codes)[world.children.catchment], dtype=pl.String)
    return pl.lit(by_child).gather(pl.col("child"))


def _team(world: World, kind: str, team_type: str) -> pl.Expr:
    return pl.format("{}-{}", _provider(world, kind), pl.lit(team_type))
