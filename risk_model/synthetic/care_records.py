"""What the council's case system holds: episodes, assessments, plans, enquiries and care."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import MONDAYS, quarter_index
from risk_model.synthetic.entry import lags
from risk_model.synthetic.needs import ADVERSITY, COGNITION, PHYSICAL, SOCIAL_EMOTIONAL
from risk_model.synthetic.placements import STARTED, day_of
from risk_model.synthetic.recording import Records, kept
from risk_model.synthetic.social_care import (
    ASSESSMENT,
    CIN_PLAN,
    CLOSING_WEEKDAY,
    ENQUIRY_WEEKDAY,
    LOOKED_AFTER,
    PLAN_WEEKDAY,
    PROTECTION_PLAN,
    REFERRAL_WEEKDAY,
)
from risk_model.synthetic.under_recording import missed_shares
from risk_model.synthetic.world import World

SOURCES: Final = ("6", "2A", "3A", "3E", "1A", "5D", "3B", "8")
SOURCE_SHARES: Final = (0.28, 0.21, 0.1, 0.1, 0.1, 0.08, 0.05, 0.08)
NEXT_FOLLOWS, RETURNED_HOME, LEFT_BY_ADOPTION = "X1", "E4A", "E12"
"""SSDA903, reason for an episode to end: another follows at once; home as planned; adopted."""
ADOPTED: Final = "RC1"
"""CIN census, reason for closure."""
FACTORS: Final = ("3A", "4B", "16A", "17A", "1A", "14A", "4A", "5A", "6A")


@dataclass(frozen=True)
class CareRecords:
    """Rows keyed by child and episode; `entered_on` is the day each was typed in."""

    episodes: pl.DataFrame
    assessments: pl.DataFrame
    factors: pl.DataFrame
    cin_plans: pl.DataFrame
    enquiries: pl.DataFrame
    protection_plans: pl.DataFrame
    care: pl.DataFrame


def gather(calibration: Calibration, seed: int, world: World, records: Records) -> CareRecords:
    """Everything social care entered, some of it late and a little of it never."""
    rng = stream(seed, "recording.care")
    spells, episodes = world.social_care.spells, world.social_care.episodes
    shown = _with_dates(spells, "week", PLAN_WEEKDAY, "starts_on", "ends", CLOSING_WEEKDAY, "ends_on")
    shown = _entered(calibration, rng, shown, "starts_on")
    care = _placements(calibration, rng, shown.filter(pl.col("code") == LOOKED_AFTER), records)
    assessments = shown.filter(pl.col("code") == ASSESSMENT).unique(
        subset="episode", keep="first", maintain_order=True
    )
    assessments = assessments.with_columns(starts_on=pl.col("starts_on") - pl.duration(days=2))
    enquiries = _enquiries(
        calibration, _kept(calibration, rng, world, world.social_care.enquiries), episodes, rng
    )
    plans = shown.filter(pl.col("code") == PROTECTION_PLAN).sort("child", "starts_on")
    plans = plans.with_columns(
        previous=pl.int_range(pl.len()).over("child"),
        category=pl.Series(rng.choice(["NEG", "EMO", "PHY", "SAB"], plans.height, p=[0.5, 0.36, 0.1, 0.04])),
    )
    return CareRecords(
        episodes=_episodes(calibration, rng, episodes, world, records),
        assessments=assessments,
        factors=_factors(rng, assessments, world),
        cin_plans=_kept(calibration, rng, world, shown.filter(pl.col("code") == CIN_PLAN)),
        enquiries=enquiries,
        protection_plans=plans,
        care=care,
    )


def _kept(
    calibration: Calibration, rng: np.random.Generator, world: World, rows: pl.DataFrame
) -> pl.DataFrame:
    """The rows (by child and week) that social care entered."""
    days = MONDAYS[rows["week"].to_numpy()]
    return kept(rng, rows, missed_shares(calibration, world, "social_care", rows["child"].to_numpy(), days))


def known_by(rows: pl.DataFrame, reference: date) -> pl.DataFrame:
    """Rows entered by a day, with end dates that lie after it left blank."""
    ends = [name for name in ("ends_on", "closed_on") if name in rows.columns]
    is_known = pl.lit(True)
    if "end_entered_on" in rows.columns:
        is_known = (pl.col("end_entered_on") <= reference).fill_null(True)
    return rows.filter(pl.col("entered_on") <= reference).with_columns(
        pl.when(is_known & (pl.col(name) <= reference)).then(name).alias(name) for name in ends
    )


def _with_dates(
    rows: pl.DataFrame, start: str, start_day: int, start_name: str, end: str, end_day: int, end_name: str
) -> pl.DataFrame:
    ends = pl.Series(day_of(rows[end].fill_null(0).to_numpy(), end_day))
    with_dates = rows.with_columns(
        pl.Series(start_name, day_of(rows[start].to_numpy(), start_day)), ends.alias(end_name)
    )
    return with_dates.with_columns(pl.when(pl.col(end).is_not_null()).then(end_name).alias(end_name))


def _entered(
    calibration: Calibration, rng: np.random.Generator, rows: pl.DataFrame, column: str
) -> pl.DataFrame:
    figures = calibration.numbers("record.lag_days")
    days = lags(rng, rows.height, figures["social_care_median"], figures["social_care_ninetieth"])
    return rows.with_columns(entered_on=pl.Series(rows[column].to_numpy() + days))


def _episodes(
    calibration: Calibration,
    rng: np.random.Generator,
    episodes: pl.DataFrame,
    world: World,
    records: Records,
) -> pl.DataFrame:
    rows = _with_dates(
        episodes, "week", REFERRAL_WEEKDAY, "referred_on", "closes", CLOSING_WEEKDAY, "closed_on"
    )
    count = rows.height
    level = world.needs.levels[quarter_index(rows["referred_on"].to_numpy()), rows["child"].to_numpy()]
    disabled = (level[:, PHYSICAL] > 1.6) & (rng.random(count) < 0.6)
    need = np.where(
        disabled,
        "N2",
        rng.choice(["N1", "N4", "N5", "N3", "N6", "N8"], count, p=[0.57, 0.13, 0.17, 0.05, 0.05, 0.03]),
    )
    planned = world.social_care.spells.filter(pl.col("code") > ASSESSMENT)["episode"].unique()
    closing = pl.when(pl.col("episode").is_in(planned.implode())).then(pl.lit("RC7")).otherwise(pl.lit("RC8"))
    adopted_on = pl.Series(records.lives.adopted_on).gather(rows["child"])
    closing = pl.when(pl.col("closed_on") == adopted_on).then(pl.lit(ADOPTED)).otherwise(closing)
    rows = rows.with_columns(
        source=pl.Series(np.array(SOURCES)[rng.choice(len(SOURCES), count, p=np.array(SOURCE_SHARES))]),
        need=pl.Series(need),
        is_nfa=(pl.col("quick") == 1) & ~pl.col("episode").is_in(planned.implode()),
        reason=pl.when(pl.col("closed_on").is_not_null()).then(closing),
    )
    return _entered(calibration, rng, rows, "referred_on")


def _placements(
    calibration: Calibration, rng: np.random.Generator, spells: pl.DataFrame, records: Records
) -> pl.DataFrame:
    """One row per placement; the end of one is entered together with the start of the next.

    The first is entered with the spell, each later one with a delay of its own.
    """
    rows = records.lives.placements.rows
    moves = _entered(calibration, rng, rows, "starts_on")
    first = pl.col("reason_started") == STARTED
    dated = moves.join(
        spells.select("child", "week", spell_entered_on="entered_on"), on=("child", "week"), how="left"
    )
    entered = (
        pl.when(first).then("spell_entered_on").otherwise(pl.max_horizontal("entered_on", "spell_entered_on"))
    )
    in_order = entered.cum_max().over("child", "week")
    dated = dated.sort("child", "starts_on").with_columns(entered_on=in_order)
    before_care = (pl.col("starts_on").min().over("child", "week") - pl.duration(days=1)).alias("on")
    homes = records.lives.addresses.select("child", "on", home="postcode").sort("on")
    dated = (
        dated.with_columns(before_care)
        .sort("on")
        .join_asof(homes, on="on", by="child", check_sortedness=False)
        .sort("child", "starts_on")
    )
    adopted_on = pl.Series(records.lives.adopted_on).gather(dated["child"])
    is_adopted = (pl.col("ends_on") == adopted_on).fill_null(False)
    return dated.with_columns(
        end_entered_on=pl.when(~pl.col("is_last")).then(pl.col("entered_on").shift(-1)),
        reason_ended=pl.when(~pl.col("is_last"))
        .then(pl.lit(NEXT_FOLLOWS))
        .when(is_adopted)
        .then(pl.lit(LEFT_BY_ADOPTION))
        .otherwise(pl.lit(RETURNED_HOME)),
    )


def _enquiries(
    calibration: Calibration, enquiries: pl.DataFrame, episodes: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    opened = episodes.select("child", "episode", opened="week").sort("opened", "child")
    rows = enquiries.sort("week", "child").join_asof(
        opened, left_on="week", right_on="opened", by="child", strategy="backward", check_sortedness=False
    )
    rows = rows.filter(pl.col("episode").is_not_null())
    rows = rows.with_columns(pl.Series("starts_on", day_of(rows["week"].to_numpy(), ENQUIRY_WEEKDAY)))
    return _entered(calibration, rng, rows.sort("child", "week"), "starts_on")


def _factors(rng: np.random.Generator, assessments: pl.DataFrame, world: World) -> pl.DataFrame:
    """Factors named at assessments: about the home by adversity, about the child by the child's needs."""
    level = world.needs.levels[
        quarter_index(assessments["starts_on"].to_numpy()), assessments["child"].to_numpy()
    ]
    adversity, emotional = level[:, ADVERSITY], level[:, SOCIAL_EMOTIONAL]
    scores = np.stack(
        [
            adversity - 0.3,
            adversity - 0.6,
            adversity - 0.8,
            adversity - 0.5,
            adversity - 1.0,
            emotional - 1.0,
            emotional - 1.1,
            level[:, COGNITION] - 1.3,
            level[:, PHYSICAL] - 1.5,
        ],
        axis=1,
    )
    named = scores + rng.logistic(0, 0.5, scores.shape) > 0
    row, factor = np.nonzero(named)
    return pl.DataFrame(
        {"episode": assessments["episode"].to_numpy()[row], "factor": np.array(FACTORS)[factor]}
    )
