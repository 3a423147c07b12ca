"""How the command line speaks: progress on a terminal, tables for people, JSON on request, sentences for mistakes."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import polars as pl
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from risk_model.errors import UserError

FINDING = 1
WRONG_USE = 2


@contextmanager
def progress(steps: int) -> Iterator[Callable[[str], None]]:
    """Show a bar of so many steps on a terminal, and nothing into a pipe."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Starting", total=steps)
        done = -1

        def tell(step: str) -> None:
            nonlocal done
            done += 1
            bar.update(task, description=step, completed=done)

        yield tell


def say(words: str) -> None:
    """Print a sentence to standard output."""
    typer.echo(words)


def paragraph(words: str, *, indent: int) -> None:
    """Print a sentence whose later lines are indented on a terminal; into a pipe it goes as one line."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else len(words) + 1
    say(textwrap.fill(words, max(width, 2 * indent), subsequent_indent=" " * indent, drop_whitespace=True))


def warn(words: str) -> None:
    """Print a sentence that somebody should act on, apart from the answer."""
    typer.echo(f"Warning: {words}", err=True)


def show_json(value: Any) -> None:
    """Print a value as one JSON document."""
    typer.echo(json.dumps(value, indent=2, sort_keys=True, default=str))


def show_table(frame: pl.DataFrame, title: str) -> None:
    """Print a frame as a table that a person reads."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table(title=Text(title), title_justify="left", header_style="bold")
    for name, dtype in frame.schema.items():
        side: Literal["left", "right"] = "right" if dtype.is_numeric() else "left"
        table.add_column(Text(name.replace("_", " ")), justify=side, overflow="fold")
    for row in frame.iter_rows():
        # as Text, since a partner's header such as [/x] is no markup
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    console.print(table)


def run(app: typer.Typer) -> None:
    """Run a command line; what a person can mend is a message, with exit code 1 for a finding and 2 for wrong use."""
    try:
        app()
    except UserError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(WRONG_USE)
    except OSError as error:
        typer.echo(
            f"Error: {error.filename or 'A file'} cannot be used: {error.strerror}. Expected a place that can be read "
            "and written, with room on the disk. Name another place, or ask for access to this one.",
            err=True,
        )
        sys.exit(WRONG_USE)
