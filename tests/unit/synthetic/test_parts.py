"""Rows wait for the rows of other councils, on disk or in memory, and come back in the order they were added."""

from pathlib import Path

import polars as pl
import pytest

from risk_model.synthetic.parts import Parts

PLYMOUTH, TORBAY = (pl.DataFrame({"code": [code], "postcode": [None]}) for code in (879, 880))


@pytest.mark.parametrize("where", ["disk", None])
def test_rows_come_back_file_by_file_in_the_order_of_the_councils(tmp_path: Path, where: str | None) -> None:
    parts = Parts(tmp_path / where if where else None)
    parts.add("csds/CYP001MPI.csv", PLYMOUTH)
    parts.add("attendance/2025.csv", PLYMOUTH)
    parts.add("csds/CYP001MPI.csv", TORBAY)
    assert list(parts) == ["csds/CYP001MPI.csv", "attendance/2025.csv"]
    assert [rows["code"].to_list() for rows in parts["csds/CYP001MPI.csv"]] == [[879], [880]]
    assert parts["csds/CYP001MPI.csv"][0].equals(PLYMOUTH)
    assert any(tmp_path.iterdir()) == (where is not None)


@pytest.mark.parametrize("where", ["disk", None])
def test_rows_come_back_in_one_piece(tmp_path: Path, where: str | None) -> None:
    parts = Parts(tmp_path / where if where else None)
    parts.add("events", pl.concat([PLYMOUTH, TORBAY], rechunk=False))
    assert parts["events"][0].n_chunks() == 1
