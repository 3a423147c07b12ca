"""Drawings for the report: plain SVG with classes, each beside a table that says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 16, 40
ROW_HEIGHT, LABEL_WIDTH = 26, 230
TICKS = 4
LABEL_HEIGHT = 19


@dataclass(frozen=True)
class Dot:
    """One value with its limits, as it is drawn."""

    label: str
    value: float
    low: float
    high: float


def forest(dots: Sequence[Dot], *, reference: float, what: str) -> Markup:
    """Draw a value and its interval in a row for each label, with a line where nothing would be amiss."""
    low = min(reference, *(dot.low for dot in dots))
    high = max(reference, *(dot.high for dot in dots))
    height = TOP + ROW_HEIGHT * len(dots) + BOTTOM

    def across(value: float) -> float:
        return LABEL_WIDTH + (value - low) / ((high - low) or 1) * (WIDTH - LABEL_WIDTH - 24)

    bottom = height - BOTTOM + 8
    parts = [f'<path class="line-none" d="M{across(reference):.1f} {TOP - 8}V{bottom}"/>']
    for number, dot in enumerate(dots):
        middle = TOP + ROW_HEIGHT * number + ROW_HEIGHT / 2
        parts += [
            f'<text x="0" y="{middle + 5:.1f}">{escape(dot.label)}</text>',
            f'<path class="interval" d="M{across(dot.low):.1f} {middle:.1f}H{across(dot.high):.1f}"/>',
            f'<circle cx="{across(dot.value):.1f}" cy="{middle:.1f}" r="5"/>',
        ]
    for value in {low, reference, high}:
        parts.append(
            f'<text class="tick" text-anchor="middle" x="{across(value):.1f}" y="{bottom + 18}">{value:.2f}</text>'
        )
    return _drawing(parts, height, what)


def lines(points: Sequence[str], series: Mapping[str, Sequence[float]], *, what: str, zero: bool) -> Markup:
    """Draw a line for each name over the same points; `zero` starts the scale there, otherwise at the lowest value."""
    values = [value for line in series.values() for value in line]
    low, high = min(values + [0.0] * zero), max(values)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(points) - 1)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / ((high - low) or 1) * (HEIGHT - TOP - BOTTOM)

    parts = []
    for tick in range(TICKS + 1):
        value = low + (high - low) * tick / TICKS
        parts.append(f'<path class="grid" d="M{LEFT} {up(value):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text class="tick" text-anchor="end" x="{LEFT - 8}" y="{up(value) + 5:.1f}">{value:.2f}</text>'
        )
    for number, point in enumerate(points):
        parts.append(
            f'<text class="tick" text-anchor="middle" x="{LEFT + step * number:.1f}" y="{HEIGHT - 14}">'
            f"{escape(point)}</text>"
        )
    labels = _apart({name: up(line[-1]) for name, line in series.items()})
    for number, (name, line) in enumerate(series.items()):
        path = " ".join(f"{LEFT + step * place:.1f},{up(value):.1f}" for place, value in enumerate(line))
        parts.append(f'<polyline class="line line-{number}" points="{path}"/>')
        parts.append(
            f'<text class="name-{number}" x="{WIDTH - RIGHT + 8}" y="{labels[name] + 5:.1f}">{escape(name)}</text>'
        )
    return _drawing(parts, HEIGHT, what)


def _apart(wanted: Mapping[str, float]) -> dict[str, float]:
    """Heights for labels as near as may be to those wanted, none on top of another."""
    placed: dict[str, float] = {}
    lowest = TOP - LABEL_HEIGHT * 1.0
    for name, height in sorted(wanted.items(), key=lambda item: item[1]):
        lowest = max(height, lowest + LABEL_HEIGHT)
        placed[name] = lowest
    over = max(placed.values()) - (HEIGHT - BOTTOM + LABEL_HEIGHT)
    return {name: height - max(0.0, over) for name, height in placed.items()}


def _drawing(parts: Sequence[str], height: float, what: str) -> Markup:
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(what)}">{"".join(parts)}</svg>'
    )
