"""JSON that two readers could understand differently."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.strict_json import DEEPEST, NotStrictJsonError, check

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e300, 1e300)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=3
        )
    ),
    max_leaves=10,
)


@given(PLAIN)
def test_what_everybody_reads_alike_passes(content: object) -> None:
    check(json.dumps(content, ensure_ascii=False).encode())
    check(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b'{"a": 1, "a": 2}', "A name stands twice"),
        (b'{"a": 1, "\\u0061": 2}', "A name stands twice"),
        (b'[{"b": {"a": 1, "a": 1}}]', "A name stands twice"),
        (b"NaN", "not JSON"),
        (b'{"a": -Infinity}', "not JSON"),
        (b"1e999", "larger than any"),
        (b"[-1e400]", "larger than any"),
        (b"9" * 5000, "It is not JSON"),
        (b'"\\ud800"', "half of a character"),
        (b'{"\\udfff": 1}', "half of a character"),
        (b'"\\u0000"', "the character NUL"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        ("{}".encode("utf-16-be"), "It is not JSON"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"{'a': 1}", "It is not JSON"),
        (b'{"a": 1,}', "It is not JSON"),
        (b'{"a": 01}', "It is not JSON"),
        (b"{} {}", "It is not JSON"),
        (b"[" * 30_000, f"deeper than {DEEPEST}"),
        (b"[" * 21 + b"]" * 21, f"deeper than {DEEPEST}"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(body: bytes, rule: str) -> None:
    with pytest.raises(NotStrictJsonError, match=rule):
        check(body)


def test_twenty_levels_are_enough() -> None:
    check(b"[" * 20 + b"]" * 20)
