"""`risk-model explain`: why one referral has its place, what would move it, and how it compares with its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from risk_model import terminal
from risk_model.errors import UserError
from risk_model.options import AsJson

RISK_IN_WORDS = (
    "The range shows how sure the arithmetic is. It does not cover what nobody recorded, events that were never "
    "recorded, and severity that no record shows."
)
NEVER_USED = (
    "Ethnicity, sex and deprivation are never used for the estimate; they are looked at in the audit."
)
HEADINGS = {
    "up": "What raises the risk",
    "down": "What lowers the risk",
    "unknown": "What is not known",
}
MOVES_TOLD = 3


def explain(
    worklist: Annotated[
        Path, typer.Argument(help="Folder of one run, such as workspace/worklists/2026-11-20-r1.")
    ],
    referral: Annotated[
        str, typer.Argument(help="The referral's id or the child's reference, such as 7F3K-2QD.")
    ],
    what_if: Annotated[
        str | None,
        typer.Option(
            metavar="FEATURE=VALUE",
            help="One feature as it might be, such as suspensions_6_months=2 or has_ehc_plan=unknown.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why one referral has its place: the deciding rule, what raises and lowers its risk, its neighbours."""
    from risk_model.policy.signing import DRAFT

    told = _told(worklist, referral, what_if)
    if as_json:
        terminal.show_json(told)
        return
    if told["policy_status"] == DRAFT:
        terminal.warn(f"{DRAFT}.")
    if told["no_estimate_because"]:
        terminal.warn(f"no risk estimate is used: {told['no_estimate_because']}.")
    columns = ("service_name", "place", "tier", "deciding_rule", "latest_on", "best_place", "worst_place")
    places = pl.DataFrame(told["places"], infer_schema_length=None).select(columns)
    terminal.show_table(places, f"Child {told['places'][0]['child_reference']}")
    for row in told["places"]:
        heard = (f"{row['service_name']}:", row["override_words"], row["next_rule"])
        terminal.say(" ".join(words for words in heard if words))
    for line in _lines(told):
        terminal.say(line)


def _told(folder: Path, referral: str, what_if: str | None) -> dict[str, Any]:
    """Everything that is said of the referral, as JSON says it."""
    from risk_model import explanation, scorecard
    from risk_model import worklist as worklists
    from risk_model.policy.signing import DRAFT

    run = worklists.load(folder)
    found = run.list.filter(
        (pl.col("referral_id") == referral) | (pl.col("child_reference") == referral.upper())
    )
    if found.is_empty():
        raise UserError(
            f"No referral or child of that name is on the worklist {run.run}. Expected a referral's id or a child's "
            "reference as the list shows them. Check the run's folder and the spelling."
        )
    is_child = pl.col("person_id") == found["person_id"][0]
    contributions, reasons = run.contributions.filter(is_child), run.reasons.filter(is_child)
    model = folder / "scorecard.json"
    card = scorecard.read(model.read_bytes()) if model.is_file() else None
    if card is None and what_if is not None:
        raise UserError(
            f"The list {run.run} was made without an estimate, so nothing would move it. Expected a list with a model. "
            "Leave --what-if out."
        )
    child = run.features.filter(is_child).head(1)
    on = date.fromisoformat(run.provenance["index_date"])
    neighbours = {
        row["service_id"]: [
            asdict(other) | {"sentence": other.sentence}
            for other in explanation.neighbours.most_different(
                run.list, run.reasons, row["referral_id"], row["service_id"]
            )
        ]
        for row in found.iter_rows(named=True)
    }
    return {
        "policy_status": "signed" if run.provenance["policy"]["signed_by"] is not None else DRAFT,
        "no_estimate_because": run.provenance["no_estimate_because"],
        "places": found.to_dicts(),
        "contributions": contributions.to_dicts(),
        "reasons": reasons.to_dicts(),
        "what_if": [explanation.what_if.changed(card, child, *_parsed(what_if), on).row(0, named=True)]
        if card is not None and what_if is not None
        else [],
        "would_raise": explanation.what_if.moves(card, child, on).to_dicts() if card is not None else [],
        "neighbours": neighbours,
        "explanation": _six_kinds(run, found, contributions, card),
    }


def _parsed(what_if: str) -> tuple[str, float | None]:
    feature, equals, value = what_if.partition("=")
    try:
        return feature, None if value == "unknown" else float(value)
    except ValueError as error:
        expected = "Expected FEATURE=VALUE with a number or the word unknown, such as suspensions_6_months=2."
        problem = "names no value" if not equals else "has a value that is no number"
        raise UserError(f"--what-if {problem}. {expected} Give it again.") from error


def _six_kinds(
    run: Any, found: pl.DataFrame, contributions: pl.DataFrame, card: Any | None
) -> dict[str, Any]:
    """The six kinds of explanation of the ICO and the Turing Institute, from the run's own folder."""
    told, first = run.provenance, found.row(0, named=True)
    total = float(contributions["log_factor"].sum()) if contributions.height else None
    mean = None if card is None else card.table.base + sum(term.mean for term in card.table.terms)
    keys = ("place", "lane", "tier", "deciding_rule", "latest_on", "guaranteed_review", "no_date_reason")
    return {
        "rationale": {
            "deciding_rules": found["deciding_rule"].to_list(),
            "log_rate_of_the_mean_child": mean,
            "sum_of_log_factors": total,
            "risk": first["risk"],
        },
        "responsibility": {"policy": told["policy"], "model": told["model"], "code": told["code"]},
        "data": {
            "index_date": told["index_date"],
            "data_up_to": told["data_up_to"],
            "accepted_gaps": told.get("accepted_gaps", []),
            "not_known": first["unknown_facts"],
        },
        "fairness": {
            "never_used": NEVER_USED,
            "expected_over_observed_by_group": {} if card is None else card.calibration,
        },
        "safety_and_performance": {
            "risk_low": first["risk_low"],
            "risk_high": first["risk_high"],
            "what_the_range_is": RISK_IN_WORDS,
            "form": None if card is None else card.form,
        },
        "impact": [
            {"service_name": row["service_name"], **{k: row[k] for k in keys}} for row in found.to_dicts()
        ],
    }


def _lines(told: dict[str, Any]) -> Iterator[str]:
    for direction, heading in HEADINGS.items():
        mine = [reason for reason in told["reasons"] if reason["direction"] == direction]
        if mine:
            yield f"\n{heading}"
        for partner in dict.fromkeys(reason["partner"] for reason in mine):
            yield f"  {partner.capitalize()}"
            yield from _of_partner([reason for reason in mine if reason["partner"] == partner])
    if told["reasons"]:
        yield f"\n{RISK_IN_WORDS} {NEVER_USED}"
    for row in told["what_if"]:
        yield f"\nWhat if: {_moved(row)}"
    if told["would_raise"]:
        yield "\nWhat would raise the risk most if it were recorded"
        yield from (f"    {_moved(row)}" for row in told["would_raise"][:MOVES_TOLD])
    for row in told["places"]:
        compared = told["neighbours"][row["service_id"]]
        if compared:
            yield f"\nOn the list of {row['service_name']}"
        yield from (f"    {neighbour['sentence']}" for neighbour in compared)


def _of_partner(reasons: list[dict[str, Any]]) -> Iterator[str]:
    """A sentence for each reason that makes a difference, and one for all that are not known and make little."""
    little = [reason for reason in reasons if round(reason["factor"], 1) == 1 and reason["used_for_place"]]
    yield from (f"    {reason['sentence']}." for reason in reasons if reason not in little)
    if little:
        yield f"    Of little effect until it is known: {'; '.join(reason['words'] for reason in little)}."


def _moved(row: dict[str, Any]) -> str:
    return (
        f"{row['words']}: the risk would be {row['risk_then']:.1%} and is {row['risk_now']:.1%} "
        f"(× {row['factor']:.2f} on the rate)."
    )
