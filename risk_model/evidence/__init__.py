"""What the service must answer to, as data, and the documents that one run makes of it."""

from risk_model.evidence.documents import write_pack

__all__ = ["write_pack"]
