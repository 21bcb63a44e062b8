"""Registers behind a province's data-sharing gateway (政务数据共享平台), see `signed_http`.

Question: `POST {base}/registers/{register}/{question}` (both with - for _) with
`{"idNumber", "on": "YYYY-MM-DD", "months"?, "withinMonths"?, "facts"?: {name: text}}`.
Answer: `{"code": "0", "data": {"result": "yes"|"no"|"unknown", "asOf": ISO 8601}}`. Code `404` means
that the register does not know the person: UNKNOWN, since "not in our copy" is no certain no.
"""

from datetime import datetime
from typing import Any

from integrations.ports import Answer, Question, RegisterAnswer, Rejected
from integrations.registers.people import is_id_number
from integrations.signed_http import SignedHttp

SOURCE = "省政务数据共享平台"


class HttpRegisters:
    """The `Registers` port: signed questions to the gateway."""

    def __init__(self, gateway: SignedHttp) -> None:
        self._gateway = gateway

    async def ask(self, question: Question) -> RegisterAnswer:
        """See `Registers.ask`."""
        if not is_id_number(question.id_no):
            raise Rejected("registers: not an identity number")
        way = f"/registers/{question.register}/{question.name}".replace("_", "-")
        data = await self._gateway.ask(way, _wire(question))
        source = f"{SOURCE}·{question.register}"
        if data is None:
            return RegisterAnswer(Answer.UNKNOWN, source, None)
        try:
            result = Answer(data["result"])
            as_of = datetime.fromisoformat(data["asOf"]) if result is not Answer.UNKNOWN else None
            if as_of is not None and as_of.tzinfo is None:
                raise ValueError("a moment without a time zone")
        except (ValueError, KeyError, TypeError):
            raise self._gateway.senseless() from None
        return RegisterAnswer(result, source, as_of)


def _wire(question: Question) -> dict[str, Any]:
    given = {
        "idNumber": question.id_no,
        "on": question.on.isoformat(),
        "months": question.months,
        "withinMonths": question.within_months,
        "facts": dict(question.facts) or None,
    }
    return {key: value for key, value in given.items() if value is not None}
