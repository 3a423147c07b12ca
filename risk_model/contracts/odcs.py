"""Reads the contract files (Open Data Contract Standard 3.1) and refuses what it could not enforce."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import (
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)

from risk_model.contracts.contract import (
    POLARS_TYPES,
    PRIVACY_CLASSES,
    PURPOSES,
    CodeList,
    Column,
    Contract,
    Edition,
    RowRule,
    Table,
)
from risk_model.contracts.identifiers import NAMED_CHECKS
from risk_model.contracts.parsing import DATE_FORMATS
from risk_model.errors import UserError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # several times faster where libyaml is there
DEFAULTED = ("legalBasis", "purpose", "retention")
KEYS = {
    "contract": {
        "apiVersion", "kind", "id", "name", "version", "status", "domain", "description", "schema",
        "customProperties",
    },
    "table": {"name", "physicalName", "description", "properties", "quality", "customProperties"},
    "column": {
        "name", "physicalName", "description", "logicalType", "logicalTypeOptions", "required",
        "classification", "customProperties",
    },
    "rule": {"type", "engine", "name", "description", "dimension", "severity", "implementation"},
    "contract property": {*DEFAULTED, "dateFormats", "codeLists", "editions", "tablesNotTaken"},
    "table property": {*DEFAULTED, "recognisedBy", "neverWith", "notTaken", "isContext", "since", "until"},
    "column property": {
        *DEFAULTED, "aliases", "codeList", "check", "joinedFrom", "onlyForJoining", "since", "until", "formerly",
        "route", "eventKind",
    },
    "code list": {"version", "source", "open", "codes", "alsoWritten", "since", "until"},
    "edition": {"name", "from", "until", "source"},
    "type option": {"pattern", "minimum", "maximum", "maxLength"},
}  # fmt: skip


def files(folder: Path | None = None) -> list[Path]:
    """The contract files, one per return."""
    return sorted((folder or _contracts_folder()).glob("*.odcs.yaml"))


@cache
def load(folder: Path | None = None) -> dict[str, Contract]:
    """Every contract by id, from `data_contracts/` beside the package or inside the installed wheel."""
    found = files(folder)
    if not found:
        raise UserError(
            f"No contract was found in {folder or _contracts_folder()}; one *.odcs.yaml per return was expected. "
            "Restore them."
        )
    contracts = [read_contract(file) for file in found]
    return {contract.id: contract for contract in contracts}


def tables(contracts: Mapping[str, Contract] | None = None) -> dict[str, Table]:
    """Every table of every contract by name."""
    return {
        name: table for contract in (contracts or load()).values() for name, table in contract.tables.items()
    }


def read_contract(file: Path) -> Contract:
    """One contract file; a key that nothing here would enforce is an error, not a silence."""
    try:
        raw = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)
        _refuse_unknown_keys(raw)
        return _contract(OpenDataContractStandard(**raw))
    except (UserError, yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        raise UserError(
            f"The contract {file.name} cannot be used: {reason} Correct the file and run again."
        ) from error


def _contract(odcs: OpenDataContractStandard) -> Contract:
    settings = _custom(odcs.customProperties, "contract property")
    code_lists = {name: _code_list(name, value) for name, value in settings.get("codeLists", {}).items()}
    formats = tuple(settings.get("dateFormats", ()))
    unknown = sorted(set(formats) - set(DATE_FORMATS))
    if unknown:
        raise UserError(f"{len(unknown)} unknown date formats: {', '.join(unknown)}.")
    contract = (_said(odcs.id, "the contract's id"), _said(odcs.version, "the contract's version"))
    read = {
        schema.name: _table(contract, schema, settings, code_lists, formats) for schema in odcs.schema_ or []
    }
    described = odcs.description
    found = Contract(
        *contract,
        name=_said(odcs.name, "the contract's name"),
        description=_said(described.purpose if described else None, "the contract's purpose"),
        usage=(described and described.usage) or "",
        limitations=(described and described.limitations) or "",
        editions=tuple(_edition(edition) for edition in settings.get("editions", [])),
        tables={table.name: table for table in read.values()},
        tables_not_taken={
            name: tuple(headers) for name, headers in settings.get("tablesNotTaken", {}).items()
        },
        domain=odcs.domain or "",
    )
    _expect_editions(found)
    return found


def _table(
    contract: tuple[str, str],
    schema: SchemaObject,
    settings: dict[str, Any],
    code_lists: dict[str, CodeList],
    formats: tuple[str, ...],
) -> Table:
    own = _custom(schema.customProperties, "table property")
    defaults = {key: own.get(key, settings.get(key)) for key in DEFAULTED}
    name = _said(schema.name, "a table's name")
    columns = [_column(name, column, defaults, code_lists) for column in schema.properties or []]
    return Table(
        name=name,
        header=schema.physicalName or name,
        description=schema.description or "",
        contract=contract[0],
        version=contract[1],
        columns={column.name: column for column in columns},
        rules=tuple(
            RowRule(str(rule.name), str(rule.description), str(rule.implementation), rule.severity == "error")
            for rule in schema.quality or []
        ),
        recognised_by=tuple(own.get("recognisedBy", ())),
        never_with=tuple(own.get("neverWith", ())),
        not_taken=tuple(own.get("notTaken", ())),
        is_context=bool(own.get("isContext", False)),
        date_formats=formats,
        since=own.get("since"),
        until=own.get("until"),
    )


def _column(
    table: str, odcs: SchemaProperty, defaults: dict[str, Any], code_lists: dict[str, CodeList]
) -> Column:
    own = defaults | _custom(odcs.customProperties, "column property")
    name = _said(odcs.name, f"a column's name in {table}")
    where = f"{table}.{name}"
    logical_type, privacy_class = odcs.logicalType or "none", odcs.classification or "none"
    _expect(logical_type in POLARS_TYPES, f"{where} has the logical type {logical_type}, which is not read.")
    _expect(
        privacy_class in PRIVACY_CLASSES, f"{where} needs a classification, one of {_of(PRIVACY_CLASSES)}."
    )
    _expect(bool(own["legalBasis"] and own["retention"]), f"{where} needs a legal basis and a retention.")
    _expect(
        set(own["purpose"] or ["none"]) <= set(PURPOSES), f"{where} needs purposes out of {_of(PURPOSES)}."
    )
    check, listed = own.get("check"), own.get("codeList")
    _expect(check is None or check in NAMED_CHECKS, f"{where} asks for a check out of {_of(NAMED_CHECKS)}.")
    _expect(
        listed is None or listed in code_lists, f"{where} names a code list that the contract does not hold."
    )
    return Column(
        name=name,
        header=odcs.physicalName or name,
        aliases=tuple(own.get("aliases", ())),
        logical_type=logical_type,
        description=_said(odcs.description, f"the description of {where}"),
        code_list=code_lists[listed] if listed else None,
        named_check=check,
        limits=odcs.logicalTypeOptions or {},
        required=bool(odcs.required),
        privacy_class=privacy_class,
        legal_basis=own["legalBasis"],
        purpose=tuple(own["purpose"]),
        retention=own["retention"],
        joined_from=own.get("joinedFrom"),
        only_for_joining=bool(own.get("onlyForJoining", False)),
        since=own.get("since"),
        until=own.get("until"),
        formerly=own.get("formerly", {}),
        route=tuple(own.get("route", ())),
        event_kind=own.get("eventKind"),
    )


def _edition(value: dict[str, Any]) -> Edition:
    _refuse(set(value) - KEYS["edition"], "edition keys")
    return Edition(str(value["name"]), value.get("from"), value.get("until"), value["source"])


def _expect_editions(contract: Contract) -> None:
    """Every edition that a table, column or code names is one that the contract lists."""
    listed = {edition.name for edition in contract.editions}
    named: set[str | None] = set()
    for table in contract.tables.values():
        named |= {table.since, table.until}
        for column in table.columns.values():
            named |= {column.since, column.until, *column.formerly.values()}
            if column.code_list:
                named |= {*column.code_list.since.values(), *column.code_list.until.values()}
    strange = sorted(name for name in named - listed if name is not None)
    _expect(not strange, f"{len(strange)} editions are named but not listed: {', '.join(strange)}.")


def _code_list(name: str, value: dict[str, Any]) -> CodeList:
    codes, other = value["codes"], value.get("alsoWritten", {})
    texts = all(isinstance(part, str) for pair in (*codes.items(), *other.items()) for part in pair)
    _expect(texts, f"the code list {name} must hold texts: put codes such as 01 or N in quotation marks.")
    _expect(
        set(other.values()) <= set(codes), f"the code list {name} translates to a code that it does not hold."
    )
    since, until = value.get("since", {}), value.get("until", {})
    _expect({*since, *until} <= {*codes, *other}, f"the code list {name} dates a code that it does not hold.")
    return CodeList(
        name, str(value["version"]), value["source"], value.get("open", False), codes, other, since, until
    )


def _custom(properties: Iterable[Any] | None, level: str) -> dict[str, Any]:
    found = {entry.property: entry.value for entry in properties or []}
    _refuse(set(found) - KEYS[level], f"{level} keys")
    return found


def _refuse_unknown_keys(raw: dict[str, Any]) -> None:
    _refuse(set(raw) - KEYS["contract"], "contract keys")
    for custom in raw.get("customProperties", []):
        for code_list in custom["value"].values() if custom["property"] == "codeLists" else ():
            _refuse(set(code_list) - KEYS["code list"], "code list keys")
    for table in raw.get("schema", []):
        _refuse(set(table) - KEYS["table"], "table keys")
        for rule in table.get("quality", []):
            _refuse(set(rule) - KEYS["rule"], "rule keys")
            _expect(
                (rule.get("type"), rule.get("engine")) == ("custom", "polars-sql")
                and rule.get("severity") in ("error", "warning")
                and bool(rule.get("name") and rule.get("description")),
                "a rule must be custom polars-sql with name, description and severity error or warning.",
            )
        for column in table.get("properties", []):
            _refuse(set(column) - KEYS["column"], "column keys")
            _refuse(set(column.get("logicalTypeOptions", {})) - KEYS["type option"], "type options")


def _refuse(unknown: set[str], kind: str) -> None:
    if unknown:
        raise UserError(f"{len(unknown)} {kind} that cannot be enforced: {', '.join(sorted(unknown))}.")


def _said(text: str | None, what: str) -> str:
    if not text:
        raise UserError(f"{what} is missing.")
    return text


def _expect(claim: bool, otherwise: str) -> None:
    if not claim:
        raise UserError(otherwise)


def _of(choices: Iterable[str]) -> str:
    return ", ".join(sorted(choices))


def _contracts_folder() -> Path:
    package = Path(__file__).resolve().parent.parent
    inside = package / "data_contracts"
    return inside if inside.is_dir() else package.parent / "data_contracts"
