"""Between stages 4 and 10: what changes who a child is on paper, by homes, adoptions and new names and numbers.

Each table has a row per child and spell of time, `on` to `until`, of one name, one address or one NHS number; the first
row of each child begins long ago. How much of it a system learns is another matter (`identities`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from risk_model.synthetic import names
from risk_model.synthetic.calibration import Calibration, stream
from risk_model.synthetic.clock import EVENTS_START, INDEX_DAY, MONDAYS, Booleans, Days, Ints, Strings
from risk_model.synthetic.placements import DAYS_IN_YEAR, Placements, place_children
from risk_model.synthetic.population import FAR_FUTURE, Children
from risk_model.synthetic.social_care import CLOSING_WEEKDAY, LOOKED_AFTER, SocialCare

LONG_AGO: Final = np.datetime64("1990-01-01")
CHANGES_FROM: Final = np.datetime64("2021-01-01")
NEVER: Final = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Lives:
    """What changed over time, placements, the day of adoption (NaT: none), and whose home changed since April 2023.

    `numbered_as` is the child whose NHS number everybody uses: nearly always the child's own.
    """

    names: pl.DataFrame
    addresses: pl.DataFrame
    numbers: pl.DataFrame
    placements: Placements
    numbered_as: Ints
    adopted_on: Days
    ever_in_care: Booleans
    moved_home: Booleans


def follow(calibration: Calibration, seed: int, children: Children, care: SocialCare) -> Lives:
    """Each child's names, addresses and numbers up to the index date."""
    adopted_on = _adoptions(calibration, stream(seed, "lives.adoption"), children, care)
    in_care = _ever_in_care(children, care)
    placements = place_children(calibration, seed, children, care)
    moves, earlier = _home_moves(calibration, stream(seed, "lives.moves"), children)
    return Lives(
        names=_names(calibration, stream(seed, "lives.names"), children, in_care, adopted_on),
        addresses=_addresses(
            stream(seed, "lives.addresses"), children, moves, earlier, placements, adopted_on
        ),
        numbers=_numbers(calibration, stream(seed, "lives.numbers"), children, adopted_on),
        placements=placements,
        numbered_as=_numbered_as(calibration, stream(seed, "lives.reused"), children),
        adopted_on=adopted_on,
        ever_in_care=in_care,
        moved_home=_moved_since(children, moves),
    )


def value_on(table: pl.DataFrame, on: np.datetime64) -> pl.DataFrame:
    """The row of each child that holds on a day, in the order of the children."""
    day = on.astype(object)
    return table.filter((pl.col("on") <= day) & (pl.col("until") > day)).sort("child")


def _moved_since(children: Children, moves: pl.DataFrame) -> Booleans:
    who, on = moves["child"].to_numpy(), moves["on"].to_numpy()
    counts = (on >= EVENTS_START) & (on > children.born[who])
    return np.bincount(who[counts], minlength=children.count) > 0


def _ever_in_care(children: Children, care: SocialCare) -> Booleans:
    known = care.spells.filter(
        (pl.col("code") == LOOKED_AFTER) & (pl.col("week") <= int(np.searchsorted(MONDAYS, INDEX_DAY)) - 1)
    )
    return np.bincount(known["child"].to_numpy(), minlength=children.count) > 0


def _adoptions(
    calibration: Calibration, rng: np.random.Generator, children: Children, care: SocialCare
) -> Days:
    """The day on which a young child's last period of care ended by adoption; social care never meets it again."""
    figures = calibration.numbers("adoption")
    last = pl.col("episode") == pl.col("episode").max().over("child")
    spells = care.spells.filter(last & (pl.col("code") == LOOKED_AFTER))
    closes = care.episodes.select("episode", "closes")
    ended = spells.join(closes, on="episode", how="left").filter(pl.col("ends") == pl.col("closes"))
    who = ended["child"].to_numpy()
    days = MONDAYS[ended["ends"].to_numpy().astype(np.int64)] + np.timedelta64(CLOSING_WEEKDAY, "D")
    young = (days - children.born[who]).astype(np.int64) < DAYS_IN_YEAR * figures["oldest"]
    may_be = young & (days <= INDEX_DAY) & (children.moved_out[who] > days)
    everyone = care.spells.filter(pl.col("code") == LOOKED_AFTER)
    today = int(np.searchsorted(MONDAYS, INDEX_DAY))
    weeks = np.clip(everyone["ends"].fill_null(today).to_numpy(), 0, today) - everyone["week"].to_numpy()
    expected = figures["per_looked_after_year"] * np.clip(weeks, 0, None).sum() * 7 / DAYS_IN_YEAR
    chosen = may_be & (rng.random(who.size) < expected / max(int(may_be.sum()), 1))
    found = np.full(children.count, NEVER)
    found[who[chosen]] = days[chosen]
    return found


def _home_moves(
    calibration: Calibration, rng: np.random.Generator, children: Children
) -> tuple[pl.DataFrame, Strings]:
    """The newest one or two moves of each home that moved, and the postcode before them."""
    home = children.household - children.household.min()
    homes = int(home.max()) + 1
    days = int((INDEX_DAY - CHANGES_FROM).astype(np.int64))
    count = np.minimum(
        rng.poisson(calibration.number("pop.home_moves_per_year") * days / DAYS_IN_YEAR, homes), 2
    )
    first, second = np.sort(rng.integers(1, days, (2, homes)), axis=0)
    oldest = children.earlier_postcode[rng.permutation(children.count)]
    before = np.where(
        count[home] == 2, oldest, np.where(count[home] == 1, children.earlier_postcode, children.postcode)
    )
    parts = []
    for moved, after, postcode in (
        (count == 2, first, children.earlier_postcode),
        (count >= 1, second, children.postcode),
    ):
        who = np.flatnonzero(moved[home])
        on = CHANGES_FROM + after[home[who]].astype("timedelta64[D]")
        parts.append(pl.DataFrame({"child": who, "on": on, "postcode": postcode[who]}))
    return pl.concat(parts), before


def _addresses(
    rng: np.random.Generator,
    children: Children,
    moves: pl.DataFrame,
    before: Strings,
    placements: Placements,
    adopted_on: Days,
) -> pl.DataFrame:
    """Where each child lived: at home, in placements while in care, and with the adoptive family from then on."""
    base = pl.DataFrame(
        {"child": np.arange(children.count), "on": np.full(children.count, LONG_AGO), "postcode": before}
    )
    homes = pl.concat([base, moves])
    adopted = np.flatnonzero(~np.isnat(adopted_on))
    new_homes = children.postcode[rng.integers(0, children.count, adopted.size)]
    adoptive = pl.DataFrame({"child": adopted, "on": adopted_on[adopted], "postcode": new_homes})
    placed = placements.rows.select("child", on="starts_on", postcode="postcode")
    returns = placements.rows.filter("is_last", pl.col("ends_on").is_not_null()).select("child", on="ends_on")
    returns = (
        returns.join(adoptive, on=("child", "on"), how="anti")
        .sort("on")
        .join_asof(homes.sort("on"), on="on", by="child", check_sortedness=False)
    )
    periods = placements.rows.group_by("child", "week").agg(
        pl.col("starts_on").min(),
        ends_on=pl.col("ends_on").last().fill_null(pl.lit(FAR_FUTURE.astype(object))),
    )
    elsewhere = pl.concat(
        [
            periods.select("child", "starts_on", "ends_on"),
            adoptive.select("child", starts_on="on", ends_on=pl.lit(FAR_FUTURE.astype(object))),
        ]
    )
    unseen = moves.join(elsewhere, on="child").filter(
        pl.col("on").is_between("starts_on", "ends_on", closed="left")
    )
    at_home = homes.join(unseen, on=("child", "on"), how="anti")
    return _as_spells([at_home, placed, returns, adoptive])


def _names(
    calibration: Calibration,
    rng: np.random.Generator,
    children: Children,
    in_care: Booleans,
    adopted_on: Days,
) -> pl.DataFrame:
    """Names over time: a home's children change theirs together, a child in care alone, an adopted child for good."""
    errors = calibration.numbers("record.error")
    everyone = np.arange(children.count)
    home = children.household - children.household.min()
    homes = int(home.max()) + 1
    with_home = (rng.random(homes) < errors["name_changed"])[home] & ~in_care
    alone = in_care & (rng.random(children.count) < errors["name_changed_in_care"])
    of_home = names.surnames(rng, calibration, homes)[home]
    of_child = names.surnames(rng, calibration, children.count)
    span = int((INDEX_DAY - CHANGES_FROM).astype(np.int64))
    after = np.where(with_home, rng.integers(1, span, homes)[home], rng.integers(1, span, children.count))
    renamed_on = CHANGES_FROM + after.astype("timedelta64[D]")
    renamed = np.flatnonzero((with_home | alone) & (renamed_on > children.born) & ~(renamed_on >= adopted_on))
    adopted = np.flatnonzero(~np.isnat(adopted_on))
    family = names.surnames(rng, calibration, adopted.size)
    return _as_spells(
        [
            pl.DataFrame({"child": who, "on": on, "surname": surname, "forename": children.forename[who]})
            for who, on, surname in (
                (everyone, np.full(children.count, LONG_AGO), children.surname),
                (renamed, renamed_on[renamed], np.where(alone, of_child, of_home)[renamed]),
                (adopted, adopted_on[adopted], family),
            )
        ]
    )


def _numbers(
    calibration: Calibration, rng: np.random.Generator, children: Children, adopted_on: Days
) -> pl.DataFrame:
    """NHS numbers over time: a new one at adoption, and for a few others whose number was a mistake."""
    share = calibration.numbers("record.nhs_number_errors")["changed"]
    adopted = ~np.isnat(adopted_on)
    corrected = ~adopted & (rng.random(children.count) < share)
    span = int((INDEX_DAY - CHANGES_FROM).astype(np.int64))
    on = CHANGES_FROM + rng.integers(1, span, children.count).astype("timedelta64[D]")
    on = np.where(adopted, adopted_on, on)
    changed = np.flatnonzero(adopted | (corrected & (on > children.born)))[: children.spare_numbers.size]
    return _as_spells(
        [
            pl.DataFrame(
                {
                    "child": np.arange(children.count),
                    "on": np.full(children.count, LONG_AGO),
                    "nhs_number": children.nhs_number,
                }
            ),
            pl.DataFrame(
                {"child": changed, "on": on[changed], "nhs_number": children.spare_numbers[: changed.size]}
            ),
        ]
    )


def _numbered_as(calibration: Calibration, rng: np.random.Generator, children: Children) -> Ints:
    """A few children go by a number that is another child's too."""
    everyone = np.arange(children.count, dtype=np.int64)
    reused = rng.random(children.count) < calibration.numbers("record.nhs_number_errors")["reused"]
    return np.where(reused, rng.integers(0, children.count, children.count), everyone)


def _as_spells(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Rows in order with the day until which each holds; of two changes on a day the later given counts."""
    rows = pl.concat([part.select(parts[0].columns) for part in parts])
    rows = rows.unique(("child", "on"), keep="last", maintain_order=True).sort("child", "on")
    following = pl.col("on").shift(-1).over("child").fill_null(pl.lit(FAR_FUTURE.astype(object)))
    return rows.with_columns(until=following)
