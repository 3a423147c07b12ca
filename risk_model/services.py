"""The services children wait for: their names and codes.

Codes: CSDS "service or team type referred to (community care)", ETOS 1.6.10, two digits; MHSDS "service or team type
(mental health)", a letter and two digits. So one code never means two kinds of team.
"""

import re

import polars as pl

COMMUNITY_NAMES = {
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
MENTAL_HEALTH_NOT_RECORDED = "MH"
"""Ours: a mental health team whose kind was never sent; no code of either data set looks like it."""

MENTAL_HEALTH_NAMES = {
    "A18": "Mental health single point of access",
    "C01": "Autism service",
    "C04": "Neurodevelopment service",
    "C05": "Paediatric liaison",
    "C06": "Mental health of looked-after children",
    "C07": "Mental health in youth justice",
    "C10": "Community eating disorder service",
    "D06": "Mental health in education",
    "E01": "Community learning disability service",
    "E03": "Specialist parenting service",
    "F01": "Mental health support team at school",
    MENTAL_HEALTH_NOT_RECORDED: "Mental health service, kind not recorded",
}
SERVICE_NAMES = COMMUNITY_NAMES | MENTAL_HEALTH_NAMES
OTHER_SERVICE = "Other community service"
OTHER_MENTAL_HEALTH_SERVICE = "Other mental health service"

OPEN_BY_DESIGN = ("16", "32")
"""Health visiting and school nursing keep referrals open for years; they are not waits."""

URGENT_CARE = "49"
"""Urgent care is given on the day; a referral to it is an event, not a wait."""

NOT_WAITS = (*OPEN_BY_DESIGN, URGENT_CARE)
"""Team types whose referrals are no waits."""


def service_name(team_type_code: pl.Expr) -> pl.Expr:
    """Return the plain name of a team type.

    >>> pl.select(service_name(pl.Series(["33", "C01", "A02", "56"]))).to_series().to_list()
    ['Speech and language therapy', 'Autism service', 'Other mental health service', 'Other community service']
    """
    is_mental_health = team_type_code.str.contains("^[A-Z]")
    other = (
        pl.when(is_mental_health).then(pl.lit(OTHER_MENTAL_HEALTH_SERVICE)).otherwise(pl.lit(OTHER_SERVICE))
    )
    return team_type_code.replace_strict(SERVICE_NAMES, default=other, return_dtype=pl.String)


def service_id(provider_code: pl.Expr, team_type_code: pl.Expr) -> pl.Expr:
    """Return the address of one provider's service, such as `nr5-speech-and-language-therapy`."""
    slugs = {code: re.sub(r"[^a-z]+", "-", name.lower()).strip("-") for code, name in SERVICE_NAMES.items()}
    slug = team_type_code.replace_strict(
        slugs,
        default="service-" + team_type_code.str.to_lowercase().fill_null("not-recorded"),
        return_dtype=pl.String,
    )
    return provider_code.str.to_lowercase() + "-" + slug
