"""The services children wait for: their names, codes and the area of need each one treats.

Codes: CSDS "service or team type referred to (community care)", ETOS 1.6.10.
"""

import re

import polars as pl

SERVICE_NAMES = {
    "06": "Community paediatrics",
    "07": "Continence",
    "09": "Counselling",
    "17": "Hearing",
    "23": "Occupational therapy",
    "24": "Orthoptics",
    "26": "Physiotherapy",
    "33": "Speech and language therapy",
    "34": "Vulnerable children's service",
    "37": "Clinical psychology",
    "38": "Children's community nursing",
    "50": "Wheelchair service",
    "55": "Children's weight management",
    "58": "Nutrition and dietetics",
}
OTHER_SERVICE = "Other community service"

OPEN_BY_DESIGN = ("16", "32")
"""Health visiting and school nursing keep referrals open for years; they are not waits."""

URGENT_CARE = "49"
"""Urgent care is given on the day; a referral to it is an event, not a wait."""


def service_name(team_type_code: pl.Expr) -> pl.Expr:
    """Return the plain name of a team type."""
    return team_type_code.replace_strict(SERVICE_NAMES, default=OTHER_SERVICE, return_dtype=pl.String)


def service_id(provider_code: pl.Expr, team_type_code: pl.Expr) -> pl.Expr:
    """Return the address of one provider's service, such as `nr5-speech-and-language-therapy`."""
    slugs = {code: re.sub(r"[^a-z]+", "-", name.lower()).strip("-") for code, name in SERVICE_NAMES.items()}
    slug = team_type_code.replace_strict(
        slugs, default="service-" + team_type_code.fill_null("not-recorded"), return_dtype=pl.String
    )
    return provider_code.str.to_lowercase() + "-" + slug
