"""Probable links by date of birth, sex, postcode and school; the only importer of Splink.

Weights are learned once and kept, so that two runs on the same files link the same children. Where two candidates are
equally good (twins of one sex at one address) nobody is linked.
"""

from __future__ import annotations

from typing import Any

import polars as pl

LinkWeights = dict[str, Any]
"""Splink's settings with trained weights, as one JSON document."""

LEAST_PROBABILITY = 0.95
CONFIDENCE_DECIMALS = 3
RANDOM_SEED = 1
LEARNING_RECALL = 0.7
"""Share of true pairs that agree on date of birth, sex and one postcode; a starting point that learning corrects."""
SAMPLED_PAIRS = 2_000_000
PAIR_SCHEMA = {"spine": pl.String, "council_spine": pl.String, "link_confidence": pl.Float64}


def probable_pairs(
    health: pl.DataFrame, council: pl.DataFrame, weights: LinkWeights | None
) -> tuple[pl.DataFrame, LinkWeights]:
    """Return one-to-one pairs (`spine`, `council_spine`, `link_confidence`) and the weights that chose them."""
    if health.is_empty() or council.is_empty():
        return pl.DataFrame(schema=PAIR_SCHEMA), weights or {}
    linker = _linker(health, council, weights)
    if not weights:
        _learn(linker)
        weights = linker.misc.save_model_to_json()
        weights.pop("linker_uid", None)
    predicted = linker.inference.predict(threshold_match_probability=LEAST_PROBABILITY)
    found = pl.from_arrow(predicted.as_pyarrow_table())
    assert isinstance(found, pl.DataFrame)
    return _best_each_way(found), weights


def _best_each_way(found: pl.DataFrame) -> pl.DataFrame:
    """Keep the pairs that are each other's single best; a tie, rounded, is nobody's."""
    pairs = found.select(
        spine=pl.when(pl.col("source_dataset_l") == "health").then("unique_id_l").otherwise("unique_id_r"),
        council_spine=pl.when(pl.col("source_dataset_l") == "health")
        .then("unique_id_r")
        .otherwise("unique_id_l"),
        weight=pl.col("match_weight").round(CONFIDENCE_DECIMALS),
        link_confidence=pl.col("match_probability").round(CONFIDENCE_DECIMALS),
    )

    def is_single_best(side: str) -> pl.Expr:
        best = pl.col("weight") == pl.col("weight").max().over(side)
        return best & (best.sum().over(side) == 1)

    chosen = pairs.filter(is_single_best("spine") & is_single_best("council_spine"))
    return chosen.select(list(PAIR_SCHEMA)).sort("spine")


def _linker(health: pl.DataFrame, council: pl.DataFrame, weights: LinkWeights | None) -> Any:
    from splink import DuckDBAPI, Linker

    database = DuckDBAPI()
    tables = [
        database.register(_for_splink(records).to_arrow(), dataset_display_name=name, table_name=name)
        for name, records in (("health", health), ("council", council))
    ]
    return Linker(tables, weights or settings(), log_level="ERROR")


def _for_splink(records: pl.DataFrame) -> pl.DataFrame:
    born = pl.col("born_on")
    return records.sort("spine").select(
        unique_id="spine",
        born=born.dt.to_string("%Y-%m-%d"),
        born_transposed=born.dt.to_string("%Y-%d-%m"),
        sex="sex",
        a_postcode=pl.col("postcodes").list.first(),
        postcodes=pl.when(pl.col("postcodes").list.len() > 0).then("postcodes"),
        schools=pl.when(pl.col("schools").list.len() > 0).then("schools"),
    )


def settings() -> Any:
    """Return what is compared and which pairs are looked at, not yet with weights."""
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons
    from splink import SettingsCreator, block_on

    born = comparisons.CustomComparison(
        output_column_name="born",
        comparison_levels=[
            levels.NullLevel("born"),
            levels.ExactMatchLevel("born"),
            levels.CustomLevel("born_l = born_transposed_r", "day and month transposed"),
            levels.LevenshteinLevel("born", 1),
            levels.ElseLevel(),
        ],
    )
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            born,
            comparisons.ExactMatch("sex"),
            comparisons.ArrayIntersectAtSizes("postcodes", [1]),
            comparisons.ArrayIntersectAtSizes("schools", [1]),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("born"),
            block_on("postcodes", arrays_to_explode=["postcodes"]),
            {"blocking_rule": "l.born = r.born_transposed"},
        ],
        retain_matching_columns=False,
    )


def _learn(linker: Any) -> None:
    """Learn the weights, blocking in turn on what the other half of the comparison is learned from."""
    from splink import block_on

    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=RANDOM_SEED)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("born", "sex", "a_postcode")], recall=LEARNING_RECALL
    )
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("a_postcode"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("born", "sex"))
