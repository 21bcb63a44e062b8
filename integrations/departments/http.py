"""Departments' systems behind a gateway, see `signed_http`.

`POST {base}/departments/{system}/cases` with `{"number", "item", "fields": [{"name", "label",
"value"}]}` → `{"reference"}`; `…/cases/{reference}/papers` with `{"id", "title", "mime", "sha256",
"content": base64}` → `{"received": true}`; `…/cases/{reference}/status` with `{}` → `{"state":
"received"|"accepted"|"correction"|"approved"|"refused", "asOf": ISO 8601, "reason"?}`. Code `404`:
they know no such case. Handing over again with the same number or page changes nothing twice.
"""

import base64
import hashlib
import re
from datetime import datetime

from integrations.ports import DeptCase, DeptPaper, DeptState, DeptStatus, Rejected
from integrations.signed_http import SignedHttp

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_LONGEST_REASON = 2000


class HttpDeptCases:
    """The `DeptCases` port: signed messages to the departments' gateway."""

    def __init__(self, gateway: SignedHttp) -> None:
        self._gateway = gateway

    async def submit(self, system: str, case: DeptCase, *, key: str) -> str:
        """See `DeptCases.submit`."""
        given = {
            "number": case.number,
            "item": case.item,
            "fields": [
                {"name": one.name, "label": one.label, "value": one.value} for one in case.fields
            ],
        }
        data = await self._gateway.ask(f"/departments/{_part(system)}/cases", given, key=key)
        reference = data.get("reference") if data is not None else None
        if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
            raise self._gateway.senseless()
        return reference

    async def hand_paper(self, system: str, reference: str, paper: DeptPaper, *, key: str) -> None:
        """See `DeptCases.hand_paper`."""
        given = {
            "id": paper.id,
            "title": paper.title,
            "mime": paper.mime,
            "sha256": hashlib.sha256(paper.content).hexdigest(),
            "content": base64.b64encode(paper.content).decode("ascii"),
        }
        data = await self._gateway.ask(f"{_way(system, reference)}/papers", given, key=key)
        if data is None:
            raise Rejected("departments: an unknown reference")
        if data.get("received") is not True:
            raise self._gateway.senseless()

    async def status(self, system: str, reference: str) -> DeptStatus | None:
        """See `DeptCases.status`."""
        data = await self._gateway.ask(f"{_way(system, reference)}/status", {})
        if data is None:
            return None
        try:
            state, as_of = DeptState(data["state"]), datetime.fromisoformat(data["asOf"])
            reason = data.get("reason")
            if as_of.tzinfo is None or not isinstance(reason, str | None):
                raise ValueError("a moment without a time zone, or a reason that is no text")
        except (ValueError, KeyError, TypeError):
            raise self._gateway.senseless() from None
        return DeptStatus(state, as_of, reason[:_LONGEST_REASON] if reason else None)


def _way(system: str, reference: str) -> str:
    return f"/departments/{_part(system)}/cases/{_part(reference)}"


def _part(given: str) -> str:
    if not _REFERENCE.fullmatch(given):
        raise Rejected("departments: not a reference")
    return given
