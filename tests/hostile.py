"""One looked-after child in a file of every kind, and XML to be broken; what the tests of hostile files begin with."""

from __future__ import annotations

import io

import polars as pl

from tests.file_sets import CHILD, csv

HEADERS = "CHILD,DECOM,RNE,LS"
ROW = f"{CHILD},01/02/2020,S,C2"
GOOD = csv(HEADERS, ROW)
LIST = [HEADERS.split(","), ROW.split(",")]
MEGABYTE = 1024 * 1024


def parquet(frame: pl.DataFrame) -> bytes:
    written = io.BytesIO()
    frame.write_parquet(written)
    return written.getvalue()


EPISODES = pl.DataFrame([ROW.split(",")], schema=HEADERS.split(","), orient="row")


def census(*, before: str = "", within: str = "", child: str = CHILD, after: str = "") -> str:
    return (
        f"{before}<Message><Header><Source><LEA>879</LEA><DateTime>2026-09-30T11:14:05</DateTime></Source></Header>"
        f"<Children><Child><ChildIdentifiers><LAchildID>{child}</LAchildID></ChildIdentifiers>{within}</Child></Children>"
        f"</Message>{after}"
    )


def document_type(inside: str) -> str:
    return f'<?xml version="1.0"?><!DOCTYPE m [{inside}]>'


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
