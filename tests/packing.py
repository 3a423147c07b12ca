"""Archives and workbooks made by hand, so that a test can put into them what no program would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape


def workbook(sheets: Mapping[str, list[list[str]]], **members: bytes) -> bytes:
    """A workbook of text cells with these sheets; `members` replaces or adds members, `__` standing for a slash."""
    numbers = range(1, len(sheets) + 1)
    start = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'{start}<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
            for n in numbers
        )
        + "</Types>",
        "_rels/.rels": f'{start}<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{start}<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{start}<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        + "</Relationships>",
        **{
            f"xl/worksheets/sheet{n}.xml": f'{start}<worksheet xmlns="{main}"><sheetData>'
            + "".join(_row(number, cells) for number, cells in enumerate(rows, start=1))
            + "</sheetData></worksheet>"
            for n, rows in zip(numbers, sheets.values(), strict=True)
        },
    }
    packed = {name: text.encode() for name, text in parts.items()}
    return archive(packed | {name.replace("__", "/") + ".xml": content for name, content in members.items()})


def _row(number: int, cells: list[str]) -> str:
    return f'<row r="{number}">{"".join(_cell(f"{chr(65 + n)}{number}", text) for n, text in enumerate(cells))}</row>'


def _cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def archive(files: Mapping[str, bytes]) -> bytes:
    """These files in one ZIP."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return packed.getvalue()
