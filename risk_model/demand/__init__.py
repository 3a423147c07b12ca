"""Demand and capacity of the services: queue measures, lists in bands, forecasts and what more slots would do."""

from risk_model.demand.arguments import ArgumentRefusedError
from risk_model.demand.bands import (
    banded_percentile,
    banded_summary,
    list_after_step,
    redistribute_capacity,
)
from risk_model.demand.lists import list_stats, list_stats_by_service, queue_size_by_day, schedule_fifo
from risk_model.demand.measures import (
    WAIT_FACTOR,
    capacity_plan,
    demand_projection,
    list_size_for_performance,
    pressure,
    queue_load,
    queue_ratio,
    relief_capacity,
    target_capacity,
    target_mean_wait,
    target_queue_size,
    weekly_growth_budget,
)
from risk_model.demand.queueing import mm1_policy_mean_wait

__all__ = [
    "WAIT_FACTOR",
    "ArgumentRefusedError",
    "banded_percentile",
    "banded_summary",
    "capacity_plan",
    "demand_projection",
    "list_after_step",
    "list_size_for_performance",
    "list_stats",
    "list_stats_by_service",
    "mm1_policy_mean_wait",
    "pressure",
    "queue_load",
    "queue_ratio",
    "queue_size_by_day",
    "redistribute_capacity",
    "relief_capacity",
    "schedule_fifo",
    "target_capacity",
    "target_mean_wait",
    "target_queue_size",
    "weekly_growth_budget",
]
