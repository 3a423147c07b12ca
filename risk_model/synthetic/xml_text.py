"""XML built by columns: one text per row, joined per parent, so that no row is visited in Python."""

import polars as pl


def element(tag: str, value: str | pl.Expr) -> pl.Expr:
    """`<tag>value</tag>`, or nothing where the value is missing."""
    text = (pl.col(value) if isinstance(value, str) else value).cast(pl.String)
    return (
        pl.when(text.is_not_null() & (text != ""))
        .then(pl.format(f"<{tag}>{{}}</{tag}>", text))
        .otherwise(pl.lit(""))
    )


def wrapped(tag: str, *parts: pl.Expr) -> pl.Expr:
    """Several parts inside one element."""
    return pl.concat_str(pl.lit(f"<{tag}>"), *parts, pl.lit(f"</{tag}>"))


def joined(frame: pl.DataFrame, key: str, text: pl.Expr, name: str) -> pl.DataFrame:
    """One row per key with the texts of its rows one after the other, in the order they stand."""
    return (
        frame.select(key, text.alias(name)).group_by(key, maintain_order=True).agg(pl.col(name).str.join(""))
    )


def header(collection: str, la_code: int, year: int, reference: object, sent: object) -> str:
    """The header that council returns share."""
    return (
        f"<Header><CollectionDetails><Collection>{collection}</Collection><Year>{year}</Year>"
        f"<ReferenceDate>{reference}</ReferenceDate></CollectionDetails><Source><SourceLevel>L</SourceLevel>"
        f"<LEA>{la_code}</LEA><SoftwareCode>Local Authority</SoftwareCode><SerialNo>001</SerialNo>"
        f"<DateTime>{sent}T09:00:00</DateTime></Source></Header>"
    )
