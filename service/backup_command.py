"""The commands `risk-service backup` and `risk-service restore`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.audit_command import Held, held_checkpoint
from service.options import AsJson, Database, LogKey, mistakes_in_one_sentence


def backup(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database while people work; keys are not in the copy, back them up apart."""
    from service import backups
    from service.app import settings_from_environment

    with mistakes_in_one_sentence():
        backups.backup(settings_from_environment(database=database).database, out)
    words = f"The backup is {out}. It holds no keys: back up the log's key and the keys of pseudonyms apart from it."
    typer.echo(json.dumps({"file": str(out)}) if as_json else words)


def restore(
    backup_file: Annotated[Path, typer.Argument(help="What `risk-service backup` wrote.")],
    by: Annotated[str, typer.Option(help="Who does this; it stays in the log.")],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Give up what is in the database now, and what came after the backup."
        ),
    ] = False,
    checkpoint: Held = None,
    database: Database = None,
    log_key: LogKey = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in place once its log verifies; stop the service before."""
    from service import audit, backups
    from service.app import settings_from_environment

    with mistakes_in_one_sentence():
        settings = settings_from_environment(database=database, log_key=log_key)
        key = audit.open_key(settings.log_key_path)
        held = [held_checkpoint(path, key.public) for path in checkpoint or ()]
        verdict = backups.restore(
            backup_file, settings.database, key, held, by, datetime.now(UTC), replace=replace
        )
    lost = max((each.size - verdict.entries for each in held), default=0)
    words = f"The backup is in place, with {verdict.entries:,} entries in its log. {verdict.words}"
    if lost > 0:
        words += f" At least {lost:,} later entries are lost, and the log says so."
    answer = {"entries": verdict.entries, "entries_lost_at_least": max(lost, 0)}
    typer.echo(json.dumps(answer) if as_json else words)
