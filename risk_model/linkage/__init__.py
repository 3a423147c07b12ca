"""Who is who across NHS number, UPN and council id: one pseudonymous `person_id`, and how sure each link is.

Health knows the NHS number, education the UPN, social care a number of its own, often the UPN and sometimes the NHS
number. Exact numbers join first, where birth date and given name do not contradict them; then Splink weighs what is
left, and only clear cases are joined. What is nearly clear waits for a steward, whose decision the next run obeys.
A child who cannot be linked is "not known" to a partner, never "no need".
"""

from risk_model.linkage import decisions, vault
from risk_model.linkage.joining import learn, link
from risk_model.linkage.people import People
from risk_model.linkage.probable import LinkWeights, digest, written
from risk_model.linkage.register import Register, keep_register, new_register, open_register
from risk_model.linkage.vault import keep

__all__ = [
    "LinkWeights",
    "People",
    "Register",
    "decisions",
    "digest",
    "keep",
    "keep_register",
    "learn",
    "link",
    "new_register",
    "open_register",
    "vault",
    "written",
]
