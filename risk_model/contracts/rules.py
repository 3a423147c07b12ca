"""Every rule name that checking can give, in a partner's words: what it means and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from risk_model.contracts.columns import REJECTS, REPAIRED, WARNS
from risk_model.contracts.contract import Column, RowRule, Table
from risk_model.contracts.identifiers import NAMED_CHECKS
from risk_model.errors import UserError

UNKNOWN_COLUMN, EARLIER_HEADER, LEFT_BEHIND = "unknown_column", "earlier_header", "left_behind"
ANY_HEADER = "HEADER"
"""Stands for whatever header a file has that nobody knows."""

LEFT_OUT = "The row is left out, so its child may be missing from what we see."
EMPTIED = "The row is kept, and this value counts as not given."
KEPT = "The row is kept as it is."
MENDED = "We put it right ourselves and use the row."
NOTHING_TO_DO = "Nothing, unless it is easy to change in your system."
CORRECT = "Correct the record in your system and send the file again."


@dataclass(frozen=True)
class RuleWords:
    """What a broken rule means for a row, and what the partner can do, as plain sentences; and how severe it is."""

    meaning: str
    to_do: str
    severity: str = WARNS


FINDINGS: Mapping[str, RuleWords] = {
    "missing": RuleWords(
        "{header} is empty, and a row cannot be used without it.",
        "Fill in {header} in your system and send the file again.{joined}",
    ),
    "unparsed": RuleWords(
        "{header} holds something that cannot be read as {kind}.",
        "Export {header} as {kind}, with nothing else in it.",
    ),
    "no_real_date": RuleWords(
        "{header} holds a day that stands for “no date”, such as 1900-01-01 or 2999-12-31.",
        "Leave {header} empty where there is no date, or correct the record, and send the file again.",
    ),
    "not_in_code_list": RuleWords(
        "{header} holds a code that is not on the list {codes}.",
        "Map your own codes to the list {codes}{version}. If the code is a new one, tell us.",
    ),
    "not_in_open_code_list": RuleWords(
        "{header} holds a code that we have not met before.",
        "Tell us what the code means, or map it to the list {codes}{version}.",
    ),
    "minimum": RuleWords("{header} is below {minimum}, the lowest value it can have.", CORRECT),
    "maximum": RuleWords("{header} is above {maximum}, the highest value it can have.", CORRECT),
    "max_length": RuleWords("{header} is longer than {max_length} characters.", CORRECT),
    "pattern": RuleWords(
        "{header} is not written the way this value always is.",
        "Compare it with its description ({description}) and send the file again.",
    ),
}
CHECKS: Mapping[str, RuleWords] = {
    "check_digit": RuleWords(
        "{header} is no valid NHS number: its last digit does not agree with the nine before it, or the number is "
        "one that is never given out.",
        "Look the child up in the Personal Demographics Service and correct the number. Until then the child cannot "
        "be found in other partners' records by it.",
    ),
    "check_letter": RuleWords(
        "{header} is no valid unique pupil number: its first letter does not agree with the characters after it.",
        "Ask the school for the number and correct it. Until then the child cannot be found in other partners' "
        "records by it.",
    ),
}
REPAIRS: Mapping[str, RuleWords] = {
    "blanks_removed": RuleWords("{header} had spaces or hyphens inside or around it.", NOTHING_TO_DO),
    "upper_case": RuleWords("{header} was in small letters where capitals are usual.", NOTHING_TO_DO),
    "zeros_restored": RuleWords(
        "{header} had lost the zeros at its front, as happens in a spreadsheet.",
        "Export {header} as text, straight from your system, without opening the file in a spreadsheet.",
    ),
    "decimal_removed": RuleWords(
        "{header} ended in “.0”, as happens in a spreadsheet.",
        "Export {header} as text, straight from your system, without opening the file in a spreadsheet.",
    ),
    "letter_prefix_removed": RuleWords(
        "{header} had a letter before its code, as some systems add.",
        "Nothing now. At the next change to your export, send the code alone.",
    ),
    "earlier_code": RuleWords(
        "{header} held a code of another list or an earlier edition; we read it as the code that it means.",
        "Nothing now. At the next change to your export, use the codes of the list {codes}{version}.",
    ),
}
WHOLE_ROW: Mapping[str, RuleWords] = {
    "row|too_many_values": RuleWords(
        f"The row has more values than the file has headers, often because a text holds a comma. {LEFT_OUT}",
        "Export again with quotation marks around every text.",
        REJECTS,
    ),
    "row|too_few_values": RuleWords(
        f"The row has fewer values than the file has headers, often because a text holds a line break. {LEFT_OUT}",
        "Export again with quotation marks around every text, and make sure that the file was not cut short.",
        REJECTS,
    ),
    "row|value_too_long": RuleWords(
        f"The row has a value far longer than any value is, often because a quotation mark was not closed. {LEFT_OUT}",
        "Export again with quotation marks in pairs around every text.",
        REJECTS,
    ),
    "row|stray_text": RuleWords(
        "Text stands between the elements, where no text belongs. It was not read; all else was.",
        "Look for text behind a closing tag, often a name typed by hand, and take it out.",
    ),
    "known_on|missing": RuleWords(
        "Nothing says on which day this row became known: neither the row, nor the file's header, nor the file's "
        "name. The row is kept, but no list can use it.",
        "Put the day of the export into the file's name or its folder's, such as 2026-11-20.",
    ),
}
STRANGE_COLUMN = RuleWords(
    "The file has a column {name} that we do not know. Its values were not read; all else was.",
    "Leave the column out. If it is a column we should read, or a new name of one, tell us.",
)
OLD_NAME = RuleWords(
    f"{{name}} is the name of an earlier edition; we read it as today's. {MENDED}",
    "Nothing now. At the next change to your export, use today's name.",
    REPAIRED,
)
NOT_TAKEN = RuleWords(
    "{name} is part of the return, and no purpose of ours needs it. It was not read.",
    "Nothing. You may leave it out.",
    REPAIRED,
)
OF_HEADERS = {UNKNOWN_COLUMN: STRANGE_COLUMN, EARLIER_HEADER: OLD_NAME, LEFT_BEHIND: NOT_TAKEN}
KINDS = {
    "date": "a date",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no",
}
"""How a partner would say a column's type; text can always be read."""


def rules_of(table: Table) -> list[str]:
    """Every rule name that checking can give for a table, in the order of its columns; then the table's own rules."""
    names = list(WHOLE_ROW)
    for name, column in table.columns.items():
        names += [*_findings_of(column), *(f"{name}|{repair}" for repair in _repairs_of(column))]
    earlier = [
        f"{EARLIER_HEADER}|{header}" for column in table.columns.values() for header in column.formerly
    ]
    strange = [f"{UNKNOWN_COLUMN}|{ANY_HEADER}", f"{LEFT_BEHIND}|{ANY_HEADER}"]
    return [*names, *(rule.name for rule in table.rules), *earlier, *strange]


def explain(table: Table, rule: str) -> RuleWords:
    """What a rule name means for a row of this table, and what to do about it.

    >>> from risk_model import contracts
    >>> explain(contracts.tables()["csds_referral"], "received_on|unparsed").meaning.split(".")[0]
    'ReferralRequest_ReceivedDate holds something that cannot be read as a date'
    """
    if rule in WHOLE_ROW:
        return WHOLE_ROW[rule]
    subject, _, kind = rule.partition("|")
    if subject in OF_HEADERS:
        words = OF_HEADERS[subject]
        name = "It" if kind == ANY_HEADER and subject == LEFT_BEHIND else "" if kind == ANY_HEADER else kind
        return RuleWords(words.meaning.format(name=name).replace("  ", " "), words.to_do, words.severity)
    for row_rule in table.rules:
        if row_rule.name == rule:
            return _words_of_row_rule(row_rule)
    column = table.columns.get(subject)
    if column is not None and kind in REPAIRS:
        return _said_of(column, REPAIRS[kind], MENDED)
    if column is not None and kind in FINDINGS:
        return _said_of(column, FINDINGS[kind], _consequence(column, kind))
    for column in table.columns.values():
        if rule == _check_of(column):
            return _said_of(
                column, CHECKS[rule.removeprefix(f"{column.name}_")], _consequence(column, "check")
            )
    raise UserError(
        f"The table {table.name} has no rule {rule}. Expected one of: {', '.join(rules_of(table))}. "
        "Copy the rule's name as `risk-model check` prints it."
    )


def _findings_of(column: Column) -> Iterator[str]:
    """Names of the rules that one column's values can break."""
    if column.required:
        yield f"{column.name}|missing"
    if column.logical_type in KINDS:
        yield f"{column.name}|unparsed"
    if column.logical_type == "date":
        yield f"{column.name}|no_real_date"
    if column.code_list is not None and column.logical_type == "string":
        yield f"{column.name}|{'not_in_open_code_list' if column.codes_are_open else 'not_in_code_list'}"
    if check := _check_of(column):
        yield check
    limits = {"pattern": "pattern", "maxLength": "max_length", "minimum": "minimum", "maximum": "maximum"}
    yield from (f"{column.name}|{rule}" for limit, rule in limits.items() if limit in column.limits)


def _repairs_of(column: Column) -> Iterator[str]:
    """Names of the repairs that can be made to one column's values."""
    yield "blanks_removed"
    if column.code_list is not None or column.logical_type == "boolean":
        yield "letter_prefix_removed"
    if column.code_list is not None:
        yield from ("upper_case", "zeros_restored", "decimal_removed", "earlier_code")
    if column.named_check == "nhs_number":
        yield from ("zeros_restored", "decimal_removed")
    if column.named_check == "upn":
        yield "upper_case"


def _check_of(column: Column) -> str | None:
    return f"{column.name}_{NAMED_CHECKS[column.named_check][0]}" if column.named_check else None


def _consequence(column: Column, rule: str) -> str:
    if rule == "not_in_open_code_list":
        return KEPT
    return LEFT_OUT if column.required else EMPTIED


def _words_of_row_rule(rule: RowRule) -> RuleWords:
    return RuleWords(
        f"{rule.description} In this row it is not so. {LEFT_OUT if rule.rejects else KEPT}",
        f"{CORRECT} If it is right as it stands, tell us.",
        REJECTS if rule.rejects else WARNS,
    )


def _said_of(column: Column, words: RuleWords, consequence: str) -> RuleWords:
    code_list, joined = column.code_list, ""
    if column.joined_from:
        joined = f" It may stand in another file: {column.joined_from} is needed too."
    facts = {
        "header": column.header,
        "kind": KINDS.get(column.logical_type, "text"),
        "description": column.description.rstrip("."),
        "codes": code_list.name if code_list else "",
        "version": f", version {code_list.version}" if code_list and code_list.version else "",
        "minimum": column.limits.get("minimum"),
        "maximum": column.limits.get("maximum"),
        "max_length": column.limits.get("maxLength"),
        "joined": joined,
    }
    return RuleWords(
        f"{words.meaning.format_map(facts)} {consequence}",
        words.to_do.format_map(facts),
        {LEFT_OUT: REJECTS, MENDED: REPAIRED}.get(consequence, WARNS),
    )
