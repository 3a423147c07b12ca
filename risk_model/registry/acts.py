"""What people did with a deployment's models, as rows that are only ever added to; what holds now follows from them.

An act of a person needs two names that differ and a reason. One act is nobody's: a training whose verdict is "no-go"
suspends the version in force, since nothing that makes a list safer waits for a second person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from risk_model.errors import UserError

PROMOTE, ROLLBACK, RETIRE, SUSPEND = "promote", "rollback", "retire", "suspend"
ACTS = (PROMOTE, ROLLBACK, RETIRE, SUSPEND)
THE_TEST = "the go / no-go test"


@dataclass(frozen=True)
class Act:
    """One row: who did when what to which version and why; `digest` is that of the version's scorecard.

    The version of a rollback is the one that is in force again. `agreed_by` is null where the test itself acted.
    """

    at: str
    act: str
    version: int
    digest: str
    by: str
    agreed_by: str | None
    reason: str


@dataclass(frozen=True)
class Standing:
    """What holds now: `last` was put in force last and, unless it was stopped, is in force.

    `stopped_by` is the act that suspended or retired it; `earlier` are the versions in force before, oldest first, to
    which a rollback can return; `retired` never come back.
    """

    last: Act | None = None
    stopped_by: Act | None = None
    earlier: tuple[Act, ...] = ()
    retired: frozenset[int] = frozenset()

    @property
    def in_force(self) -> Act | None:
        return None if self.stopped_by else self.last

    def state(self, version: int) -> str:
        """Return what a version is now, in one or two words."""
        if version in self.retired:
            return "retired"
        if self.last is not None and version == self.last.version:
            return "suspended" if self.stopped_by else "in force"
        return "earlier" if any(act.version == version for act in self.earlier) else "not in force"


def follow(acts: Iterable[Act]) -> Standing:
    """Return what holds after these acts, oldest first."""
    now = Standing()
    for act in acts:
        now = _after(now, act)
    return now


def read(store: Path, deployment: str) -> list[Act]:
    """Return every act on a deployment's models, oldest first."""
    path = _path(store, deployment)
    if not path.is_file():
        return []
    try:
        found = [Act(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError) as error:
        raise _damaged(path) from error
    if any(act.act not in ACTS for act in found):
        raise _damaged(path)
    return found


def add(store: Path, deployment: str, act: Act) -> None:
    """Write one more act below the others."""
    with _path(store, deployment).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(act)) + "\n")


def agreed(act: str, version: int, digest: str, *, by: str, agreed_by: str, reason: str) -> Act:
    """Return the act of two people, whose names `check_names` let through, on a version."""
    return Act(now(), act, version, digest, by.strip(), agreed_by.strip(), reason.strip())


def check_names(by: str, agreed_by: str, reason: str) -> None:
    """Raise unless two people whose names differ, by more than case and spaces, gave a reason."""
    first, second = (" ".join(name.split()).casefold() for name in (by, agreed_by))
    if not first or not second or not reason.strip():
        raise UserError(
            "Two names and a reason are needed, and one is empty. Expected --by and --agreed-by with the names of two "
            "people, and --reason with why. Give all three."
        )
    if first == second:
        raise UserError(
            "The same name was given twice. Expected two people, since nobody decides alone which model orders a list. "
            "Ask a second person, and give that name with --agreed-by."
        )


def now() -> str:
    """Return the time of an act, as its row keeps it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _after(before: Standing, act: Act) -> Standing:
    if act.act == SUSPEND:
        return Standing(before.last, act, before.earlier, before.retired)
    if act.act == RETIRE:
        earlier = tuple(past for past in before.earlier if past.version != act.version)
        is_last = before.last is not None and before.last.version == act.version
        stopped = act if is_last else before.stopped_by
        return Standing(before.last, stopped, earlier, before.retired | {act.version})
    if act.act == ROLLBACK:
        older = takewhile(lambda past: past.version != act.version, before.earlier)
        return Standing(act, None, tuple(older), before.retired)
    past = (*before.earlier, before.last) if before.last is not None else ()
    gone = {act.version, *before.retired}
    return Standing(act, None, tuple(one for one in past if one.version not in gone), before.retired)


def _path(store: Path, deployment: str) -> Path:
    return store / f"{deployment}.acts.jsonl"


def _damaged(path: Path) -> UserError:
    return UserError(
        f"The acts in {path} are damaged. Expected one act on each line, as `risk-model models` wrote it. Restore the "
        "file from a backup: without it nobody can say which model is in force. Or add --policy-only."
    )
