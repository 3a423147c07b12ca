"""What a list's own dates say: who came, who left, who waits, for one list or for every service at once.

Measures as in NHSRwaitinglist, without three of its slips: a list of n referrals has n of them, not n + 1; a mean wait
in days is not one in weeks; a child removed before the window does not wait in it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from risk_model.demand import daily, measures
from risk_model.demand.arguments import ArgumentRefusedError, above_zero, days

WEEKS_TO_TARGET = 26
"""Half a year to bring a list to its target size (the default of NHSRwaitinglist)."""
CV_IF_NOT_KNOWN = 1.0
"""Random arrivals: the variation of gaps that are exponential."""
DAYS_A_WEEK = 7
ONE_LIST = "list"
LISTS = ("service_id", "referred_on", "removed_on")


def queue_size_by_day(
    referral: object, removal: object, *, start: date | str | None = None, end: date | str | None = None
) -> pl.DataFrame:
    """Return `day` and `queue_size`, the children waiting at the end of each day, from `start` to `end`.

    Without them the window runs from the first referral to the last. A removal before the window, and a referral after
    its end, never count.
    """
    counted = daily.count(_one_list(referral, removal), start, end)
    first, last = counted.first_day, counted.first_day + counted.queue.shape[1] - 1
    return pl.DataFrame(
        {
            "day": pl.int_range(first, last + 1, dtype=pl.Int32, eager=True).cast(pl.Date),
            "queue_size": counted.queue[0],
        }
    )


def list_stats(
    referral: object,
    removal: object,
    target_wait_weeks: float,
    start: date | str | None = None,
    end: date | str | None = None,
) -> dict[str, Any]:
    """Return the measures of one list by name: a row of `list_stats_by_service`, which says what each of them is."""
    lists = _one_list(referral, removal)
    found = list_stats_by_service(lists, target_wait_weeks, start=start, end=end)
    return found.drop("service_id").row(0, named=True)


def list_stats_by_service(
    lists: pl.DataFrame | pl.LazyFrame,
    target_wait_weeks: float,
    *,
    start: date | str | None = None,
    end: date | str | None = None,
    weeks_to_target: float = WEEKS_TO_TARGET,
) -> pl.DataFrame:
    """Return the measures of every service's list, a row each, sorted by `service_id`.

    `lists` has a row per referral: `service_id`, `referred_on`, `removed_on` (null while waiting). Without `start` and
    `end` a list's window runs from its first referral to its last. Of it come back: `referral_count` and
    `demand_weekly` (referrals in the window over its length), `removal_count` and `capacity_weekly` (the pace of
    removals while anybody waited: a gap after a day that ended with nobody waiting starts with that day), their
    coefficients of variation (null under three events), `load`, `queue_size` and `mean_wait_days` and `_weeks` of
    those waiting at the end, `target_queue_size`, `relief_capacity`, `target_capacity` and `pressure`. What a list
    cannot tell is null.
    """
    (target,) = above_zero(target_wait_weeks=target_wait_weeks)
    checked = _checked(lists.lazy().select(LISTS).collect())
    parts = [_counted(daily.count(part, start, end)) for part in daily.parts(checked)]
    return _measured(pl.concat(parts).sort("service_id"), float(target), weeks_to_target)


def schedule_fifo(referral: object, removal: object, slots: object) -> dict[str, list[Any]]:
    """Return `removal`, in the order given, when slots go to those who wait longest, and `slot_used`, 1 or 0 for each.

    A slot serves only a child referred strictly before it. Slots are used in the order of their days.
    """
    referred, removed = days(referral, "referral"), days(removal, "removal", may_be_missing=True)
    _check_lengths(referred, removed)
    offered = days(slots, "slots", may_be_missing=len(pl.Series(slots)) == 0)  # type: ignore[arg-type]
    order = offered.to_physical().to_numpy().argsort(kind="stable")
    slot_days = offered.to_physical().to_numpy()[order]
    waiting = removed.is_null().arg_true().to_numpy()
    came = referred.to_physical().to_numpy()[waiting]
    by_wait = came.argsort(kind="stable")
    served = _served(np.searchsorted(came[by_wait], slot_days, side="left"))
    is_used = np.diff(served, prepend=0) == 1
    child = waiting[by_wait[: int(is_used.sum())]]
    given = dict(zip(child.tolist(), offered.gather(order[is_used].tolist()).to_list(), strict=True))
    used = np.zeros(len(offered), dtype=int)
    used[order] = is_used
    return {
        "removal": [given.get(place, when) for place, when in enumerate(removed.to_list())],
        "slot_used": used.tolist(),
    }


def _served(referred_before: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many children were served up to each slot: one more, unless everybody referred before it was."""
    number = np.arange(len(referred_before))
    limit = np.minimum.accumulate(referred_before - number) + number if len(number) else number
    return np.minimum(limit, number + 1)


def _one_list(referral: object, removal: object) -> pl.DataFrame:
    referred, removed = days(referral, "referral"), days(removal, "removal", may_be_missing=True)
    _check_lengths(referred, removed)
    return _checked(
        pl.DataFrame(
            {"service_id": [ONE_LIST] * len(referred), "referred_on": referred, "removed_on": removed}
        )
    )


def _check_lengths(referral: pl.Series, removal: pl.Series) -> None:
    if len(referral) != len(removal):
        raise ArgumentRefusedError(
            f"removal has {len(removal)} days for {len(referral)} referrals. Expected one each, null while waiting."
        )


def _checked(lists: pl.DataFrame) -> pl.DataFrame:
    if lists.is_empty():
        raise ArgumentRefusedError("lists is empty. Expected at least one referral.")
    if lists["referred_on"].null_count() or lists["service_id"].null_count():
        raise ArgumentRefusedError(
            "referred_on or service_id is missing in a row. Expected both in every row."
        )
    backwards = int((lists["removed_on"] < lists["referred_on"]).sum())
    if backwards:
        raise ArgumentRefusedError(
            f"removal lies before referral in {backwards} rows. Expected it on that day or later."
        )
    return lists


def _counted(days_of: daily.Daily) -> pl.DataFrame:
    gaps, removals = days_of.referral_gaps, days_of.removal_gaps
    window = days_of.end - days_of.start
    counted = {
        "service_id": days_of.service_ids,
        "start_on": pl.Series(days_of.start, dtype=pl.Int32).cast(pl.Date),
        "end_on": pl.Series(days_of.end, dtype=pl.Int32).cast(pl.Date),
        "referral_count": days_of.referrals,
        "demand_weekly": _over(DAYS_A_WEEK * days_of.referrals, window),
        "demand_cv": gaps.variation(),
        "removal_count": removals.count,
        # nobody left: no capacity was seen; a list that empties every day it is used hides how much more it has
        "capacity_weekly": np.where(
            removals.count == 0, 0.0, _over(DAYS_A_WEEK * removals.count, removals.total)
        ),
        "capacity_cv": removals.variation(),
        "queue_size": days_of.waiting,
        "mean_wait_days": _over(days_of.days_waited, days_of.waiting),
        "mean_wait_weeks": _over(days_of.days_waited, DAYS_A_WEEK * days_of.waiting),
    }
    return pl.DataFrame(counted).with_columns(pl.col(pl.Float64).fill_nan(None))


def _over(numerator: NDArray[Any], denominator: NDArray[Any]) -> NDArray[np.float64]:
    """A quotient, and no number where nothing is divided by."""
    quotient = np.full(denominator.shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator > 0)
    return quotient


def _measured(counted: pl.DataFrame, target: float, weeks: float) -> pl.DataFrame:
    measured = _with(counted, "load", measures.queue_load, "demand_weekly", "capacity_weekly")
    measured = _with(
        measured, "target_queue_size", lambda d: measures.target_queue_size(d, target), "demand_weekly"
    )
    measured = _with(
        measured,
        "relief_capacity",
        lambda d, q, t: measures.relief_capacity(d, q, t, weeks),
        *("demand_weekly", "queue_size", "target_queue_size"),
    ).with_columns(
        _cv_demand=pl.col("demand_cv").fill_null(CV_IF_NOT_KNOWN),
        _cv_capacity=pl.col("capacity_cv").fill_null(CV_IF_NOT_KNOWN),
    )
    measured = _with(
        measured,
        "target_capacity",
        lambda d, of_d, of_c: measures.target_capacity(d, target, None, of_d, of_c),
        *("demand_weekly", "_cv_demand", "_cv_capacity"),
    )
    measured = _with(
        measured, "pressure", lambda waited: measures.pressure(waited, target), "mean_wait_weeks"
    )
    return measured.select(
        *("service_id", "start_on", "end_on", "referral_count", "demand_weekly", "demand_cv"),
        *("removal_count", "capacity_weekly", "capacity_cv", "load", "queue_size", "target_queue_size"),
        *("relief_capacity", "target_capacity", "mean_wait_days", "mean_wait_weeks", "pressure"),
    )


def _with(frame: pl.DataFrame, name: str, measure: Callable[..., Any], *columns: str) -> pl.DataFrame:
    """Add a measure where all it needs is known; elsewhere it is null."""
    is_known = frame.select(pl.all_horizontal(pl.col(columns).is_not_null())).to_series().to_numpy()
    values = np.full(frame.height, np.nan)
    if is_known.any():
        values[is_known] = measure(*(frame[column].to_numpy()[is_known] for column in columns))
    return frame.with_columns(pl.Series(name, values).fill_nan(None))
