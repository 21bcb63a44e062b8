"""The police's gateway, see `signed_http`.

Question: `POST {base}/persons/verify` with `{"name", "idNumber", "photo"?: base64}`.
Answer: `{"code": "0", "data": {"result": "yes"|"no"|"unknown", "photoScore": 0 to 1 or null,
"reference": text, "at": ISO 8601 with a time zone}}`. Code `404` means that they do not know the
number: UNKNOWN.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.police.question import check_question
from integrations.ports import Answer, PoliceAnswer
from integrations.signed_http import SignedHttp

_LONGEST_REFERENCE = 64


class HttpPolice:
    """The `PoliceCheck` port: signed questions to the gateway."""

    def __init__(
        self, gateway: SignedHttp, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._gateway = gateway
        self._now = now

    async def verify(
        self, *, name: str, id_no: str, photo: bytes | None = None, key: str
    ) -> PoliceAnswer:
        """See `PoliceCheck.verify`."""
        check_question(name, id_no, photo)
        question = {"name": name, "idNumber": id_no}
        if photo is not None:
            question["photo"] = base64.b64encode(photo).decode()
        data = await self._gateway.ask("/persons/verify", question, key=key)
        if data is None:
            return PoliceAnswer(Answer.UNKNOWN, None, "", self._now())
        try:
            return _answer(data, with_photo=photo is not None)
        except (ValueError, KeyError, TypeError):
            raise self._gateway.senseless() from None


def _answer(data: Mapping[str, Any], *, with_photo: bool) -> PoliceAnswer:
    match, score, reference = Answer(data["result"]), data.get("photoScore"), data["reference"]
    at = datetime.fromisoformat(data["at"])
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    if not isinstance(reference, str) or not 0 < len(reference) <= _LONGEST_REFERENCE:
        raise ValueError("no reference")
    if score is not None and (type(score) not in (int, float) or not 0.0 <= score <= 1.0):
        raise ValueError("a score out of its range")
    if with_photo and match is Answer.YES and score is None:
        raise ValueError("a yes about a photo that was not looked at")
    return PoliceAnswer(match, float(score) if score is not None else None, reference, at)
