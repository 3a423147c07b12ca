"""The page of a comparison: who moved and because of what, one HTML file with no script and nothing to fetch."""

from __future__ import annotations

from pathlib import Path

from risk_model.contracts.pages import environment
from risk_model.worklist import moves
from risk_model.worklist.folder import Worklist
from risk_model.worklist.moves import Moves

MOST_SHOWN = 200
"""Ours: more rows than anybody reads; the JSON has all."""
CAUSES_IN_WORDS = {
    moves.TIME: "a later review with its slots, who left and who came",
    moves.DATA: "what is known of the children",
    moves.DECISIONS: "what reviewers decided",
    moves.MODEL: "the estimate of risk",
    moves.POLICY: "the rules",
}


def moves_page(found: Moves, old: Worklist, new: Worklist) -> str:
    """Return the page for whoever reviews a list or confirms a model or policy."""
    return (
        environment(Path(__file__).with_name("templates"))
        .get_template("moves.html.jinja")
        .render(
            summary=moves.in_words(found),
            asks=found.asks,
            old=old,
            new=new,
            causes=CAUSES_IN_WORDS,
            top=found.top,
            lists=moves.by_list(found),
            furthest=moves.furthest(found).head(MOST_SHOWN),
            most=MOST_SHOWN,
        )
    )
