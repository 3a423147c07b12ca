"""The list of features as a page: `python -m risk_model.features.page > docs/features.md`."""

from __future__ import annotations

from collections.abc import Iterable

from risk_model import contracts
from risk_model.features import FEATURES, Feature, Partner
from risk_model.features.purposes import columns_of

HEAD = """# What is known of a child: the features

Made from `risk_model/features/` by `python -m risk_model.features.page > docs/features.md`; a test holds it to that.

One row per fact. **Not known** is a value of its own everywhere: a child who is not linked to a partner, or whose
council or provider sends no such feed, has no value, and the estimate for "not known" lies between those for "no" and
"yes". *Linked, no record* says what a child has who is linked and of whom nothing is recorded. *Direction* says whether
more of it can lower the estimate: for every need it never can. *Estimated with* says whether the risk model may read
it; the others are shown, or decide a tier. What looks back on all records is never estimated with: the extracts begin
on one day, so that it grows with the calendar. Ethnicity, sex and deprivation are no features.
"""
COLUMNS = (
    "name",
    "for a clinician",
    "for a family",
    "told by",
    "need area",
    "direction",
    "linked, no record",
    "estimated with",
    "made from",
)


def page() -> str:
    """Return the page as Markdown, by partner, in the order of the list."""
    parts = [HEAD]
    for partner in Partner:
        mine = [feature for feature in FEATURES if feature.partner == partner]
        parts.append(f"## {partner.capitalize()}\n\n" + _table([_row(feature) for feature in mine]))
    return "\n".join(parts)


def _row(feature: Feature) -> tuple[str, ...]:
    return (
        f"`{feature.name}`",
        feature.label,
        feature.family_label,
        feature.told_by or "the list",
        feature.area or "any",
        "never lowers" if feature.rises else "either way",
        _no_record(feature),
        "yes" if feature.in_model else "no",
        _made_from(feature),
    )


def _no_record(feature: Feature) -> str:
    if feature.source is None:
        return "follows from the others"
    return "not known" if feature.when_no_record is None else "none"


def _made_from(feature: Feature) -> str:
    names = {other.name for other in FEATURES}
    if feature.source is None:
        needed = sorted(names & set(feature.expression.meta.root_names()) - {feature.name})
        return ", ".join(f"`{name}`" for name in needed) or "date of birth"
    tables = contracts.tables()
    origins = sorted({table for table, _ in columns_of(feature, tables, other_features=names)})
    return ", ".join(f"`{table}`" for table in origins)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    print(page(), end="")
