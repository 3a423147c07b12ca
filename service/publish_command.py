"""The commands that make a run live: `risk-service publish` and `risk-service rollback`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.options import AsJson, Database, LogKey, Worklists, mistakes_in_one_sentence

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store import Publication, Store

By = Annotated[str, typer.Option(help="Who does this.")]
Reason = Annotated[str, typer.Option(help="Why, in at least 10 letters; it stays in the log.")]


def publish(
    run: Annotated[str, typer.Argument(help="The run to make live, such as 2026-11-20-r2.")],
    by: By,
    reason: Reason,
    second: Annotated[
        str | None, typer.Option(help="Who agrees; needed where the policy or the model changed.")
    ] = None,
    worklists: Worklists = None,
    database: Database = None,
    log_key: LogKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a run live: from now on it is the list that everybody sees and decides on."""
    from risk_model import worklist
    from service import publishing

    with mistakes_in_one_sentence():
        settings, store = _open(worklists=worklists, database=database, log_key=log_key)
        found = publishing.candidate(settings.worklists, run)
        order = [folder.name for folder in worklist.runs(settings.worklists)]
        with store, store.writing() as session:
            made = publishing.publish(session, found, order, by, second, reason, datetime.now(UTC))
    _tell(made, as_json)


def rollback(
    by: By,
    reason: Reason,
    worklists: Worklists = None,
    database: Database = None,
    log_key: LogKey = None,
    as_json: AsJson = False,
) -> None:
    """Make the run before the live one live again; once more goes back one further."""
    from service import publishing

    with mistakes_in_one_sentence():
        settings, store = _open(worklists=worklists, database=database, log_key=log_key)
        with store, store.writing() as session:
            made = publishing.roll_back(session, settings.worklists, by, reason, datetime.now(UTC))
    _tell(made, as_json)


def _open(**given: Path | str | None) -> tuple[Settings, Store]:
    from service import audit
    from service.app import settings_from_environment
    from service.store import Store

    settings = settings_from_environment(**given)
    return settings, Store(settings.database, audit.open_key(settings.log_key_path))


def _tell(made: Publication, as_json: bool) -> None:
    answer: dict[str, Any] = {
        name: getattr(made, name)
        for name in ("publication_id", "run", "kind", "made_by", "seconded_by", "made_at")
    }
    words = f"The run {made.run} is live: {made.kind} by {made.made_by}"
    words += f", seconded by {made.seconded_by}." if made.seconded_by else "."
    typer.echo(json.dumps(answer) if as_json else words)
