"""Refuses JSON that two readers could understand differently, or that no reader should have to open.

RFC 8259 leaves duplicate names, numbers that no double holds and lone surrogates to each reader; here they are refused.
What was sent is never repeated.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from email.message import Message
from typing import Any, NoReturn

DEEPEST = 20
"""No answer of ours nests deeper than a handful."""


class NotStrictJsonError(ValueError):
    """A body is no JSON, or none that everybody reads alike; the message says which rule it breaks."""


def is_json(content_type: str) -> bool:
    """Say whether a content type names JSON.

    >>> is_json("application/json; charset=utf-8"), is_json("application/problem+json"), is_json("text/plain")
    (True, True, False)
    """
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (
        subtype == "json" or subtype.endswith("+json")
    )


def check(body: bytes) -> None:
    """Raise unless the body is one JSON text in UTF-8 that every reader understands alike."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStrictJsonError("The text is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise NotStrictJsonError("The text starts with a byte order mark")
    try:
        content = json.loads(
            text, object_pairs_hook=_no_name_twice, parse_constant=_no_constant, parse_float=_finite
        )
    except NotStrictJsonError:
        raise
    except RecursionError:
        raise NotStrictJsonError(f"It nests deeper than {DEEPEST} levels") from None
    except ValueError:
        raise NotStrictJsonError("It is not JSON") from None
    _check_texts_and_depth(content)


def _no_name_twice(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotStrictJsonError("A name stands twice in one object")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise NotStrictJsonError("NaN and Infinity are not JSON")


def _finite(number: str) -> float:
    found = float(number)
    if not math.isfinite(found):
        raise NotStrictJsonError("A number is larger than any that can be kept")
    return found


def _check_texts_and_depth(content: object) -> None:
    open_now, depth = [content], 0
    while open_now:
        depth += 1
        if depth > DEEPEST:
            raise NotStrictJsonError(f"It nests deeper than {DEEPEST} levels")
        within: list[object] = []
        for value in open_now:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, dict):
                within += [*value, *value.values()]
            elif isinstance(value, list):
                within += value
        open_now = within


def _check_text(text: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise NotStrictJsonError("A text holds half of a character")
    if "\x00" in text:
        raise NotStrictJsonError("A text holds the character NUL")
