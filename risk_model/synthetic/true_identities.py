"""Who is who in truth: the key to every number under which a child stands in the extracts."""

import numpy as np
import polars as pl

from risk_model.synthetic.clock import INDEX_DAY, Booleans
from risk_model.synthetic.lives import value_on
from risk_model.synthetic.population import Children
from risk_model.synthetic.recording import Records
from risk_model.synthetic.world import World


def identities(world: World, records: Records) -> pl.DataFrame:
    """A row per child: every number it has anywhere on the index date and had before, and what kind of child it is."""
    children, life = world.children, records.lives
    numbers = value_on(life.numbers, INDEX_DAY)["nhs_number"]
    is_changed = numbers.to_numpy().astype(np.str_) != children.nhs_number
    local = pl.concat(
        pl.DataFrame({"child": known.child, "local_patient_ids": known.local_id})
        for known in records.health.values()
    )
    ids = local.group_by("child", maintain_order=True).agg("local_patient_ids").sort("child")
    return pl.DataFrame(
        {
            "child_id": children.child_id,
            "nhs_number": numbers,
            "upn": children.upn,
            "la_child_id": records.social_care.local_id,
            "born_on": children.born,
            "household": children.household,
            "la_code": np.full(children.count, str(world.council.code)),
            "local_patient_ids": ids["local_patient_ids"],
            "is_looked_after_ever": life.ever_in_care,
            "is_adopted": ~np.isnat(life.adopted_on),
            "speaks_english": children.language == "ENG",
            "quintile": children.quintile,
            "moved": life.moved_home,
            "is_twin": _is_twin(children),
            "former_nhs_number": children.nhs_number,
        }
    ).with_columns(former_nhs_number=pl.when(pl.Series(is_changed)).then("former_nhs_number"))


def _is_twin(children: Children) -> Booleans:
    """Born on the same day in the same home."""
    same = (children.household[1:] == children.household[:-1]) & (children.born[1:] == children.born[:-1])
    return np.asarray(np.append(False, same) | np.append(same, False))
