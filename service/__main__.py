"""The command line of the service: `risk-service`."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Annotated, Any

import typer

from risk_model.errors import UserError
from service import audit_command, backup_command, publish_command
from service.options import AsJson, Database, LogKey, Worklists, mistakes_in_one_sentence
from service.settings import DEFAULT_PORT

LOOPBACK = "127.0.0.1"

app = typer.Typer(
    help="Shows waiting lists as they were written and keeps what reviewers decide.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(audit_command.app, name="audit")
app.command()(publish_command.publish)
app.command()(publish_command.rollback)
app.command()(backup_command.backup)
app.command()(backup_command.restore)
decisions_app = typer.Typer(help="Hands on what reviewers decided.", no_args_is_help=True)
app.add_typer(decisions_app, name="decisions")


@app.command()
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="Let four invented people sign in, on this machine only.")
    ] = False,
    worklists: Worklists = None,
    database: Database = None,
    log_key: LogKey = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to answer on.")] = DEFAULT_PORT,
    host: Annotated[
        str, typer.Option(help="Address to answer on, behind a proxy that speaks https; never with --demo.")
    ] = LOOPBACK,
) -> None:
    """Show the lists in a browser, at http://127.0.0.1:8000 unless another port is given."""
    with mistakes_in_one_sentence():
        _serve(host, port, worklists=worklists, database=database, log_key=log_key, demo=demo or None)


@app.command()
def migrate(database: Database = None, as_json: AsJson = False) -> None:
    """Bring the database to the newest version; safe to run again."""
    from service import store
    from service.app import settings_from_environment

    with mistakes_in_one_sentence():
        version = store.migrate(settings_from_environment(database=database).database)
    typer.echo(json.dumps({"version": version}) if as_json else f"The database is at version {version}.")


@app.command()
def token(
    person: Annotated[
        str, typer.Argument(help="Whom the program works for: r-demo, c-demo, a-demo or d-demo.")
    ],
    minutes: Annotated[int, typer.Option(min=1, max=60, help="How long the token counts.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token for the demo, to ask /v1 from a program; an organisation's tokens come from its issuer."""
    from datetime import UTC, datetime

    from service import tokens
    from service.access import DEMO_PEOPLE
    from service.app import settings_from_environment

    with mistakes_in_one_sentence():
        known = DEMO_PEOPLE.get(person)
        if known is None:
            raise UserError(
                f"Nobody in the demo has this name. Expected one of {', '.join(DEMO_PEOPLE)}. Try `risk-service token "
                f"{next(iter(DEMO_PEOPLE))}`."
            )
        made = tokens.make_for_demo(settings_from_environment().demo_key, known, minutes, datetime.now(UTC))
    typer.echo(json.dumps({"token": made, "minutes": minutes}) if as_json else made)


@decisions_app.command()
def export(
    out: Annotated[
        Path, typer.Argument(help="The CSV file to write, for `risk-model prioritise --decisions`.")
    ],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write what reviewers decided to the file that the next list obeys."""
    from service import decisions_file, store
    from service.app import settings_from_environment

    with mistakes_in_one_sentence():
        opened = store.Store(settings_from_environment(database=database).database)
        with opened, opened.reading() as session:
            content, count = decisions_file.write(session)
        try:
            out.write_text(content, encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"{out} cannot be written: {error.strerror}. Expected a place with room. Name another one."
            ) from error
    words = f"1 decision is in {out}." if count == 1 else f"{count} decisions are in {out}."
    typer.echo(json.dumps({"decisions": count, "file": str(out)}) if as_json else words)


def _serve(host: str, port: int, **given: Any) -> None:
    import uvicorn

    from service import logs, publishing, store
    from service.app import check_can_start, create_app, settings_from_environment

    settings = settings_from_environment(**given)
    if settings.demo and host != LOOPBACK:
        raise UserError(
            f"The demonstration answers on this machine alone, where anybody may be anybody. Expected no --host, or "
            f"--host {LOOPBACK}. To serve others, leave --demo out and set up sign-in as docs/access.md says."
        )
    check_can_start(settings)
    store.migrate(settings.database)
    service = create_app(settings)
    listening = _listen(host, port)
    with service.state.parts.store.reading() as session:
        made = publishing.live(session)
    typer.echo(
        f"Early Support is at {settings.public_url or f'http://{LOOPBACK}:{port}'} (stop it with Ctrl+C)."
    )
    if made is not None:
        by = "the start of the demonstration" if made.kind == publishing.DEMO else made.made_by
        typer.echo(f"The live list is the run {made.run}, made live by {by}.")
    logs.configure()
    # Addresses name referrals: no line per request is written but our own, which leaves them out.
    server = uvicorn.Server(
        uvicorn.Config(service, access_log=False, log_level="warning", server_header=False)
    )
    server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise UserError(
            f"Port {port} on {host} cannot be used: another program has it, or it is not allowed. "
            "Expected a free port. Stop the other program or choose one with --port, such as --port 8001."
        ) from error
    return listening


def main() -> None:
    """The entry point `risk-service`."""
    app()


if __name__ == "__main__":
    main()
