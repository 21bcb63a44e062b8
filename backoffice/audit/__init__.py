"""Audit trail: who did what to which case. Append-only, hash-chained, pseudonymous ids only.

It answers questions years later, so it names staff and cases by id and holds no personal data.
"""

from backoffice.audit.models import AuditEntry, AuditHead
from backoffice.audit.services import Break, record, verify

__all__ = ["AuditEntry", "AuditHead", "Break", "record", "verify"]
