"""Drawings made on the server: classes and attributes only, each with its table twin on the page."""

from __future__ import annotations

import math

from markupsafe import Markup

from service.wording import RAREST_RISK_IN_WORDS, one_in

BAR_LIMIT = 1.6
BAR_WIDTH, BAR_HEIGHT = 240, 22
CIRCLES, CIRCLES_IN_A_ROW = 100, 20
CIRCLE_STEP, CIRCLE_RADIUS, FIRST_CIRCLE = 18, 7, 12
CLOSEST_LABELS = 4
LABEL_HEIGHT = 16


def bar(factor: float, state: str, used_for_place: bool) -> Markup:
    """Draw one factor on a log scale: the middle is no difference, right raises, left lowers."""
    middle, reach = BAR_WIDTH / 2, BAR_WIDTH / 2 - 8
    share = math.log(factor) / math.log(BAR_LIMIT)
    end = middle + max(-1.0, min(1.0, share)) * reach
    left, width = min(middle, end), max(abs(end - middle), 1.5)
    arrow = _arrow(end, share) if abs(share) > 1 else ""
    return Markup(
        f'<svg class="es-bars" viewBox="0 0 {BAR_WIDTH} {BAR_HEIGHT}" preserveAspectRatio="none"'
        f' aria-hidden="true" focusable="false"><path class="s-axis" d="M{middle:.0f} 0V{BAR_HEIGHT}"/>'
        f'<rect class="{_bar_class(factor, state, used_for_place)}" x="{left:.1f}" y="4" width="{width:.1f}"'
        f' height="14"/>{arrow}</svg>'
    )


def people(risk: float, low: float, high: float) -> Markup:
    """Draw a hundred children: filled up to the estimate, striped up to the upper limit, limits ticked."""
    best, least, most = (_of_a_hundred(value) for value in (risk, low, high))
    labels = [(least, one_in(low), ""), (best, one_in(risk), "t-bold"), (most, one_in(high), "")]
    on_first_row = least > 0 and most <= CIRCLES_IN_A_ROW
    close = best - least < CLOSEST_LABELS or most - best < CLOSEST_LABELS
    levels = [0, 1, 2] if close else [0, 0, 0]
    top = 4 + (max(levels) + 1) * LABEL_HEIGHT if on_first_row else 4
    parts = [_circle(number, best, most, top) for number in range(1, CIRCLES + 1)]
    for (number, words, style), level in zip(labels, levels, strict=True):
        if number:
            parts.append(_tick(number, top, LABEL_HEIGHT * level if on_first_row else None, words, style))
    height = top + CIRCLE_STEP * CIRCLES // CIRCLES_IN_A_ROW + 4
    width = FIRST_CIRCLE * 2 + CIRCLE_STEP * (CIRCLES_IN_A_ROW - 1) + 2
    finding = (
        f"Of 100 children with this record, {_about(risk, best)} would have a serious deterioration; "
        f"it could be {least} to {most}."
    )
    return Markup(
        f'<svg class="es-chart es-chart--people" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{finding}">'
        f"{''.join(parts)}</svg>"
    )


def progress(done: int, of: int) -> Markup:
    """Draw how many of a number are done."""
    width = 220
    filled = width * done / of if of else 0
    return Markup(
        f'<svg class="es-block" width="{width}" height="14" role="img" aria-label="{done} of {of}">'
        f'<rect class="f-no" x=".5" y=".5" width="{width - 1}" height="13"/>'
        f'<rect class="f-up" width="{filled:.1f}" height="14"/></svg>'
    )


def in_a_hundred(risk: float) -> str:
    """Return how many of a hundred children a risk means, in words.

    >>> in_a_hundred(0.112), in_a_hundred(0.004)
    ('about 11', 'fewer than 1')
    """
    return _about(risk, _of_a_hundred(risk))


def _bar_class(factor: float, state: str, used_for_place: bool) -> str:
    if not used_for_place:
        return "f-no"
    if state == "unknown":
        return "f-unk"
    return "f-up" if factor >= 1 else "f-down"


def _arrow(end: float, share: float) -> str:
    tip = end + 7 if share > 0 else end - 7
    return f'<path class="f-up" d="M{end:.1f} 2L{tip:.1f} 11L{end:.1f} 20z"/>'


def _of_a_hundred(risk: float) -> int:
    return 0 if risk < RAREST_RISK_IN_WORDS else min(CIRCLES, int(risk * CIRCLES + 0.5))


def _about(risk: float, number: int) -> str:
    return "fewer than 1" if risk < RAREST_RISK_IN_WORDS else f"about {number}"


def _circle(number: int, best: int, most: int, top: int) -> str:
    row, column = divmod(number - 1, CIRCLES_IN_A_ROW)
    style = "f-up" if number <= best else "f-may" if number <= most else "f-no"
    x, y = (FIRST_CIRCLE + column * CIRCLE_STEP, top + CIRCLE_STEP // 2 + row * CIRCLE_STEP)
    return f'<circle class="{style}" cx="{x}" cy="{y}" r="{CIRCLE_RADIUS}"/>'


def _tick(number: int, top: int, label_top: int | None, words: str, style: str) -> str:
    row, column = divmod(number - 1, CIRCLES_IN_A_ROW)
    x, y = (FIRST_CIRCLE + column * CIRCLE_STEP + CIRCLE_STEP // 2, top + row * CIRCLE_STEP)
    if label_top is None:
        return f'<path class="s-tick" d="M{x} {y}v{CIRCLE_STEP}"/>'
    anchor = "end" if x > 60 else "start"
    beside = x - 4 if anchor == "end" else x + 4
    return (
        f'<path class="s-tick" d="M{x} {label_top + 3}V{top + CIRCLE_STEP}"/>'
        f'<text class="{style}" x="{beside}" y="{label_top + 14}" text-anchor="{anchor}">{words}</text>'
    )
