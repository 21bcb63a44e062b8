"""The registers behind the province's data-sharing gateway, see `signed_http`.

Question: `POST {base}/relations/{register}` with `{"relation", "on": "YYYY-MM-DD",
"agent": {"name", "idNumber"}, "principal": {"name", "idNumber"}}`.
Answer: `{"code": "0", "data": {"result": "yes"|"no"|"unknown", "reference": text, "asOf": ISO 8601
with a time zone, or null}}`. Code `404` means that the register does not know one of them: UNKNOWN.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.ports import Answer, Named, RelationAnswer, RelationQuestion
from integrations.relations.question import check_question
from integrations.signed_http import SignedHttp

SOURCE = "省政务数据共享平台"
_LONGEST_REFERENCE = 64


class HttpRelations:
    """The `RelationRegisters` port: signed questions to the gateway."""

    def __init__(self, gateway: SignedHttp) -> None:
        self._gateway = gateway

    async def related(self, question: RelationQuestion, *, key: str) -> RelationAnswer:
        """See `RelationRegisters.related`."""
        check_question(question)
        asked = {
            "relation": question.relation,
            "on": question.on.isoformat(),
            "agent": _wire(question.agent),
            "principal": _wire(question.principal),
        }
        data = await self._gateway.ask(f"/relations/{question.register}", asked, key=key)
        source = f"{SOURCE}·{question.register}"
        if data is None:
            return RelationAnswer(Answer.UNKNOWN, source, "", None)
        try:
            return _answer(data, source)
        except (ValueError, KeyError, TypeError):
            raise self._gateway.senseless() from None


def _wire(person: Named) -> dict[str, str]:
    return {"name": person.name, "idNumber": person.id_no}


def _answer(data: Mapping[str, Any], source: str) -> RelationAnswer:
    result, reference = Answer(data["result"]), data["reference"]
    if not isinstance(reference, str) or len(reference) > _LONGEST_REFERENCE:
        raise ValueError("no reference")
    if result is Answer.YES and not reference:
        raise ValueError("a yes that could not be looked up again")
    as_of = datetime.fromisoformat(data["asOf"]) if data.get("asOf") is not None else None
    if as_of is not None and as_of.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return RelationAnswer(result, source, reference, as_of)
