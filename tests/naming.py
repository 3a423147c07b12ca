"""A register that knows nobody yet, for tests that look at who is linked and not at what the children are called."""

from risk_model.keys import Key, Purpose
from risk_model.linkage import new_register

REGISTER = new_register(Key(Purpose.DIRECT_CARE, b"a key for tests"))
