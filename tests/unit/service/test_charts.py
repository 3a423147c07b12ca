"""What is drawn agrees with the number beside it."""

from __future__ import annotations

import re

import pytest

from service import charts


def circles(drawing: str, kind: str) -> int:
    return len(re.findall(f'<circle class="{kind}"', drawing))


@pytest.mark.parametrize(
    ("risk", "low", "high", "filled", "striped"),
    [
        (0.11, 0.07, 0.17, 11, 6),
        (0.004, 0.002, 0.02, 0, 2),
        (0.45, 0.3, 0.6, 45, 15),
        (0.05, 0.05, 0.05, 5, 0),
    ],
)
def test_a_hundred_children(risk: float, low: float, high: float, filled: int, striped: int) -> None:
    drawing = charts.people(risk, low, high)
    assert (circles(drawing, "f-up"), circles(drawing, "f-may")) == (filled, striped)
    assert len(re.findall("<circle", drawing)) == 100
    assert 'role="img"' in drawing


def test_the_limits_are_named_in_the_drawing_when_there_is_room() -> None:
    assert re.findall(r">(1 in \d+)<", charts.people(0.11, 0.07, 0.17)) == ["1 in 14", "1 in 9", "1 in 6"]
    assert re.findall(r">(1 in \d+)<", charts.people(0.45, 0.3, 0.6)) == []


@pytest.mark.parametrize(
    ("factor", "state", "used", "style"),
    [
        (1.3, "yes", True, "f-up"),
        (0.8, "no", True, "f-down"),
        (1.06, "unknown", True, "f-unk"),
        (1.05, "value", False, "f-no"),
    ],
)
def test_the_shape_of_a_bar_carries_its_meaning(factor: float, state: str, used: bool, style: str) -> None:
    assert f'<rect class="{style}"' in charts.bar(factor, state, used)


@pytest.mark.parametrize(("factor", "arrows"), [(1.59, 0), (1.61, 1), (0.626, 0), (0.62, 1)])
def test_a_bar_too_long_ends_in_an_arrow(factor: float, arrows: int) -> None:
    assert charts.bar(factor, "yes", True).count('<path class="f-up"') == arrows


@pytest.mark.parametrize(("factor", "starts_at"), [(1.6, 120.0), (1 / 1.6, 8.0)])
def test_a_bar_to_the_right_raises_and_to_the_left_lowers(factor: float, starts_at: float) -> None:
    assert f'x="{starts_at}" y="4" width="112.0"' in charts.bar(factor, "yes", True)


@pytest.mark.parametrize(("done", "of"), [(0, 0), (0, 4), (4, 4)])
def test_progress_never_divides_by_nobody(done: int, of: int) -> None:
    assert f'aria-label="{done} of {of}"' in charts.progress(done, of)
