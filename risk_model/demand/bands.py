"""Lists in bands of waiting time, as RTT and community health services publish them: bands, not children."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from risk_model.demand.arguments import ArgumentRefusedError, Numbers, numbers

BANDS_WEEKS: dict[str, tuple[int, int | None]] = {
    "0-1w": (0, 1),
    "1-2w": (1, 2),
    "2-4w": (2, 4),
    "4-12w": (4, 12),
    "12-18w": (12, 18),
    "18-52w": (18, 52),
    "52-104w": (52, 104),
    "104w+": (104, None),
}
"""The bands of the community health services return: from, up to; weeks."""
TOTAL = "total"
NATIONAL = "National"
STANDARD_WEEKS, LONG_WAIT_WEEKS = 18, 52
"""The waits that NHS England reports community services against."""
SMALLEST_CHILD = 1e-9
"""Shares of children times their number are whole numbers but for the last bits of a float."""


def banded_percentile(counts: Sequence[float | None] | ArrayLike, percentile: float) -> float:
    """Return the wait that this share of a list has not passed, in bands of width 1 from 0, linear inside a band.

    A null count is no children; 0 gives 0 and 1 the top edge.

    >>> round(banded_percentile([10, 20, 30, 20, 20], 0.5), 4)
    2.6667
    """
    filled = [0.0 if count is None else count for count in np.asarray(counts, dtype=object).ravel()]
    (found,) = numbers(counts=filled)
    (asked,) = numbers(percentile=percentile)
    if asked > 1:
        raise ArgumentRefusedError("percentile is above 1. Expected a share between 0 and 1, such as 0.92.")
    edges = np.concatenate([[0.0], np.cumsum(found)])
    if edges[-1] == 0:
        raise ArgumentRefusedError("counts holds no children. Expected at least one band with a child.")
    if asked == 1:
        return float(len(found))
    wanted = float(asked) * edges[-1]
    band = int(np.searchsorted(edges, wanted, side="left"))
    if band == 0:
        return 0.0
    return float(band - 1 + (wanted - edges[band - 1]) / found[band - 1])


def banded_summary(table: pl.DataFrame, org_code: str | None, org_type: str, service: str) -> dict[str, Any]:
    """Return what was published of one organisation's list for one service.

    `table` is that of `published.community_waits`. Back come `total`, `over_18w`, `pct_within_18w`, `over_52w`,
    `pct_over_52w`, and `is_submitted`: where no organisation sent the line, all figures are null, not 0.
    """
    found = table.filter(
        pl.col("org_type") == org_type,
        pl.col("org_code").fill_null("") == (org_code or ""),
        pl.col("service").str.to_lowercase() == service.lower(),
    )
    if found.is_empty():
        raise ArgumentRefusedError(
            "The table has no such organisation, kind of organisation or service. Expected a code such as QJK, a kind "
            "such as ICB, and the line as it is published. Look them up in the table."
        )
    return summaries(found).select(SUMMARY).row(0, named=True)


SUMMARY = ("is_submitted", "total", "over_18w", "pct_within_18w", "over_52w", "pct_over_52w")


def summaries(table: pl.DataFrame) -> pl.DataFrame:
    """Return the summary of every organisation and service of a published table, a row each, in its order."""
    total = pl.col("value").filter(band=TOTAL).first()
    over_standard, over_long = _over(STANDARD_WEEKS), _over(LONG_WAIT_WEEKS)
    return (
        table.group_by("org_type", "org_code", "org_name", "service", maintain_order=True)
        .agg(is_submitted=total.is_not_null(), total=total, over_18w=over_standard, over_52w=over_long)
        .with_columns(
            pct_within_18w=pl.when(pl.col("total") > 0).then(
                100 - 100 * pl.col("over_18w") / pl.col("total")
            ),
            pct_over_52w=pl.when(pl.col("total") > 0).then(100 * pl.col("over_52w") / pl.col("total")),
        )
        .select("org_type", "org_code", "org_name", "service", *SUMMARY)
    )


def list_after_step(
    renege: ArrayLike, service: ArrayLike, referrals: float
) -> dict[Literal["waiting", "treated"], list[int]]:
    """Return who waits and who was treated in each band after one step of a list that gets so many referrals a step.

    `renege` is the share of a band that leaves unseen, `service` the children treated from it if they are there: nobody
    is treated who is not. Whole children: what is left of one waits no longer.

    >>> list_after_step([0.1, 0.2], [5, 3], 50)
    {'waiting': [40, 29], 'treated': [5, 3]}
    """
    leaving, slots, came = numbers(renege=renege, service=service, referrals=referrals)
    if (leaving > 1).any():
        raise ArgumentRefusedError(
            "renege is above 1. Expected the share of a band that leaves, such as 0.04."
        )
    _check_same_bands(renege=leaving, service=slots)
    waiting: list[int] = []
    treated: list[int] = []
    before = float(came)
    for leave, slot in zip(leaving, slots, strict=True):
        staying = before * (1 - leave)
        seen = min(float(slot), float(np.floor(staying + SMALLEST_CHILD)))
        before = float(np.floor(staying - seen + SMALLEST_CHILD))
        waiting.append(int(before))
        treated.append(int(seen))
    return {"waiting": waiting, "treated": treated}


def redistribute_capacity(
    inflow: ArrayLike,
    renege: ArrayLike,
    treat: ArrayLike,
    method: Literal["none", "prioritise_long_waiters"],
) -> Numbers:
    """Return the children treated per band, shortest wait first, when a band has more capacity than children.

    All are counts. "none" leaves the capacity where it is, so that fewer than no children wait in such a band;
    "prioritise_long_waiters" gives the surplus to the oldest band first, and what nobody needs to nobody. Waiting are
    `inflow - renege - treated`.

    >>> redistribute_capacity([11, 20, 20], [6, 7, 7], [9, 9, 9], "prioritise_long_waiters").tolist()
    [5.0, 9.0, 13.0]
    """
    came, left, capacity = numbers(inflow=inflow, renege=renege, treat=treat)
    _check_same_bands(inflow=came, renege=left, treat=capacity)
    if method == "none":
        return capacity
    if method != "prioritise_long_waiters":
        raise ArgumentRefusedError('method is not known. Expected "none" or "prioritise_long_waiters".')
    to_treat = np.maximum(came - left, 0)
    treated = np.minimum(capacity, to_treat)
    oldest_first = (to_treat - treated)[::-1]
    surplus = capacity.sum() - treated.sum()
    before = np.concatenate([[0.0], np.cumsum(oldest_first)[:-1]])
    extra = np.clip(surplus - before, 0, oldest_first)
    shared_out: Numbers = treated + extra[::-1]
    return shared_out


def _over(weeks: int) -> pl.Expr:
    bands = [band for band, (start, _end) in BANDS_WEEKS.items() if start >= weeks]
    counted = pl.col("value").filter(pl.col("band").is_in(bands))
    return pl.when(counted.count() > 0).then(counted.sum())


def _check_same_bands(**arguments: Numbers) -> None:
    if len({value.shape for value in arguments.values()}) > 1 or any(v.ndim != 1 for v in arguments.values()):
        names = ", ".join(arguments)
        raise ArgumentRefusedError(
            f"{names} do not have a number for each band. Expected lists of one length."
        )
