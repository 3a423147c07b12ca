"""The drawings of the report: classes and attributes only, told apart by shape and shade, each beside its table."""

from __future__ import annotations

from typing import Final

import polars as pl
from markupsafe import Markup, escape

from risk_model.simulation.laboratory import EVERY_LIST
from risk_model.simulation.measuring import HIGH, MEDIAN, TIERS
from risk_model.simulation.slots import AS_PLANNED

LABELS, PLOT, ROW, HEAD, FOOT = 250, 520, 64, 8, 44
CURVE_HEIGHT, MARGIN = 300, 56
MARKS: Final = ("circle", "square", "diamond")


def waits(figures: pl.DataFrame, orders: list[str]) -> Markup:
    """Draw for each order the waits of each tier: a mark at the median, a line up to the 95th percentile."""
    told = _told(figures, (MEDIAN, HIGH)).filter(pl.col("order").is_in(orders))
    found = {(r["order"], r["group"]): r for r in told.iter_rows(named=True)}
    most = max((row[HIGH] for row in found.values()), default=1.0)
    height = HEAD + ROW * len(orders) + FOOT
    parts = [_axis(most, LABELS, height - FOOT, vertical=False)]
    for number, order in enumerate(orders):
        top = HEAD + ROW * number
        parts.append(
            f'<text class="t" x="{LABELS - 12}" y="{top + 30}" text-anchor="end">{escape(order)}</text>'
        )
        for tier, name in enumerate(TIERS):
            row = found.get((order, name))
            if row is None:
                continue
            y = top + 12 + 16 * tier
            x, end = (LABELS + PLOT * row[measure] / most for measure in (MEDIAN, HIGH))
            parts.append(f'<path class="l{tier}" d="M{x:.1f} {y}H{end:.1f}"/>{_mark(tier, x, y)}')
    words = "Weeks from referral to the first offer by order and tier: median and 95th percentile."
    return _drawing(LABELS + PLOT + 24, height, words, parts)


def curve(figures: pl.DataFrame, shares: dict[float, str]) -> Markup:
    """Draw the median wait of each tier against the share of the need lane."""
    told = _told(figures, (MEDIAN,))
    most = max(told.filter(pl.col("order").is_in(list(shares.values())))[MEDIAN].to_list(), default=1.0)
    bottom = CURVE_HEIGHT - FOOT
    parts = [_axis(most, MARGIN, bottom, vertical=True)]
    for share in shares:
        x = MARGIN + PLOT * share
        parts.append(f'<text class="t" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{share:g}</text>')
    middle = f'x="{MARGIN + PLOT / 2}" y="{bottom + 38}" text-anchor="middle"'
    parts.append(f'<text class="t" {middle}>share of slots for need (q)</text>')
    for tier, name in enumerate(TIERS):
        line = {r["order"]: r[MEDIAN] for r in told.filter(group=name).iter_rows(named=True)}
        points = [
            (MARGIN + PLOT * share, bottom - (bottom - HEAD) * line[order] / most)
            for share, order in shares.items()
            if order in line
        ]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path class="l{tier} c" d="M{path}"/>' + "".join(_mark(tier, x, y) for x, y in points))
    words = "Median weeks from referral to the first offer of each tier, by share of the need lane."
    return _drawing(MARGIN + PLOT + 24, CURVE_HEIGHT, words, parts)


def key() -> Markup:
    """Draw which mark is which tier."""
    parts = [
        f'{_mark(tier, 12 + 110 * tier, 12)}<text class="t" x="{26 + 110 * tier}" y="17">{name}</text>'
        for tier, name in enumerate(TIERS)
    ]
    return _drawing(330, 24, "Circles are tier 0, squares tier 1, diamonds tier 2.", parts, kind="key")


def _told(figures: pl.DataFrame, measures: tuple[str, ...]) -> pl.DataFrame:
    chosen = figures.filter(
        pl.col("capacity") == AS_PLANNED,
        pl.col("service_id") == EVERY_LIST,
        pl.col("group").is_in(TIERS),
        pl.col("measure").is_in(measures),
        pl.col("value").is_not_null(),
    )
    return chosen.pivot(on="measure", index=["order", "group"], values="value")


def _axis(most: float, start: float, bottom: float, *, vertical: bool) -> str:
    """Lines at whole numbers of weeks, about six of them."""
    step = next((step for step in (1, 2, 5, 10, 13, 26, 52) if most / step <= 6), 104)
    parts = []
    for weeks in range(0, int(most) + 1, step):
        if vertical:
            y = bottom - (bottom - HEAD) * weeks / most
            parts.append(
                f'<path class="g" d="M{start} {y:.1f}H{start + PLOT}"/>'
                f'<text class="t" x="{start - 8}" y="{y + 4:.1f}" text-anchor="end">{weeks}</text>'
            )
        else:
            x = start + PLOT * weeks / most
            parts.append(
                f'<path class="g" d="M{x:.1f} {HEAD}V{bottom}"/>'
                f'<text class="t" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{weeks}</text>'
            )
    if not vertical:
        parts.append(
            f'<text class="t" x="{start + PLOT / 2}" y="{bottom + 38}" text-anchor="middle">weeks</text>'
        )
    return "".join(parts)


def _mark(tier: int, x: float, y: float) -> str:
    shape = MARKS[tier]
    if shape == "circle":
        return f'<circle class="m{tier}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    if shape == "square":
        return f'<rect class="m{tier}" x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"/>'
    return f'<path class="m{tier}" d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z"/>'


def _drawing(width: float, height: float, words: str, parts: list[str], kind: str = "chart") -> Markup:
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(words)}">'
        f"{''.join(parts)}</svg>"
    )
