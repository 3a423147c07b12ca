"""Reads records out of a partner's XML without trusting it, and without visiting its elements one by one.

A file of a return is elements and text, nothing else, so it is read as a table of tags, each with the text that follows
it; what stands in what is then arithmetic over that table. A file with anything more (attributes, comments, references,
another encoding) first goes through an XML parser, which refuses what is damaged and leaves elements and text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from xml.parsers import expat
from xml.sax.saxutils import escape, unescape

import numpy as np
import numpy.typing as npt
import polars as pl

from risk_model import contracts
from risk_model.contracts.parsing import parse_dates
from risk_model.sources.opening import MEGABYTE, UTF8_MARK, Unreadable

LARGEST_XML_BYTES = 256 * MEGABYTE
DEEPEST_LEVEL = 64
HEADER_DATES = (
    "yyyy-MM-dd",
    "yyyy-MM-dd'T'HH:mm:ss",
    "yyyy-MM-dd'T'HH:mm:ssXXX",
    "yyyy-MM-dd HH:mm:ss",
    "dd/MM/yyyy",
)
DOCUMENT_TYPE = (
    "The XML declares a document type or entities, which are refused. Ask for a file without them."
)
DAMAGED = "The XML is damaged or breaks off before its end. Ask the partner to send it again."
PLAIN_TAG = r"^(?:/?[A-Za-z_][\w.:-]*|[A-Za-z_][\w.:-]*/)$"
LONG_TAG = re.compile(rb"<[^<>]{65536}")
WHITE_SIGNS = b"\t\n\r"

Integers = npt.NDArray[np.int32]
Claims = npt.NDArray[np.bool_]
Steps = npt.NDArray[np.int8]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Document:
    """The elements of a file in its order, as columns of equal length.

    `name` is a number into `names`; `owner` is the number of the record an element stands in, -1 outside all; `record`
    is the element's own number as a record, -1 for what is none; `is_text` tells elements that hold text only.
    `stray_texts` counts the texts that stand between elements.
    """

    names: dict[str, int]
    name: Integers
    text: pl.Series
    is_text: Claims
    owner: Integers
    record: Integers
    stray_texts: int

    def records(self, element: str, table: contracts.Table) -> pl.DataFrame:
        """Return a row per record of this name: `record`, the `parent` it stands in, and the table's columns as text.

        A column is looked for under all its spellings, the contract's own first; of several elements with one name the
        first counts.
        """
        mine = np.flatnonzero((self.name == self.names.get(element, -1)) & (self.record >= 0))
        numbers = self.record[mine]
        row = np.full(len(self._of_record), -1, dtype=np.int32)
        row[numbers] = np.arange(len(mine), dtype=np.int32)
        places = {
            column: _first_places(
                [self._texts(element, word) for word in _spellings(table.name, column)],
                self.owner,
                row,
                len(mine),
            )
            for column in table.delivered
        }
        found = pl.DataFrame({"record": numbers, "parent": self.owner[mine], **places})
        texts = (pl.lit(self.text).gather(pl.col(column)).alias(column) for column in places)
        return found.with_columns(texts) if len(mine) else found.cast(dict.fromkeys(places, pl.String))

    def texts(self, element: str) -> pl.DataFrame:
        """Return a row per element of this name that holds text: the `parent` record and the `text`."""
        mine = np.flatnonzero((self.name == self.names.get(element, -1)) & self.is_text)
        return pl.DataFrame(
            {"parent": self.owner[mine], "text": self.text.gather(mine)}, schema_overrides={"text": pl.String}
        )

    def owners(self, element: str) -> pl.DataFrame:
        """Return the records in which at least one element of this name stands, as `parent`."""
        mine = self.owner[self.name == self.names.get(element, -1)]
        return pl.DataFrame({"parent": mine}).unique(maintain_order=True)

    def header_facts(self) -> tuple[str | None, date | None]:
        """Return council number and day of a Message header: the file's own time, else the reference date."""
        ahead = np.flatnonzero((self.owner < 0) & self.is_text)
        words = {number: word for word, number in self.names.items()}
        facts = {words[self.name[place]]: self.text[int(place)] for place in ahead[::-1].tolist()}
        written = pl.Series([facts.get("datetime"), facts.get("referencedate")], dtype=pl.String)
        days = parse_dates(written, HEADER_DATES)
        return facts.get("lea"), next((day for day in days if day is not None), None)

    @cached_property
    def _of_record(self) -> Integers:
        """The name of each record, by its number."""
        return self.name[self.record >= 0]

    @cached_property
    def _by_name(self) -> tuple[npt.NDArray[np.unsignedinteger], Places]:
        """The text elements that stand in a record, sorted by the record's name and their own: keys and places."""
        places = np.flatnonzero(self.is_text & (self.owner >= 0))
        small = (
            np.uint16 if len(self.names) ** 2 <= np.iinfo(np.uint16).max else np.uint32
        )  # sixteen bits sort fast
        of_record = (self._of_record * len(self.names)).astype(small)
        keys = of_record[self.owner[places]] + self.name[places].astype(small)
        order = np.argsort(keys, kind="stable")
        return keys[order], places[order]

    def _texts(self, element: str, word: str) -> Places:
        """The places of the text elements of one name that stand in records of another."""
        keys, places = self._by_name
        if element not in self.names or word not in self.names:
            return places[:0]
        key = self.names[element] * len(self.names) + self.names[word]
        return places[np.searchsorted(keys, key, "left") : np.searchsorted(keys, key, "right")]


def open_xml(content: bytes, records: Sequence[str]) -> Document:
    """Return the elements of a file, told apart by the names of its records.

    Raises Unreadable for damage, document types, and size or depth beyond reason.
    """
    if len(content) > LARGEST_XML_BYTES:
        raise Unreadable(
            f"The XML is larger than {LARGEST_XML_BYTES // MEGABYTE} MB. Ask the partner to split it."
        )
    tags = _tags(content) if _may_be_plain(content) else None
    if tags is not None and (document := _document(tags, records)) is not None:
        return document
    document = _document(_tags(_rewritten(content)), records)
    assert document is not None, "a rewritten file is plain"
    return document


def names_in(start: bytes) -> dict[str, None]:
    """The element names that the start of a file shows, in its order, in small letters and without prefix."""
    found = re.findall(rb"<(?:\w+:)?(\w+)[\s>/]", start.replace(b"\x00", b""))
    return dict.fromkeys(name.decode().lower() for name in found)


def under(rows: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Rows with the keys of the record they stand in; one that stands elsewhere has no keys, and is rejected."""
    keys = owners.rename({"record": "parent"})
    own = rows.drop((name for name in keys.columns if name != "parent"), strict=False)
    return own.join(keys, on="parent", how="left", maintain_order="left")


def _may_be_plain(content: bytes) -> bool:
    """Whether the bytes hold no reference and no sign that only an XML parser may judge."""
    declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml\b[^>]*encoding\s*=\s*[\"']([\w-]+)", content[:1000])
    if b"&" in content or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        return False
    signs = np.frombuffer(content, dtype=np.uint8)
    return int(np.count_nonzero(signs < ord(" "))) == sum(
        int(np.count_nonzero(signs == sign)) for sign in WHITE_SIGNS
    )


def _tags(content: bytes) -> pl.DataFrame | None:
    """Each tag with the text behind it; None where the bytes are no such table."""
    declaration = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml\b[^>]*\?>", content[:1000])
    ahead = declaration.end() if declaration else 0
    begin = content.find(b"<", ahead)
    if content[ahead:begin].removeprefix(UTF8_MARK).strip():
        return None
    schema: dict[str, pl.DataType] = {"tag": pl.Categorical(pl.Categories.random()), "text": pl.String()}
    try:
        tags = pl.read_csv(
            content,
            has_header=False,
            eol_char="<",
            separator=">",
            quote_char=None,
            schema=schema,
            skip_lines=content.count(b"<", 0, begin) + 1,
        )
    except pl.exceptions.PolarsError:
        return None
    ends = np.frombuffer(content, dtype=np.uint8)[begin:] == ord(">")
    every_tag_is_closed = int(np.count_nonzero(ends)) == tags.height
    return tags if every_tag_is_closed else None


def _rewritten(content: bytes) -> bytes:
    """The same elements and texts and nothing else, as an XML parser understands them; a document type stops it."""
    if LONG_TAG.search(content):
        raise Unreadable("The XML has a tag of more than 64 KB, which no return has. Ask for the real file.")

    def refuse(*_: object) -> None:
        raise Unreadable(DOCUMENT_TYPE)

    pieces: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, _: pieces.append(f"<{name}>")
    parser.EndElementHandler = lambda name: pieces.append(f"</{name}>")
    parser.CharacterDataHandler = lambda text: pieces.append(escape(text))
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Unreadable(DAMAGED) from error
    return "".join(pieces).encode()


def _document(tags: pl.DataFrame | None, records: Sequence[str]) -> Document | None:
    """The elements of a table of tags; None unless the tags are plain, stand in pairs and have one root."""
    if tags is None:
        return None
    distinct = tags["tag"].unique()
    every = distinct.cast(pl.String)
    if not every.str.contains(PLAIN_TAG).fill_null(False).all():
        return None
    written = every.gather(np.argsort(distinct.to_physical().to_numpy())).to_list()
    words = [tag.strip("/").rpartition(":")[2].lower() for tag in written]
    names = {word: number for number, word in enumerate(dict.fromkeys(words))}
    number = tags["tag"].to_physical().to_numpy()
    name = np.array([names[word] for word in words], dtype=np.int32)[number]
    step = np.array([-1 if tag[0] == "/" else 0 if tag[-1] == "/" else 1 for tag in written], dtype=np.int8)[
        number
    ]
    depth = np.cumsum(step, dtype=np.int32)
    if depth.max(initial=0) > DEEPEST_LEVEL:
        raise Unreadable(
            f"The XML is nested more than {DEEPEST_LEVEL} deep, which no return is. Ask for the real file."
        )
    exact = np.array(_exact_names(written), dtype=np.int32)[number]
    if not _stands_in_pairs(exact, step, depth) or (tags["text"][-1] or "").strip():
        return None
    is_record = np.array([word in records for word in words], dtype=bool)[number]
    return _elements(names, name, tags["text"], step, is_record)


def _exact_names(written: list[str]) -> list[int]:
    """A number for each tag's name as it is written, prefix and capitals included."""
    bare = [tag.strip("/") for tag in written]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(bare))}
    return [numbers[name] for name in bare]


def _stands_in_pairs(name: Integers, step: Steps, depth: Integers) -> bool:
    """Whether each opening tag has its closing tag, and one root holds everything.

    On each level of depth the tags of a whole file open and close in turn, each pair under one name.
    """
    if not len(depth) or depth[-1] != 0 or depth[:-1].min(initial=1) < 1:
        return False
    ends = np.flatnonzero(step)
    level = (depth[ends] + (step[ends] < 0)).astype(np.int8)
    order = ends[np.argsort(level, kind="stable")]
    opening, closing = order[0::2], order[1::2]
    return bool(
        (step[opening] > 0).all() and (step[closing] < 0).all() and (name[opening] == name[closing]).all()
    )


def _elements(
    names: dict[str, int], name: Integers, text: pl.Series, step: Steps, is_record: Claims
) -> Document:
    """The opening tags, each with the innermost record around it.

    That record is the last one opened at the tag's own depth of records.
    """
    kept = np.flatnonzero(step >= 0)
    inside = np.cumsum(np.where(is_record, step, 0), dtype=np.int8)[kept]
    is_text = (step[kept] > 0) & (np.append(step[1:], 0)[kept] < 0)
    opens, holds = is_record[kept], is_record[kept] & (step[kept] > 0)
    around = inside - holds
    number = np.cumsum(opens, dtype=np.int32) - 1
    owner = np.full(len(kept), -1, dtype=np.int32)
    for level in range(1, int(inside.max(initial=0)) + 1):
        last = np.maximum.accumulate(np.where(holds & (inside == level), number, -1))
        owner = np.where(around == level, last, owner)
    texts = _unescaped(text.gather(kept))
    return Document(
        names=names,
        name=name[kept],
        text=texts,
        is_text=is_text & texts.is_not_null().to_numpy(),
        owner=owner,
        record=np.where(opens, number, -1),
        stray_texts=_count_stray(text, kept[is_text]),
    )


def _count_stray(text: pl.Series, places: Places) -> int:
    """How many texts other than those at these places say something."""
    others = text.is_not_null().to_numpy().copy()
    others[places] = False
    return int(text.gather(np.flatnonzero(others)).str.contains(r"\S").sum())


def _first_places(spellings: list[Places], owner: Integers, row: Integers, rows: int) -> pl.Series:
    """Where the first text of each row stands; of several spellings the first that says something."""
    first = np.full(rows, -1, dtype=np.int64)
    for places in reversed(spellings):
        first[row[owner[places[::-1]]]] = places[::-1]
    found = pl.Series(first)
    return found.set(found < 0, None)


def _unescaped(text: pl.Series) -> pl.Series:
    """Text with the references resolved that a rewritten file still has."""
    has_reference = text.str.contains("&", literal=True)
    if not has_reference.any():
        return text
    return text.zip_with(~has_reference, text.map_elements(unescape, return_dtype=pl.String))


@cache
def _spellings(table: str, column: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in contracts.spellings(contracts.tables()[table].columns[column]))
