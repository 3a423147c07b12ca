"""A fan drawn as SVG with classes and attributes only; its table twin stands on the page."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 16, 36
TICKS = 4
LABEL_GAP = 17


def fan(now: pl.DataFrame, alternative: pl.DataFrame | None, alternative_name: str, finding: str) -> Markup:
    """Draw a forecast: half of all paths dark, nine in ten light, the middle solid, an alternative's middle dotted."""
    highest = [now["high_90"], *([] if alternative is None else [alternative["middle"]])]
    place = _Place(_nice(float(pl.concat(highest).max() or 0)), now.height - 1)  # type: ignore[arg-type]
    parts = [
        place.scale(),
        f'<polygon class="fan-90" points="{place.band(now["low_90"], now["high_90"])}"/>',
        f'<polygon class="fan-50" points="{place.band(now["low_50"], now["high_50"])}"/>',
        f'<polyline class="fan-middle" points="{place.line(now["middle"])}"/>',
    ]
    labels = [(place.y(now["middle"][-1]), "as now")]
    if alternative is not None:
        parts.append(f'<polyline class="fan-other" points="{place.line(alternative["middle"])}"/>')
        labels.append((place.y(alternative["middle"][-1]), alternative_name))
    parts += _labels(labels, place.x(place.last) + 8)
    return Markup('<svg class="es-chart fan" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, finding, Markup("".join(parts))
    )


@dataclass(frozen=True)
class _Place:
    """Where months and children stand on the drawing."""

    top: float
    last: int

    def x(self, month: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * month / self.last

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / self.top)

    def points(self, values: pl.Series) -> list[str]:
        return [f"{self.x(month):.1f},{self.y(value):.1f}" for month, value in enumerate(values)]

    def line(self, values: pl.Series) -> str:
        return " ".join(self.points(values))

    def band(self, low: pl.Series, high: pl.Series) -> str:
        return " ".join([*self.points(high), *reversed(self.points(low))])

    def scale(self) -> str:
        right = f"{self.x(self.last):.1f}"
        rules = [
            f'<path class="s-grid" d="M{LEFT} {self.y(value):.1f}H{right}"/>'
            f'<text x="{LEFT - 6}" y="{self.y(value) + 5:.1f}" text-anchor="end">{value:,.0f}</text>'
            for value in (self.top * tick / TICKS for tick in range(TICKS + 1))
        ]
        months = [
            f'<text x="{self.x(month):.1f}" y="{HEIGHT - 12}" text-anchor="middle">{month or "now"}</text>'
            for month in range(0, self.last + 1, 3)
        ]
        return "".join(
            [*rules, *months, f'<text x="{self.x(self.last) + 16:.1f}" y="{HEIGHT - 12}">months</text>']
        )


def _labels(labels: list[tuple[float, str]], left: float) -> list[str]:
    """Labels at the right end; the lower of two that would touch moves down."""
    placed: list[str] = []
    before = -math.inf
    for height, words in sorted(labels):
        at = max(height + 5, before + LABEL_GAP)
        before = at
        placed.append(str(Markup('<text x="{:.1f}" y="{:.1f}">{}</text>').format(left, at, words)))
    return placed


def _nice(value: float) -> float:
    """The next round number that divides into ticks."""
    if value <= 0:
        return TICKS
    step = 10.0 ** math.floor(math.log10(value / TICKS))
    return next(TICKS * step * by for by in (1.0, 2.0, 2.5, 5.0, 10.0) if TICKS * step * by >= value)
