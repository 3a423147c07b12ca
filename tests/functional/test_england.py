"""England as one cohort per board: each on its own, taken up again after a stop, told apart from another England."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from risk_model import sources
from risk_model.errors import UserError
from risk_model.synthetic import stages, synthesise
from tests.conftest import risk_model

BOARDS = ("QJK", "X02", "X05")


@pytest.fixture(scope="session")
def tiny_england(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cohort") / "tiny_england"
    told: list[str] = []
    synthesise(out, scale="tiny_england", progress=lambda stage, share: told.append(stage))
    assert tuple(told) == stages("tiny_england") == (*BOARDS, "done")
    return out


def test_each_board_is_a_folder_like_that_of_one_cohort(tiny_england: Path) -> None:
    assert {item.name for item in tiny_england.iterdir()} == {*BOARDS, "partitions.json"}
    for board in BOARDS:
        assert {item.name for item in (tiny_england / board).iterdir()} == {"extracts", "truth"}
        facts = json.loads((tiny_england / board / "truth/cohort.json").read_text(encoding="utf-8"))
        assert (facts["scale"], facts["icb"]) == ("tiny_england", board)


def test_devon_in_england_is_devon_to_the_byte(tiny_england: Path, tmp_path: Path) -> None:
    synthesise(tmp_path / "devon", scale="tiny_devon")
    alone, inside = digests(tmp_path / "devon"), digests(tiny_england / "QJK")
    assert alone.pop("truth/cohort.json") != inside.pop("truth/cohort.json")
    assert alone == inside


def test_a_made_up_board_is_read_without_a_finding(tiny_england: Path) -> None:
    checked = sources.check(tiny_england / "X02/extracts")
    assert checked.rejected.height == 0
    assert checked.gaps == []
    patients = pl.read_csv(tiny_england / "X02/extracts/csds/CYP001MPI.csv", infer_schema_length=0)
    assert set(patients["LocalAuthority"]) == {"506", "507"}
    assert set(patients["OrgID_Provider"]) == {"X02C1", "X02H1"}


def test_numbers_repeat_between_boards_and_not_within_one(tiny_england: Path) -> None:
    people = [pl.read_parquet(tiny_england / board / "truth/identities.parquet") for board in BOARDS]
    for own in people:
        assert own["nhs_number"].is_unique().all()
    upns = pl.concat(own.select("upn") for own in people)["upn"]
    assert upns.is_unique().all(), "a pupil number names its council"
    note = json.loads((tiny_england / "partitions.json").read_text(encoding="utf-8"))["note"]
    assert "NHS numbers" in note and "about 900,000" in note


def test_a_stopped_run_keeps_what_is_finished_and_can_be_taken_up_again(
    tiny_england: Path, tmp_path: Path
) -> None:
    def stop(stage: str, share: float) -> None:
        if stage == "X05":
            raise KeyboardInterrupt

    out = tmp_path / "england"
    with pytest.raises(KeyboardInterrupt):
        synthesise(out, scale="tiny_england", icbs=["X02", "X05"], progress=stop)
    assert {item.name for item in out.iterdir()} == {"X02", "partitions.json"}
    killed = out / ".X05-killed"
    killed.mkdir()
    (killed / "half.csv").write_text("", encoding="utf-8")
    first = (out / "X02/truth/cohort.json").stat().st_mtime_ns
    synthesise(out, scale="tiny_england", icbs=["X05", "X02"])
    assert {item.name for item in out.iterdir()} == {"X02", "X05", "partitions.json"}
    assert (out / "X02/truth/cohort.json").stat().st_mtime_ns == first
    assert {k: v for k, v in digests(tiny_england).items() if not k.startswith("QJK/")} == digests(out)


@pytest.mark.parametrize("other", [{"seed": 7}, {"scenario": "null"}, {"stage_seeds": {"queues": 7}}])
def test_boards_of_two_englands_never_share_a_folder(tmp_path: Path, other: dict[str, object]) -> None:
    def stop(stage: str, share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(tmp_path / "england", scale="tiny_england", progress=stop)
    with pytest.raises(UserError, match=f"another cohort: {next(iter(other))} differ"):
        synthesise(tmp_path / "england", scale="tiny_england", **other)  # type: ignore[arg-type]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="already holds files"):
        synthesise(tmp_path, scale="tiny_england")
    assert [item.name for item in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("scale", "known"), [("tiny_england", "QJK, X02, X05"), ("tiny", "one cohort")])
def test_an_unknown_board_is_a_mistake_one_can_mend(tmp_path: Path, scale: str, known: str) -> None:
    answer = risk_model("synthesise", tmp_path / "out", "--scale", scale, "--icb", "Z99")
    assert answer.returncode == 2
    assert "no integrated care board Z99" in answer.stderr and known in answer.stderr
    assert not (tmp_path / "out").exists()


def test_the_command_makes_the_boards_that_are_named(tmp_path: Path) -> None:
    answer = risk_model("synthesise", tmp_path / "out", "--scale", "tiny_england", "--icb", "X05")
    assert answer.returncode == 0, answer.stderr
    assert {item.name for item in (tmp_path / "out").iterdir()} == {"X05", "partitions.json"}
    assert "Each board has a folder" in answer.stdout


def digests(folder: Path) -> dict[str, str]:
    files = sorted(item for item in folder.rglob("*") if item.is_file())
    return {str(item.relative_to(folder)): hashlib.sha256(item.read_bytes()).hexdigest() for item in files}
