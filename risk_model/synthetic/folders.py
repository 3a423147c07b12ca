"""Where a cohort goes: a folder that is filled completely or not at all, and one of partitions that grows."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from risk_model.errors import UserError

FACTS: Final = "partitions.json"


@contextmanager
def written_at_once(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place when all is written, and leaves nothing behind otherwise."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=_prefix(out), dir=out.parent))
    try:
        yield beside
        beside.chmod(0o755)
        if out.exists():
            out.rmdir()
        os.rename(beside, out)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def check_is_free(out: Path) -> None:
    """Refuse a folder that already holds something."""
    if out.is_file():
        raise UserError(
            f"{out} is a file, and a cohort needs a folder. Name a folder that does not exist yet."
        )
    if out.exists() and any(out.iterdir()):
        raise UserError(
            f"The folder {out} already holds files. Expected a new or empty one for a cohort. Choose another folder."
        )


def take_up(out: Path, facts: Mapping[str, Any]) -> None:
    """Begin a folder of partitions, or go on with one that holds partitions of the same cohort."""
    if not (out / FACTS).is_file():
        check_is_free(out)
        out.mkdir(parents=True, exist_ok=True)
        (out / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        return
    held = json.loads((out / FACTS).read_text(encoding="utf-8"))
    differing = sorted(name for name in {*held, *facts} if held.get(name) != facts.get(name))
    if differing:
        raise UserError(
            f"The folder {out} holds partitions of another cohort: {', '.join(differing)} differ. Expected what its "
            f"{FACTS} says, since partitions of two cohorts do not belong together. Ask for the same or choose another "
            "folder."
        )


def sweep(out: Path) -> None:
    """Remove what a run that was killed left beside a partition."""
    for leftover in out.parent.glob(f"{_prefix(out)}*"):
        shutil.rmtree(leftover)


def _prefix(out: Path) -> str:
    return f".{out.name}-"
