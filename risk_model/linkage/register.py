"""The person register: which name each child has, so that a child keeps it when name, postcode or NHS number change.

Linkage says which records are one child's (a cluster of source ids: NHS numbers and providers' local ids); the register
says what that child is called. Whoever's ids are all known as one person keeps the name, a new cluster gets the keyed
hash of its strongest id, two known persons in one cluster become the older one, and a person whose ids stand in two
clusters stays with the stronger id. Councils' ids and UPNs name nobody: they are linked by likeness, and would tie a
child after an adoption to the child before.

A run of one index date reads what it wrote before, whatever was run since, so the same run gives the same names; a run
of an earlier date than the newest leaves the names of every other date alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from risk_model import pseudonyms
from risk_model.errors import UserError
from risk_model.keys import Key

NHS_NUMBER, LOCAL_ID = "nhs|", "local|"
"""How a source id starts; an NHS number is the stronger of the two, for it is one child's everywhere."""

MERGE, SPLIT = "merge", "split"
WHY = {
    MERGE: "The records of both are linked to one child now.",
    SPLIT: "Records that stood under one name are linked to two children now.",
}
NAMES_SCHEMA = {"source_id": pl.String, "person_id": pl.String, "since": pl.Date}
CHANGES_SCHEMA = {
    "changed_on": pl.Date,
    "kind": pl.String,
    "person_id": pl.String,
    "other_person_id": pl.String,
    "why": pl.String,
}
NAMES_FILE, CHANGES_FILE, LOCK_FILE = "register.parquet", "changes.parquet", "register.lock"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Register:
    """Who is called what, as a run of the index date `on` sees it.

    `names` has rows of `source_id`, `person_id` and `since` (the first index date for which it holds) and is only ever
    added to; it belongs in the vault. `changes` has rows of `changed_on` (index date), `kind` (merge: `other_person_id`
    became `person_id`; split: some records of `person_id` became `other_person_id`) and `why`, and no identifier.
    """

    key: Key
    on: date
    names: pl.DataFrame
    changes: pl.DataFrame
    newest_on: date | None = None
    read_as: str | None = None

    def name(self, members: pl.DataFrame) -> Named:
        """Return one name per cluster of `members` (`cluster`, `source_id`, each id once), and what was learned."""
        assert members["source_id"].is_unique().all()
        ids = members.select("cluster", "source_id", is_weak=_is_weak())
        view = self._view()
        claims = ids.join(view, on="source_id").sort("is_weak", "since", "source_id")
        won = claims.unique("person_id", keep="first", maintain_order=True)
        kept = (
            won.join(self._first_named(), on="person_id")
            .sort("first_on", "is_weak", "source_id")
            .unique("cluster", keep="first", maintain_order=True)
            .select("cluster", "person_id")
        )
        new = self._new_names(ids.join(kept, on="cluster", how="anti"))
        named = pl.concat([kept, new]).sort("cluster")
        moved = (
            claims.join(named.rename({"person_id": "now"}), on="cluster")
            .filter(pl.col("person_id") != pl.col("now"))
            .join(won.select("person_id", won_by="cluster"), on="person_id")
            .with_columns(is_merge=pl.col("cluster") == pl.col("won_by"))
        )
        return Named(named, self._with(ids.join(named, on="cluster"), moved, view))

    def changes_of_the_day(self) -> pl.DataFrame:
        """Return the merges and splits of this index date, in an order of their own."""
        return self.changes.filter(pl.col("changed_on") == self.on).sort(pl.all())

    def _view(self) -> pl.DataFrame:
        """The name of each source id on the day; one that was first seen on a later date has its name of then."""
        rows = self.names.with_row_index("row")
        held = rows.filter(pl.col("since") <= self.on).sort("since", "row")
        held = held.unique("source_id", keep="last", maintain_order=True)
        later = rows.filter(pl.col("since") > self.on).join(held, on="source_id", how="anti")
        later = later.sort("since", "row", descending=[False, True])
        later = later.unique("source_id", keep="first", maintain_order=True)
        return pl.concat([held, later]).drop("row")

    def _first_named(self) -> pl.DataFrame:
        return self.names.group_by("person_id").agg(first_on=pl.col("since").min())

    def _new_names(self, ids: pl.DataFrame) -> pl.DataFrame:
        """The keyed hash of each cluster's strongest id, counted on where that name was ever given before."""
        anchors = ids.sort("is_weak", "source_id").unique("cluster", keep="first", maintain_order=True)
        pending, taken = anchors.select("cluster", anchor="source_id"), self.names["person_id"].unique()
        named = []
        for attempt in itertools.count():
            text = pending["anchor"] if attempt == 0 else pending["anchor"] + f"\n{attempt}"
            hashed = pseudonyms.of(text, self.key.secret, "person", pseudonyms.PERSON_CHARACTERS)
            pending = pending.with_columns(person_id=hashed)
            is_taken = pl.col("person_id").is_in(taken.implode())
            named.append(pending.filter(~is_taken).select("cluster", "person_id"))
            pending = pending.filter(is_taken)
            if pending.is_empty():
                break
        return pl.concat(named)

    def _with(self, named: pl.DataFrame, moved: pl.DataFrame, view: pl.DataFrame) -> Register:
        """The register with what this run learned: names that are new or other than before, and the changes."""
        joined = moved.filter("is_merge").select("person_id", "now").unique()
        dormant = view.join(named, on="source_id", how="anti").join(joined, on="person_id")
        told = pl.concat(
            [named.select("source_id", "person_id"), dormant.select("source_id", person_id="now")]
        )
        told = told.join(
            view.rename({"person_id": "before", "since": "before_since"}), on="source_id", how="left"
        )
        is_other = pl.col("before").is_null() | (pl.col("before") != pl.col("person_id"))
        learned = told.filter(is_other | (pl.col("before_since") > self.on)).sort("source_id")
        rows = [self.names, learned.select("source_id", "person_id", since=pl.lit(self.on))]
        if self.newest_on is not None and self.on < self.newest_on:
            rows.append(self._as_before_on_the_next_day(learned))
        return replace(
            self,
            names=pl.concat(rows),
            changes=pl.concat([self.changes, self._changes(moved)]).unique(maintain_order=True),
            newest_on=max(self.on, self.newest_on or self.on),
        )

    def _as_before_on_the_next_day(self, learned: pl.DataFrame) -> pl.DataFrame:
        """Rows by which another name on an earlier date than the newest holds for that one date."""
        next_day = self.on + ONE_DAY
        begun = self.names.filter(pl.col("since") == next_day)
        other = learned.filter(pl.col("before") != pl.col("person_id")).join(
            begun, on="source_id", how="anti"
        )
        return other.select("source_id", person_id="before", since=pl.lit(next_day))

    def _changes(self, moved: pl.DataFrame) -> pl.DataFrame:
        was, now, is_merge = pl.col("person_id"), pl.col("now"), pl.col("is_merge")
        changes = moved.select(
            changed_on=pl.lit(self.on),
            kind=pl.when(is_merge).then(pl.lit(MERGE)).otherwise(pl.lit(SPLIT)),
            person_id=pl.when(is_merge).then(now).otherwise(was),
            other_person_id=pl.when(is_merge).then(was).otherwise(now),
            why=pl.when(is_merge).then(pl.lit(WHY[MERGE])).otherwise(pl.lit(WHY[SPLIT])),
        )
        return changes.unique().sort(pl.all())


@dataclass(frozen=True)
class Named:
    """What naming gives back: `ids` has a row per cluster (`cluster`, `person_id`); `register` has learned from it."""

    ids: pl.DataFrame
    register: Register


def new_register(key: Key, on: date = date.min) -> Register:
    """Return a register that knows nobody yet."""
    return Register(key, on, pl.DataFrame(schema=NAMES_SCHEMA), pl.DataFrame(schema=CHANGES_SCHEMA))


def open_register(vault: Path, key: Key, on: date) -> Register:
    """Return the register of one purpose's vault for an index date; an empty one if there is none yet.

    A register that was kept with another key is refused: its names and those of today would be of two kinds.
    """
    path = vault / NAMES_FILE
    if not path.is_file():
        return new_register(key, on)
    try:
        kept = pl.read_parquet_metadata(path)
        key_id, newest_on = kept["key_id"], date.fromisoformat(kept["newest_on"])
        names, changes = pl.read_parquet(path), pl.read_parquet(vault / CHANGES_FILE)
    except (OSError, KeyError, ValueError, pl.exceptions.PolarsError) as error:
        raise UserError(
            f"The person register in {vault} is damaged. Expected the {NAMES_FILE} and {CHANGES_FILE} that the last "
            "run wrote. Put both back from the backup of the workspace: without them children lose their names."
        ) from error
    if key_id != key.id:
        raise UserError(
            f"The person register in {vault} was kept with the key {key_id}, and the key folder holds {key.id}. "
            f"Expected the key for {key.purpose.value} with which this workspace began. Put it back from the backup of "
            "the keys, or name its folder with --keys."
        )
    return Register(key, on, names, changes, newest_on, _digest(path))


def keep_register(register: Register, vault: Path) -> None:
    """Write the register into its vault in one step; refuse when another run has named children meanwhile."""
    path = vault / NAMES_FILE
    with _one_at_a_time(vault):
        found = _digest(path) if path.is_file() else None
        written = path.with_suffix(".new")
        written.touch(mode=0o600)
        of_key = {"key_id": register.key.id, "newest_on": str(register.newest_on)}
        register.names.write_parquet(written, metadata=of_key)
        if found not in (register.read_as, _digest(written)):
            written.unlink()
            raise UserError(
                f"Another run has named children in {vault} since this one began. Expected one run at a time in a "
                "workspace, so that no name is lost. Run this one again."
            )
        changes = vault / CHANGES_FILE
        register.changes.write_parquet(changes.with_suffix(".new"))
        changes.with_suffix(".new").rename(changes)
        written.rename(path)


@contextmanager
def _one_at_a_time(vault: Path) -> Iterator[None]:
    with (vault / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_weak() -> pl.Expr:
    return ~pl.col("source_id").str.starts_with(NHS_NUMBER)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
