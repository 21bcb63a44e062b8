"""The police of the demonstration: they know the people of `data/demo/people.yml` and nobody else.

They do not look at the photo: what they would find is written with each person (`police`).
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from integrations.faults import Faults
from integrations.police.question import check_question
from integrations.ports import Answer, PoliceAnswer
from integrations.registers.people import DemoPerson


class SandboxPolice:
    """The `PoliceCheck` port over the invented people."""

    def __init__(
        self,
        people: Mapping[str, DemoPerson],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.faults = Faults()
        self._people = people
        self._now = now
        self._answers: dict[str, PoliceAnswer] = {}

    async def verify(
        self, *, name: str, id_no: str, photo: bytes | None = None, key: str
    ) -> PoliceAnswer:
        """See `PoliceCheck.verify`."""
        check_question(name, id_no, photo)
        self.faults.strike()
        if key not in self._answers:
            self._answers[key] = self._answer(name, id_no, photo, key)
        return self._answers[key]

    def _answer(self, name: str, id_no: str, photo: bytes | None, key: str) -> PoliceAnswer:
        person = self._people.get(id_no)
        if person is None:
            return PoliceAnswer(Answer.UNKNOWN, None, "", self._now())
        found, score = Answer.YES, None
        if person.police.unknown:
            found = Answer.UNKNOWN
        elif person.name != name:
            found = Answer.NO
        elif photo is not None:
            score = person.police.photo_score
            found = Answer.YES if score >= person.police.alike_from else Answer.NO
        reference = f"sandbox-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        return PoliceAnswer(found, score, reference, self._now())
