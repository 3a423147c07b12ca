"""What several commands take alike: one wording and one default for each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkspaceFolder = Annotated[
    Path, typer.Option("--workspace", help="Folder in which this deployment keeps its lists.")
]
KeyFolder = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        envvar="EARLY_SUPPORT_KEYS",
        help="Folder of the keys of pseudonyms, outside the workspace. [default: WORKSPACE.keys beside it]",
    ),
]
Registry = Annotated[Path, typer.Option("--registry", help="Folder of the model registry.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]

DEFAULT_REGISTRY = Path("mlruns")
