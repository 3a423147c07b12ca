"""The commands of `risk-service audit`: verify, export, checkpoint, proof, erase."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risk_model.errors import UserError
from service.options import FINDING, NO_TABLES, AsJson, Database, LogKey, mistakes_in_one_sentence

if TYPE_CHECKING:
    from service.audit import Checkpoint, VerifierKey
    from service.settings import Settings
    from service.store import Store

FEWEST_LETTERS_OF_A_REASON = 20
app = typer.Typer(
    help="Checks the log of who looked and who decided, and hands it to auditors.", no_args_is_help=True
)
PublicKey = Annotated[
    Path | None,
    typer.Option(
        "--key", help="The log's verifier key (.vkey), from your own safe. [default: beside the log's key]"
    ),
]
Held = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="A checkpoint that you took earlier and kept elsewhere; repeatable."),
]


@app.command()
def verify(
    database: Database = None,
    log_key: LogKey = None,
    key: PublicKey = None,
    checkpoint: Held = None,
    as_json: AsJson = False,
) -> None:
    """Check every entry against the signed heads, and decisions against the log; exit 1 if anything differs.

    Only a checkpoint kept elsewhere shows a log that was written anew as a whole.
    """
    from service import audit

    with mistakes_in_one_sentence(), _opened(database, log_key) as (settings, store):
        public = audit.open_public_key(key or settings.log_key_path)
        with store.reading(at_one_moment=True) as session:
            verdict = audit.verify(
                session, public, [held_checkpoint(path, public) for path in checkpoint or ()]
            )
    answer = {
        "agrees": verdict.agrees,
        "entries": verdict.entries,
        "erased": verdict.erased,
        "first_bad_entry": verdict.first_bad_entry,
        "last_bad_entry": verdict.last_bad_entry,
        "problem": verdict.problem,
        "root": verdict.root.hex(),
    }
    typer.echo(json.dumps(answer) if as_json else verdict.words)
    if not verdict.agrees:
        raise typer.Exit(FINDING)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="The file to write, for service/audit/verify_audit.py.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole log to a file that an auditor checks without this service."""
    from service import audit

    with (
        mistakes_in_one_sentence(),
        _opened(database, None) as (_, store),
        store.reading(at_one_moment=True) as session,
    ):
        count = audit.export(session, out)
    words = f"{count:,} entries are in {out}. Check it elsewhere: python verify_audit.py {out} --key LOG.vkey"
    typer.echo(json.dumps({"entries": count, "file": str(out)}) if as_json else words)


@app.command()
def checkpoint(database: Database = None, as_json: AsJson = False) -> None:
    """Print the newest signed head: keep it elsewhere, and hand it to `audit verify` later."""
    from service import audit

    with mistakes_in_one_sentence(), _opened(database, None) as (_, store):
        with store.reading() as session:
            head = audit.head(session)
        if head is None:
            raise UserError("The log is empty. Expected at least one entry. Use the service, then ask again.")
    typer.echo(json.dumps({"size": head.size, "note": head.note}) if as_json else head.note, nl=as_json)


@app.command()
def proof(
    out: Annotated[Path, typer.Argument(help="The file to write: .tlog-proof, or .tlog-consistency.")],
    entry: Annotated[
        int | None, typer.Option(min=1, help="Number of the entry to prove, with its content.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="A checkpoint you hold: prove that the log only grew since.")
    ] = None,
    database: Database = None,
    log_key: LogKey = None,
    key: PublicKey = None,
) -> None:
    """Write the proof that one entry is in the log, or that the log only grew since a checkpoint was made."""
    from service import audit

    with mistakes_in_one_sentence(), _opened(database, log_key) as (settings, store):
        if (entry is None) == (since is None):
            raise UserError("Say what to prove: expected either --entry NUMBER or --since CHECKPOINT.")
        with store.reading(at_one_moment=True) as session:
            grown = audit.tree(session)
            if entry is not None:
                text = audit.inclusion(session, entry, grown)
            else:
                assert since is not None
                public = audit.open_public_key(key or settings.log_key_path)
                text = audit.consistency(session, held_checkpoint(since, public), grown)
        _write(out, text)
    typer.echo(f"The proof is in {out}. Check it elsewhere with verify_audit.py.")


@app.command()
def erase(
    service: Annotated[str, typer.Argument(help="The service of the wait, as in its address.")],
    referral: Annotated[str, typer.Argument(help="The referral, as in its address.")],
    by: Annotated[str, typer.Option(help="Who erases.")],
    reason: Annotated[
        str, typer.Option(help=f"Why, in at least {FEWEST_LETTERS_OF_A_REASON} letters; it stays in the log.")
    ],
    database: Database = None,
    log_key: LogKey = None,
    as_json: AsJson = False,
) -> None:
    """Erase what the log and the decisions hold about one child's wait; the log still verifies after that was made."""
    from service import audit
    from service.store import Store

    with mistakes_in_one_sentence():
        if len(reason.strip()) < FEWEST_LETTERS_OF_A_REASON:
            raise UserError(
                f"The reason is too short. Expected at least {FEWEST_LETTERS_OF_A_REASON} letters, without the child's "
                "name."
            )
        with _opened(database, log_key) as (settings, _):
            key = audit.open_key(settings.log_key_path)
        with Store(settings.database, key) as store:
            with store.writing() as session:
                count = audit.erase(session, audit.Operator(by), service, referral, reason, datetime.now(UTC))
            store.shrink()
    words = f"{count:,} entries were erased. A backup made before still holds them: erase there too if it is put back."
    if not count:
        words = "Nothing is kept about this wait. Nothing was changed."
    typer.echo(json.dumps({"entries": count}) if as_json else words)


@contextmanager
def _opened(database: str | None, log_key: Path | None) -> Iterator[tuple[Settings, Store]]:
    from service.app import settings_from_environment
    from service.store import Store

    settings = settings_from_environment(database=database, log_key=log_key)
    with Store(settings.database) as store:
        if not store.answers():
            raise UserError(NO_TABLES)
        yield settings, store


def held_checkpoint(path: Path, key: VerifierKey) -> Checkpoint:
    """Return a checkpoint that somebody kept, once its signature agrees."""
    from service import audit

    try:
        return audit.open_checkpoint(path.read_bytes().decode(), key)
    except (OSError, UnicodeDecodeError, audit.NotProvenError) as error:
        because = error if isinstance(error, audit.NotProvenError) else "it cannot be read"
        raise UserError(
            f"{path} is no checkpoint of this log: {because}. Expected what `risk-service audit checkpoint` printed. "
            "If it was, tell the safety officer."
        ) from error


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(
            f"{out} cannot be written: {error.strerror}. Expected a place with room. Name another one."
        ) from error
