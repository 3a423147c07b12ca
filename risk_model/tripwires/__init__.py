"""What stops a model that two people promoted: looked at whenever a list is made, before a risk is estimated.

A tripped wire makes the list policy-only; why stands in its provenance and on every page.
"""

from risk_model.tripwires.wires import Looked, Wire, check, quarters_since

__all__ = ["Looked", "Wire", "check", "quarters_since"]
