"""The command `risk-model demand`: does each list grow, what would shorten it, and what was published of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer

from risk_model import terminal
from risk_model.errors import UserError
from risk_model.options import AsJson

if TYPE_CHECKING:
    from risk_model.demand.plan import Plan
    from risk_model.worklist import Worklist


def demand(
    worklists: Annotated[
        Path | None,
        typer.Argument(help="Folder of a run, or of all runs (then the newest counts). May be left out."),
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(
            help="A file as NHS England publishes it: the community health services workbook (xlsx) or the RTT full "
            "extract (csv)."
        ),
    ] = None,
    organisation: Annotated[
        str | None,
        typer.Option(help="Code whose published lines to show, such as QJK for Devon; England if left out."),
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--adults-too", help="Show published lines of adult services as well.")
    ] = False,
    service: Annotated[
        str | None, typer.Option(help="Plan one service only, such as nr5-speech-and-language-therapy.")
    ] = None,
    more_slots: Annotated[
        float, typer.Option("--more-slots", help="First contacts a week to try; below 0 is fewer.")
    ] = 2,
    more_demand: Annotated[
        float, typer.Option("--more-demand", help="Per cent of referrals to try; below 0 is fewer.")
    ] = 10,
    small_numbers: Annotated[
        str, typer.Option("--small-numbers", help="The rule: nhs-england-sub-national or below-five.")
    ] = "nhs-england-sub-national",
    html: Annotated[
        Path | None, typer.Option(help="Write the report as one page: charts, and each as a table.")
    ] = None,
    parquet: Annotated[Path | None, typer.Option(help="Write the table as a Parquet file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say of each service: how many wait, whether the list grows, and what slots or demand would make of it.

    Counts come under the small-number rule, in every form. What was published is shown as it was published.
    """
    from risk_model.demand import plan, report
    from risk_model.demand.forecast import scenarios
    from risk_model.disclosure import RULES

    if worklists is None and published is None:
        raise UserError("Nothing was named. Expected a folder of worklists, or --published FILE, or both.")
    if small_numbers not in RULES:
        raise UserError(f"There is no rule {small_numbers}. Expected one of: {', '.join(RULES)}.")
    if more_demand < -100:
        raise UserError("Demand cannot fall by more than 100 per cent. Give --more-demand -100 or more.")
    rule = RULES[small_numbers]
    run = None if worklists is None else _run(worklists)
    plans = [] if run is None else plan.of_run(run, scenarios(more_slots, more_demand), rule, service)
    if run is not None and not plans:
        raise UserError(f"{run.run} has no service {service}. Expected a service_id as its table shows.")
    rows, of_file, source = plan.rows(plans), None, ""
    if published is not None:
        of_file, source = _published(published, organisation, everybody=everybody)
    if parquet is not None:
        (of_file if run is None and of_file is not None else pl.DataFrame(rows)).write_parquet(parquet)
    if html is not None:
        name = "" if run is None else run.run
        shown = None if of_file is None else of_file.drop("is_submitted", strict=False)
        html.write_text(
            report.report_page(plans, run=name, rule=rule, published=shown, source=source), encoding="utf-8"
        )
    if as_json:
        terminal.show_json(
            {
                "run": None if run is None else run.run,
                "small_numbers": rule.id,
                "services": rows,
                "published": None if of_file is None else {"source": source, "lines": of_file.to_dicts()},
            }
        )
        return
    if plans:
        _say_plans(plans, rule.words)
    if of_file is not None:
        _say_published(of_file, source)
    for path in (html, parquet):
        if path is not None:
            terminal.say(f"Written: {path}.")


def _run(folder: Path) -> Worklist:
    from risk_model import worklist

    is_run = (folder / worklist.PROVENANCE).is_file()
    run = worklist.load(folder if is_run else worklist.newest(folder))
    findings = worklist.check_seal(run.folder)
    if findings:
        raise UserError(
            f"The worklist {run.run} is not as its run wrote it: {findings[0]} Make it again with "
            "`risk-model prioritise`."
        )
    return run


def _published(file: Path, organisation: str | None, *, everybody: bool) -> tuple[pl.DataFrame, str]:
    """An organisation's published lines, and in words where they come from."""
    from risk_model.demand import bands, published

    if not file.is_file():
        raise UserError(f"There is no file {file}. Expected a published workbook (xlsx) or extract (csv).")
    if file.suffix.lower() == ".csv":
        table = published.rtt_waits(file)
        chosen = table if organisation is None else table.filter(provider_code=organisation.upper())
        _check_found(chosen, table["provider_code"], organisation, file)
        month: date = chosen["month"][0]
        lines = chosen.select("treatment_function", "provider_code", *published.RTT_FIGURES)
        return _rounded(lines), f"Referral to treatment, {month:%B %Y}, {file.name}"
    table = published.community_waits(file)
    code = "" if organisation is None else organisation.upper()
    chosen = table.filter(org_code=code)
    _check_found(chosen, table["org_code"], organisation, file)
    if not everybody:
        chosen = chosen.filter(pl.col("service").str.starts_with(published.CHILDREN))
    month = chosen["month"][0]
    named = f"{chosen['org_name'][0].title()}, {chosen['org_type'][0]}"
    lines = bands.summaries(chosen).select("service", *bands.SUMMARY)
    return _rounded(lines), f"Community health services, {month:%B %Y}, {named}, {file.name}"


def _check_found(chosen: pl.DataFrame, codes: pl.Series, organisation: str | None, file: Path) -> None:
    if chosen.is_empty():
        raise UserError(
            f"{file.name} has no organisation {organisation}. Expected one of its {codes.n_unique()} codes, such as "
            f"{codes.drop_nulls().filter(codes.drop_nulls() != '')[0]}."
        )


def _rounded(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.with_columns(pl.col(pl.Float64).round(1))


def _say_plans(plans: list[Plan], rule_words: str) -> None:
    from risk_model.demand.report import day_in_words, number_in_words, season_in_words

    lists = [
        {
            "service": each.figures.service_name,
            "provider": each.figures.provider_code,
            "waiting": each.figures.waiting_shown,
            "referred a week": each.figures.referred,
            "first seen a week": each.figures.seen,
            "the list is": each.figures.list_is,
            "may wait": number_in_words(each.figures.target_queue_size),
            "a week, to be there in a year": each.figures.relief_shown,
            "by tier 0, 1, 2": ", ".join(each.figures.tiers),
            "median weeks": ", ".join(each.figures.median_weeks),
        }
        for each in plans
    ]
    terminal.show_table(pl.DataFrame(lists), "Demand and capacity")
    ahead: list[dict[str, Any]] = [
        {
            "service": each.figures.service_name,
            "provider": each.figures.provider_code,
            "if": outlook.scenario.name,
            "list in 12 months, 9 in 10": outlook.range_in_words,
            "middle": number_in_words(outlook.fan["middle"][-1]),
            "on target": day_in_words(outlook.on_target),
            "referrals": season_in_words(each.season),
        }
        for each in plans
        for outlook in each.outlooks
    ]
    if ahead:
        terminal.show_table(pl.DataFrame(ahead), "The next twelve months")
        terminal.say(
            "The forecast counts children who leave unseen; “on target” counts first contacts alone."
        )
    terminal.say(rule_words)


def _say_published(lines: pl.DataFrame, source: str) -> None:
    from risk_model.demand.report import NOT_SUBMITTED

    shown = lines.drop("is_submitted", strict=False)
    words = [
        pl.col(name).cast(pl.String).fill_null(NOT_SUBMITTED if name == "total" else "")
        for name in shown.columns
    ]
    terminal.show_table(shown.select(words), source)
