"""The person register: a child keeps the name while numbers and addresses change, and nobody gets two or shares one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_model.errors import UserError
from risk_model.keys import Key, Purpose
from risk_model.linkage.register import Register, keep_register, new_register, open_register

KEY = Key(Purpose.DIRECT_CARE, b"a key for tests")
JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in range(1, 5))

Clusters = Mapping[str, list[str]]
"""Who is one child in a month: any name of the cluster, and its ids: N1 an NHS number, A1 a provider's local id."""


def source_id(short: str) -> str:
    return f"nhs|{short}" if short.startswith("N") else f"local|P1|{short}"


def called(register: Register, on: date, children: Clusters) -> tuple[dict[str, str], Register]:
    """Return what each cluster is called on a day, and the register as it is afterwards."""
    rows = [(cluster, source_id(one)) for cluster, ids in children.items() for one in ids]
    members = pl.DataFrame(rows, schema={"cluster": pl.String, "source_id": pl.String}, orient="row")
    named = replace(register, on=on).name(members)
    return dict(named.ids.iter_rows()), named.register


def changes(register: Register, on: date) -> list[tuple[str, str, str]]:
    day = replace(register, on=on).changes_of_the_day()
    return list(day.select("kind", "person_id", "other_person_id").iter_rows())


EMPTY = new_register(KEY)


@pytest.mark.parametrize(
    ("january", "february"),
    [
        (["A1"], ["A1", "N1"]),  # the number was traced
        (["A1", "N1"], ["A1", "N2"]),  # a new number at the same provider
        (["N1", "A1"], ["N1", "B7"]),  # another provider, the same number
        (["N1"], ["N1", "N2", "B7"]),  # linkage followed the number
    ],
)
def test_a_child_keeps_the_name_when_one_known_id_stays(january: list[str], february: list[str]) -> None:
    first, register = called(EMPTY, JANUARY, {"x": january})
    second, register = called(register, FEBRUARY, {"y": february})
    assert first["x"] == second["y"]
    assert register.changes.is_empty()


def test_a_child_with_a_new_number_and_a_new_local_id_is_a_new_child() -> None:
    """An adoption breaks the tie by design: nothing here may mend it."""
    before, register = called(EMPTY, JANUARY, {"x": ["N1", "A1"]})
    after, _ = called(register, FEBRUARY, {"x": ["N1", "A1"], "y": ["N2", "B2"]})
    assert after["x"] == before["x"] != after["y"]


def test_two_workspaces_with_one_key_agree_and_another_purpose_shares_no_name() -> None:
    children = {"x": ["N1", "A1"], "y": ["A2"]}
    other = new_register(Key(Purpose.TRAINING, b"another key"))
    assert called(EMPTY, JANUARY, children)[0] == called(new_register(KEY), MARCH, children)[0]
    assert set(called(EMPTY, JANUARY, children)[0].values()).isdisjoint(
        called(other, JANUARY, children)[0].values()
    )


def test_two_known_persons_in_one_cluster_become_the_older_one_and_it_is_recorded() -> None:
    first, register = called(EMPTY, JANUARY, {"old": ["A1"]})
    second, register = called(register, FEBRUARY, {"old": ["A1"], "young": ["N1"]})
    third, register = called(register, MARCH, {"one": ["A1", "N1"]})
    assert third["one"] == first["old"]
    assert changes(register, MARCH) == [("merge", first["old"], second["young"])]
    assert changes(register, FEBRUARY) == []


def test_of_two_equally_old_the_one_with_the_number_stays() -> None:
    apart, register = called(EMPTY, JANUARY, {"a": ["A1"], "n": ["N1"]})
    joined, _ = called(register, FEBRUARY, {"one": ["A1", "N1"]})
    assert joined["one"] == apart["n"]


def test_an_id_that_was_not_seen_lately_follows_its_person_into_a_merge() -> None:
    apart, register = called(EMPTY, JANUARY, {"a": ["A1", "B1"], "n": ["N1"]})
    _, register = called(register, FEBRUARY, {"one": ["A1", "N1"]})
    back, after = called(register, MARCH, {"one": ["A1", "N1", "B1"]})
    assert back["one"] == apart["n"] and changes(after, MARCH) == []
    alone, after = called(register, MARCH, {"one": ["A1", "N1"], "b": ["B1"]})
    assert alone["one"] == apart["n"] and alone["b"] not in apart.values()
    assert changes(after, MARCH) == [("split", apart["n"], alone["b"])]


def test_an_id_that_was_first_seen_later_has_the_name_it_was_given_first() -> None:
    _, register = called(EMPTY, JANUARY, {"n": ["N1"]})
    apart, register = called(register, MARCH, {"n": ["N1"], "a": ["A1"]})
    _, register = called(register, APRIL, {"one": ["N1", "A1"]})
    assert called(register, FEBRUARY, {"n": ["N1"], "a": ["A1"]})[0] == apart


def test_one_person_in_two_clusters_is_split_and_the_number_keeps_the_name() -> None:
    joined, register = called(EMPTY, JANUARY, {"one": ["N1", "A1", "B1"]})
    apart, register = called(register, FEBRUARY, {"n": ["N1", "B1"], "a": ["A1"]})
    assert apart["n"] == joined["one"] != apart["a"]
    assert changes(register, FEBRUARY) == [("split", joined["one"], apart["a"])]


def test_a_name_that_was_given_once_is_never_given_to_another() -> None:
    """A1 had the name before it was merged away; split off again it gets a third one."""
    apart, register = called(EMPTY, JANUARY, {"n": ["N1"], "a": ["A1"]})
    _, register = called(register, FEBRUARY, {"one": ["N1", "A1"]})
    again, register = called(register, MARCH, {"n": ["N1"], "a": ["A1"]})
    assert again["n"] == apart["n"]
    assert again["a"] not in apart.values()
    assert [kind for kind, *_ in changes(register, MARCH)] == ["split"]


def test_an_id_that_moves_from_one_child_to_another_leaves_both_their_names() -> None:
    first, register = called(EMPTY, JANUARY, {"x": ["N1", "A1"], "y": ["N2", "B1"]})
    second, register = called(register, FEBRUARY, {"x": ["N1"], "y": ["N2", "B1", "A1"]})
    assert second == first
    assert changes(register, FEBRUARY) == [("split", first["x"], first["y"])]


def test_an_earlier_date_is_read_as_it_was_and_changes_no_later_one() -> None:
    months = {
        JANUARY: {"n": ["N1"], "a": ["A1"]},
        MARCH: {"one": ["N1", "A1"]},
        FEBRUARY: {"n": ["N1"], "a": ["A1"], "new": ["N9"]},
    }
    register, told = EMPTY, {}
    for on, children in months.items():
        told[on], register = called(register, on, children)
    assert told[FEBRUARY]["n"] == told[MARCH]["one"] == told[JANUARY]["n"]
    assert told[FEBRUARY]["a"] == told[JANUARY]["a"]
    assert called(register, APRIL, months[MARCH])[0] == told[MARCH]


DAYS = [date(2026, month, day) for month, day in ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2))]
SHORT_IDS = ["N1", "N2", "N3", "A1", "A2", "B1", "B2"]
a_month = st.lists(st.integers(0, 6), min_size=len(SHORT_IDS), max_size=len(SHORT_IDS)).map(
    lambda groups: _grouped(groups)
)


def _grouped(groups: list[int]) -> dict[str, list[str]]:
    """Each id goes into the group drawn for it; group 0 is not in that month's files."""
    children: dict[str, list[str]] = {}
    for one, group in zip(SHORT_IDS, groups, strict=True):
        if group:
            children.setdefault(f"c{group}", []).append(one)
    return children


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.integers(0, 4), a_month, min_size=1, max_size=5),
    st.data(),
)
def test_names_are_one_to_one_and_every_date_is_read_as_it_was_written(
    drawn: dict[int, dict[str, list[str]]], data: st.DataObject
) -> None:
    months = {DAYS[place]: children for place, children in drawn.items()}
    register, told = EMPTY, {}
    for on in data.draw(st.permutations(sorted(months))):
        told[on], register = called(register, on, months[on])
        assert set(told[on]) == set(months[on])
        assert len(set(told[on].values())) == len(told[on])
    for on in data.draw(st.permutations(sorted(months))):
        again, after = called(register, on, months[on])
        assert again == told[on]
        assert after.names.equals(register.names) and after.changes.equals(register.changes)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sets(st.sampled_from(["N1", "A1", "B1"]), min_size=2), min_size=2, max_size=5),
    st.data(),
)
def test_a_child_whose_months_overlap_keeps_one_name_in_any_order(
    seen: list[set[str]], data: st.DataObject
) -> None:
    """Any two months share an id, since each has two of the child's three; another child is there throughout."""
    register, names = EMPTY, set()
    for place in data.draw(st.permutations(range(len(seen)))):
        children = {"x": sorted(seen[place]), "other": ["N2", "A2"]}
        told, register = called(register, date(2026, 1 + place, 1), children)
        names.add(told["x"])
        assert told["other"] != told["x"]
    assert len(names) == 1
    assert register.changes.is_empty()


def test_every_person_once_named_is_found_from_its_successor() -> None:
    first, register = called(EMPTY, JANUARY, {"a": ["A1"], "b": ["B1"], "n": ["N1"]})
    _, register = called(register, FEBRUARY, {"one": ["A1", "B1"], "n": ["N1"]})
    last, register = called(register, MARCH, {"one": ["A1", "B1", "N1"]})
    related = {last["one"]}
    for _ in range(register.changes.height):
        for _, _, person, other, _ in register.changes.iter_rows():
            related |= {person, other} if related & {person, other} else set()
    assert related == set(first.values())


def test_changes_hold_no_identifier() -> None:
    _, register = called(EMPTY, JANUARY, {"a": ["A1"], "n": ["N1"]})
    _, register = called(register, FEBRUARY, {"one": ["A1", "N1"]})
    text = register.changes.write_csv()
    assert "A1" not in text and "N1" not in text and register.changes.height == 1


def test_what_is_kept_is_what_is_opened(tmp_path: Path) -> None:
    children = {"x": ["N1", "A1"], "y": ["N2"]}
    told, register = called(open_register(tmp_path, KEY, JANUARY), JANUARY, children)
    keep_register(register, tmp_path)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again, register = called(open_register(tmp_path, KEY, JANUARY), JANUARY, children)
    keep_register(register, tmp_path)
    assert again == told
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept
    assert open_register(tmp_path, KEY, MARCH).newest_on == JANUARY


def test_two_runs_at_once_lose_no_name(tmp_path: Path) -> None:
    """The same run twice is one run; another one is told to start again."""
    empty = open_register(tmp_path, KEY, JANUARY)
    for children in ({"x": ["N1"]}, {"y": ["N1"]}):
        keep_register(called(empty, JANUARY, children)[1], tmp_path)
    with pytest.raises(UserError, match="Run this one again"):
        keep_register(called(empty, JANUARY, {"x": ["N1"], "z": ["N3"]})[1], tmp_path)
    assert open_register(tmp_path, KEY, JANUARY).names.height == 1


def test_another_key_or_a_damaged_register_is_refused(tmp_path: Path) -> None:
    keep_register(called(EMPTY, JANUARY, {"x": ["N1"]})[1], tmp_path)
    with pytest.raises(UserError, match=r"kept with the key \w{8}, and the key folder holds"):
        open_register(tmp_path, Key(Purpose.DIRECT_CARE, b"another"), JANUARY)
    (tmp_path / "changes.parquet").unlink()
    with pytest.raises(UserError, match="damaged"):
        open_register(tmp_path, KEY, JANUARY)
    (tmp_path / "register.parquet").write_bytes(b"no parquet")
    with pytest.raises(UserError, match="damaged"):
        open_register(tmp_path, KEY, JANUARY)
