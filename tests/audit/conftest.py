"""The audit trail's tables are made for these tests."""

import backoffice.audit  # noqa: F401
