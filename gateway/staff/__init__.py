"""Staff: pages and JSON interface. `blueprints()` is all that the application needs."""

from sanic import Blueprint

from gateway.staff.api import api
from gateway.staff.audit_pages import audit_pages
from gateway.staff.copying import copying
from gateway.staff.delegation import delegation_pages
from gateway.staff.factor import factor_pages
from gateway.staff.pages import pages
from gateway.staff.queue_api import queue_api
from gateway.staff.queue_pages import queue_pages
from gateway.staff.system import system
from gateway.staff.window_pages import window_pages


def blueprints() -> list[Blueprint]:
    """Everything under `/staff` and `/api/v1/staff`."""
    return [
        pages, delegation_pages, factor_pages, queue_pages, window_pages, system,
        audit_pages, copying, api, queue_api,
    ]  # fmt: skip
