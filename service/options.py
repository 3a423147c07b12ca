"""What the commands of `risk-service` have in common: their options, and how a mistake ends one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from risk_model.errors import UserError
from service.settings import DEFAULT_DATABASE, DEFAULT_WORKLISTS, LOG_KEY_SUFFIX

FINDING, WRONG_USE = 1, 2
NO_TABLES = (
    "The database cannot be used: it has no tables of this version, it is locked, or its disk is full. Expected one "
    "made by `risk-service migrate`. Check --database and the free space."
)
Database = Annotated[
    str | None,
    typer.Option(help=f"Address of the database for decisions and the log. [default: {DEFAULT_DATABASE}]"),
]
LogKey = Annotated[
    Path | None,
    typer.Option(
        "--log-key",
        help=f"The private key that signs the log. [default: beside an SQLite database, *{LOG_KEY_SUFFIX}]",
    ),
]
Worklists = Annotated[
    Path | None, typer.Option(help=f"Folder with one folder per run. [default: {DEFAULT_WORKLISTS}]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@contextmanager
def mistakes_in_one_sentence() -> Iterator[None]:
    """End the command with one sentence where somebody can mend what is wrong."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USE) from error
    except SQLAlchemyError as error:
        typer.echo(NO_TABLES, err=True)
        raise typer.Exit(WRONG_USE) from error
