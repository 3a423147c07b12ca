"""Under which of a provider's records a referral stands: a child registered twice has two, an adopted child another."""

from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic.recording import Records

MOVED_AWAY: Final = "03"
"""Closure reason under which a provider ends what stands under the name before an adoption."""


def divided_by_adoption(
    referrals: pl.DataFrame, clocks: pl.DataFrame, contacts: pl.DataFrame, records: Records
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Referrals, clocks and contacts by `key`, where those that outlast an adoption end with it and begin anew.

    The new one keeps the day on which the referral was received, and the provider sends it from the adoption on
    (`sent_from`). Its clock starts with it.
    """
    adopted = np.flatnonzero(~np.isnat(records.lives.adopted_on))
    days = pl.DataFrame({"child": adopted, "adopted_on": records.lives.adopted_on[adopted]})
    by_child = referrals.join(days, on="child", how="left", maintain_order="left")
    outlasts = (pl.col("adopted_on") > pl.col("received_on")) & (
        pl.col("discharged_on") > pl.col("adopted_on")
    ).fill_null(True)
    outlasting = by_child.filter(outlasts)
    keys = outlasting.select("key", "adopted_on")
    before = outlasting.with_columns(
        discharged_on="adopted_on", closure=pl.lit(MOVED_AWAY), rejected_on=pl.lit(None, pl.Date)
    )
    after = outlasting.with_columns(_again(), sent_from=pl.col("adopted_on"))
    as_it_was = by_child.filter(~outlasts.fill_null(False))
    divided = pl.concat([as_it_was, before, after], how="diagonal").drop("adopted_on")
    is_later = (pl.col("on") >= pl.col("adopted_on")).fill_null(False)
    moved = contacts.join(keys, on="key", how="left", maintain_order="left").with_columns(
        key=pl.when(is_later).then(_again()).otherwise("key")
    )
    return divided, _divided_clocks(clocks, keys), moved.drop("adopted_on")


def with_record(referrals: pl.DataFrame, records: Records) -> pl.DataFrame:
    """Referrals with `record`, the newest that their provider had opened for the child by then."""
    later = pl.concat(
        pl.DataFrame(
            {
                "child": known.child,
                "record": np.arange(known.child.size),
                "opened": known.opened,
            }
        )[records.social_care.child.size :].with_columns(provider=pl.lit(code))
        for code, known in records.health.items()
    )
    since = pl.coalesce("sent_from", "received_on")
    return (
        referrals.with_columns(since=since)
        .sort("since", maintain_order=True)
        .join_asof(
            later.sort("opened"),
            left_on="since",
            right_on="opened",
            by=["provider", "child"],
            check_sortedness=False,
        )
        .with_columns(pl.col("record").fill_null(pl.col("child")))
        .drop("since", "opened")
    )


def _divided_clocks(clocks: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Clocks stopped at an adoption that they outlast, and started again under the new record."""
    known = clocks.join(keys, on="key", how="left", maintain_order="left")
    ends_later = (pl.col("ends_on") > pl.col("adopted_on")).fill_null(True) & pl.col(
        "adopted_on"
    ).is_not_null()
    starts_later = (pl.col("starts_on") >= pl.col("adopted_on")).fill_null(False)
    before = known.filter(~starts_later).with_columns(
        ends_on=pl.when(ends_later).then("adopted_on").otherwise("ends_on"),
        stop=pl.when(ends_later).then(pl.lit("35")).otherwise("stop"),
    )
    after = known.filter(ends_later).with_columns(
        _again(), starts_on=pl.max_horizontal("starts_on", "adopted_on")
    )
    return pl.concat([before, after]).drop("adopted_on")


def _again() -> pl.Expr:
    return pl.format("{}/a", "key").alias("key")
