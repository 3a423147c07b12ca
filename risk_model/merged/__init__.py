"""Returns that tell of the same thing, as one table: whoever asks who waits need not know which return said so.

CSDS and MHSDS both hold referrals; the children in need census, SSDA903, safeguarding dataset and Annex A all hold what
a council's social care did. `table` maps them onto the columns of the first of them; where only one was sent, its rows
come back as they are.
"""

from risk_model.merged.definition import Frames
from risk_model.merged.health import CSDS, MHSDS, keyed
from risk_model.merged.tables import contract_tables, table

__all__ = ["CSDS", "MHSDS", "Frames", "contract_tables", "keyed", "table"]
