"""How alike two records are, weighed by Splink, of which this is the only importer.

Compared is what a child keeps or what follows it: birth date, given name, every family name it ever had, sex, every
postcode and school. Weights are learned once and kept, so that two runs on the same files link the same children.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import polars as pl

from risk_model.errors import UserError

LinkWeights = dict[str, Any]
"""Splink's settings with trained weights, their version and what they were learned from, as one JSON document."""

FORMAT = "early-support-linkage/2"
LEAST_PROBABILITY = 0.05
"""Pairs less likely than this are nobody's candidate, and no candidate's rival."""
RANDOM_SEED = 1
LEARNING_RECALL = 0.85
"""Share of true pairs that agree on birth date, given and family name; a starting point that learning corrects."""
SAMPLED_PAIRS = 2_000_000
LEARNED_FROM = 20_000
"""Health records that the weights are learned from; more make them no better and take longer."""
RAREST = 1e-5
"""No level counts for less: what a cohort never showed is still possible."""
SIGNIFICANT_DIGITS = 6

AGREEMENTS = ("born", "given", "family", "sex", "postcodes", "schools")
"""What is compared; the highest level agrees, 0 disagrees, -1 is not known on one side."""
PAIRS = pl.Schema(
    {
        "left": pl.String(),
        "right": pl.String(),
        "weight": pl.Float64(),
        "probability": pl.Float64(),
        **dict.fromkeys(AGREEMENTS, pl.Int8()),
    }
)
WEIGHT_DECIMALS = 3


def candidates(left: pl.DataFrame, right: pl.DataFrame, weights: LinkWeights) -> pl.DataFrame:
    """Return PAIRS of records that may be one child's, with weight in bits and agreement.

    `left` and `right` are `records.SCHEMA`; a record that is in both is not its own candidate. Without weights nobody
    is.
    """
    if left.is_empty() or right.is_empty() or not weights:
        return PAIRS.to_frame()
    linker = _linker(left, right, _model(weights))
    predicted = linker.inference.predict(threshold_match_probability=LEAST_PROBABILITY)
    found = pl.from_arrow(predicted.as_pyarrow_table())
    assert isinstance(found, pl.DataFrame)
    is_left = pl.col("source_dataset_l") == LEFT
    named = found.select(
        left=pl.when(is_left).then("unique_id_l").otherwise("unique_id_r"),
        right=pl.when(is_left).then("unique_id_r").otherwise("unique_id_l"),
        weight=pl.col("match_weight").round(WEIGHT_DECIMALS),
        probability="match_probability",
        **{name: pl.col(f"gamma_{name}") for name in AGREEMENTS},
    )
    pairs = named.filter(pl.col("left") != pl.col("right")).select(
        pl.col(name).cast(kind) for name, kind in PAIRS.items()
    )
    return pairs.sort("left", "right")


def learned(left: pl.DataFrame, right: pl.DataFrame) -> LinkWeights:
    """Return weights learned from these records, blocking in turn on what the other half is learned from.

    One thread, and a sample by a hash of the record: the same records give the same weights. Nothing can be learned
    where one side has no records.
    """
    if left.is_empty() or right.is_empty():
        return {}
    from splink import block_on

    sample = left.sort(pl.col("record").hash(RANDOM_SEED), "record").head(LEARNED_FROM)
    linker = _linker(sample, right, settings(), threads=1)
    learn = linker.training
    learn.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=RANDOM_SEED)
    learn.estimate_probability_two_random_records_match(
        [block_on("born", "a_given", "a_family")], recall=LEARNING_RECALL
    )
    learn.estimate_parameters_using_expectation_maximisation(block_on("born", "sex"))
    learn.estimate_parameters_using_expectation_maximisation(block_on("a_given", "a_family"))
    model = linker.misc.save_model_to_json()
    model.pop("linker_uid", None)
    return weights_of(model, {"health": left.height, "council": right.height})


def weights_of(model: dict[str, Any], learned_from: dict[str, int]) -> LinkWeights:
    """Return Splink's settings as weights that can be kept: rounded, and with nothing held to be impossible."""
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                for name in ("m_probability", "u_probability"):
                    level[name] = _significant(max(level.get(name) or RAREST, RAREST))
    key = "probability_two_random_records_match"
    model[key] = _significant(model[key])
    return {"format": FORMAT, "learned_from": learned_from, "model": model}


def written(weights: LinkWeights) -> bytes:
    """Return weights as the JSON document that is kept, the same bytes for the same weights."""
    return json.dumps(weights, indent=1, sort_keys=True).encode()


def digest(weights: LinkWeights) -> str:
    """Return one digest over weights, by which a run says with which it linked."""
    return hashlib.sha256(written(weights)).hexdigest()


def settings() -> Any:
    """Return what is compared and which pairs are looked at, not yet with weights."""
    import splink.comparison_level_library as levels
    from splink import SettingsCreator, block_on
    from splink.comparison_library import CustomComparison

    def comparison(name: str, is_unknown: str, *agree: tuple[str, str]) -> Any:
        return CustomComparison(
            output_column_name=name,
            comparison_levels=[
                levels.CustomLevel(is_unknown, "not known").configure(is_null_level=True),
                *(levels.CustomLevel(sql, words) for sql, words in agree),
                levels.ElseLevel(),
            ],
        )

    def unknown(column: str) -> str:
        return f"{column}_l IS NULL OR {column}_r IS NULL"

    def shared(column: str) -> str:
        return f"list_has_any({column}_l, {column}_r)"

    def near(column: str) -> str:
        return (
            f"damerau_levenshtein({column}_l, {column}_r) <= 1 "
            f"OR starts_with({column}_l, {column}_r) OR starts_with({column}_r, {column}_l)"
        )

    swapped = "list_has_any(given_l, family_r) AND list_has_any(family_l, given_r)"
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            comparison(
                "born",
                unknown("born"),
                (shared("births"), "same birth date"),
                ("born_l = born_transposed_r", "day and month swapped"),
                ("levenshtein(born_l, born_r) <= 1", "one digit of the birth date"),
            ),
            comparison(
                "given",
                unknown("a_given"),
                (f"{shared('given')} OR ({swapped})", "same given name"),
                (near("a_given"), "similar given name"),
            ),
            comparison(
                "family",
                unknown("a_family"),
                (f"{shared('family')} OR ({swapped})", "a family name in common"),
                (near("a_family"), "similar family name"),
            ),
            comparison("sex", unknown("sex"), ("sex_l = sex_r", "same sex")),
            comparison("postcodes", unknown("postcodes"), (shared("postcodes"), "a postcode in common")),
            comparison("schools", unknown("schools"), (shared("schools"), "a school in common")),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("postcodes", arrays_to_explode=["postcodes"]),
            block_on("born", "initial"),
            block_on("born", "family", arrays_to_explode=["family"]),
            block_on("born", "schools", arrays_to_explode=["schools"]),
            block_on("given", "family", arrays_to_explode=["given", "family"]),
            {"blocking_rule": "l.born = r.born_transposed AND l.initial = r.initial"},
        ],
        retain_matching_columns=True,  # Splink gives the levels of agreement with them only
    )


LEFT, RIGHT = "health", "known"


def _linker(left: pl.DataFrame, right: pl.DataFrame, model: Any, threads: int | None = None) -> Any:
    import duckdb
    from splink import DuckDBAPI, Linker

    connection = duckdb.connect(":memory:")
    if threads:
        connection.execute(f"SET threads = {threads}")
    database = DuckDBAPI(connection=connection)
    tables = [
        database.register(_for_splink(records).to_arrow(), dataset_display_name=name, table_name=name)
        for name, records in ((LEFT, left), (RIGHT, right))
    ]
    return Linker(tables, model, log_level="ERROR")


def _for_splink(records: pl.DataFrame) -> pl.DataFrame:
    born = pl.col("born_on")

    def or_null(name: str) -> pl.Expr:
        return pl.when(pl.col(name).list.len() > 0).then(name)

    return records.sort("record").select(
        "sex",
        unique_id="record",
        born=born.dt.to_string("%Y-%m-%d"),
        born_transposed=born.dt.to_string("%Y-%d-%m"),
        births=or_null("births"),
        given=or_null("given"),
        a_given=pl.col("given").list.first(),
        initial=pl.col("given").list.first().str.slice(0, 1),
        family=or_null("family"),
        a_family=pl.col("family").list.first(),
        postcodes=or_null("postcodes"),
        schools=or_null("schools"),
    )


def _model(weights: LinkWeights) -> dict[str, Any]:
    if weights.get("format") != FORMAT:
        raise UserError(
            "The stored linkage weights were learned for another way of comparing. Expected weights of the version "
            f"{FORMAT}. Train again with `risk-model train`."
        )
    model: dict[str, Any] = weights["model"]
    return model


def _significant(value: float) -> float:
    return round(value, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))
