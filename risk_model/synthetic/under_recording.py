"""Stage 10, what is never entered: fewer gaps for children whom services know, more in a group that is not heard."""

import numpy as np

from risk_model.synthetic.calibration import Calibration
from risk_model.synthetic.clock import EVENT_MONDAYS, EVENTS_START, Days, Floats, Ints
from risk_model.synthetic.identification import NO_SEN
from risk_model.synthetic.world import World


def missed_shares(calibration: Calibration, world: World, kind: str, who: Ints, days: Days) -> Floats:
    """The chance that each true event (of a child on a day) is never recorded.

    `kind` names an entry of `record.label_missed`. Children with SEN or in touch with social care on the day are
    watched more closely: their events are missed less often (`record.surveillance`).
    """
    children = world.children
    missed = calibration.numbers("record.label_missed")[kind]
    weeks = ((days - EVENTS_START) // np.timedelta64(7, "D")).clip(0, EVENT_MONDAYS.size - 1).astype(np.int64)
    is_known = (world.social_care.states[weeks, who] > 0) | (world.known.provision_on(days, who) > NO_SEN)
    share = np.where(is_known, missed / calibration.number("record.surveillance"), missed)
    in_group = calibration.numbers("record.missed_in_group")
    share = np.where(children.quintile[who] == 1, np.maximum(share, in_group["most_deprived"]), share)
    share = np.where(children.language[who] != "ENG", np.maximum(share, in_group["not_english"]), share)
    return np.asarray(share, dtype=np.float32)
