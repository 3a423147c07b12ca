"""Reads a policy file: whatever is wrong with it is said in words, and nothing in it is ever run or expanded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from risk_model.errors import UserError
from risk_model.policy import proof
from risk_model.policy.document import DEFAULT_POLICY, Policy

MOST_BYTES = 200_000
"""Ours: twenty times the default policy."""

DEEPEST = 12
"""Ours: the default policy is four levels deep."""

EXAMPLE = f"Mend the file and try again; {DEFAULT_POLICY.name} is an example."
WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no key of a policy; check its spelling",
    "string_type": "is a text, in quotation marks if it looks like a number",
    "int_type": "is a whole number",
    "int_parsing": "is a whole number",
    "float_type": "is a number",
    "float_parsing": "is a number",
    "bool_type": "is true or false",
    "bool_parsing": "is true or false",
    "list_type": "is a list",
    "dict_type": "is a block of keys",
    "model_type": "is a block of keys",
    "date_type": "is a day such as 2026-11-20",
    "date_from_datetime_parsing": "is a day such as 2026-11-20",
    "date_parsing": "is a day such as 2026-11-20",
}
"""What is said for the commonest mistakes; the others speak for themselves."""


class _NotPlain(Exception):  # noqa: N818 - a sentence about a file, not a failure of ours
    """The file uses more of YAML than a policy needs."""


class _Loader(yaml.CSafeLoader):
    """YAML as a policy uses it: keys once, no references."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a block of keys; a key that stands twice is refused, since one of the two would be lost."""
        seen = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise _NotPlain(f"{name} stands twice in one block (line {key.start_mark.line + 1})")
            seen.add(name)
        return super().construct_mapping(node, deep)


def read(content: bytes, name: str) -> Policy:
    """Return the policy of a YAML document, proved, or say in words why it is refused."""
    try:
        _check_is_plain(content)
        policy = Policy.model_validate(yaml.load(content, Loader=_Loader))
    except _NotPlain as error:
        raise UserError(f"The policy {name} is refused: {error}. {EXAMPLE}") from error
    except ValidationError as error:
        problems = [_problem(e) for e in error.errors()]
        raise UserError(
            f"The policy {name} is refused, {len(problems)} problem(s): {'; '.join(problems)}. {EXAMPLE}"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(
            f"The policy {name} is not readable YAML{_where(error)}. Expected a file like {DEFAULT_POLICY.name}."
        ) from error
    if refusals := proof.refusals(policy):
        raise UserError(f"The policy {name} is refused: it cannot be proved. {' '.join(refusals)} {EXAMPLE}")
    return policy


def load(path: Path) -> tuple[Policy, bytes]:
    """Return the policy in a file, with the file's bytes."""
    if not path.is_file():
        raise UserError(
            f"There is no policy file {path}. Expected a YAML file; leave --policy out for the default."
        )
    if path.stat().st_size > MOST_BYTES:
        raise UserError(f"The policy {path.name} is larger than {MOST_BYTES:,} bytes. {EXAMPLE}")
    content = path.read_bytes()
    return read(content, path.name), content


def _check_is_plain(content: bytes) -> None:
    if len(content) > MOST_BYTES:
        raise _NotPlain(f"it is larger than {MOST_BYTES:,} bytes")
    depth = documents = 0
    for event in yaml.parse(content, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _NotPlain(f"it uses references (& or *, line {line}); write the value out each time")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > DEEPEST:
            raise _NotPlain(f"it is nested deeper than {DEEPEST} levels (line {line})")
    if documents != 1:
        raise _NotPlain("it is empty" if not documents else "it holds more than one document")


def _problem(error: Any) -> str:
    path = ".".join(map(str, error["loc"])) or "policy"
    if error["type"] in WORDS:
        return f"{path} {WORDS[error['type']]}"
    return f"{path}: {error['msg'].removeprefix('Value error, ')}"


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f" (line {mark.line + 1})"
    return f" ({error})" if isinstance(error, ValueError) and not isinstance(error, UnicodeError) else ""
