"""Taking an answer into the draft, with everything that hangs on it."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.draft import Draft
from backoffice.applications.models import CheckRow
from backoffice.applications.services import forget_answer, record_answer
from backoffice.dialogue.talk import Talk

_REGISTERS_DEPEND_ON = frozenset({"id_no", "hukou_address"})
_REMEMBERED_FIELDS = 6


async def take_answer(talk: Talk, draft: Draft, field: str, value: Any, *, source: str) -> bool:
    """Store one answer; returns whether it changed an earlier one.

    A changed answer makes reading back and signature void: what is signed is what was read.
    """
    turn_id = talk.turn.turn_id
    return await keep_answer(
        talk.session, draft, field, value, source=source, turn_id=turn_id, now=talk.now
    )


async def keep_answer(
    session: AsyncSession,
    draft: Draft,
    field: str,
    value: Any,
    *,
    source: str,
    turn_id: str | None,
    now: datetime,
) -> bool:
    """As `take_answer`, also outside a conversation: `turn_id` is None then."""
    before = draft.answers.get(field)
    if before == value:
        _settle(draft, field)
        return False
    await record_answer(
        session, draft, field=field, value=value, source=source, turn_id=turn_id, now=now
    )
    _settle(draft, field)
    changed = before is not None
    definition = draft.item.field(field)
    if definition is None or definition.type != "signature":
        draft.remember(reviewed=None, review_shown=None)
        await _void_signature(session, draft)
    if field in _REGISTERS_DEPEND_ON:
        await session.execute(
            delete(CheckRow).where(CheckRow.application_id == draft.application.id)
        )
        draft.checks.clear()
        draft.remember(go_on_checked=None, checks_told=None)
    if changed and definition is not None and definition.type == "choice":
        draft.remember(go_on=None)
    return changed


async def _void_signature(session: AsyncSession, draft: Draft) -> None:
    for field in draft.item.fields:
        if field.type == "signature" and field.slug in draft.answers:
            await forget_answer(session, draft, field.slug)


def _settle(draft: Draft, field: str) -> None:
    """The field is answered: no longer reopened, skipped, or counted as failed."""
    progress = draft.progress
    attempts = {k: v for k, v in progress.get("attempts", {}).items() if k != field}
    recent = [one for one in progress.get("recent", []) if one != field]
    corrected = list(progress.get("corrected", []))
    if draft.supplementing and field not in corrected:
        corrected.append(field)
    draft.remember(
        attempts=attempts or None,
        partial={k: v for k, v in progress.get("partial", {}).items() if k != field} or None,
        recent=[*recent, field][-_REMEMBERED_FIELDS:],
        reopened=[one for one in progress.get("reopened", []) if one != field] or None,
        skipped=[one for one in progress.get("skipped", []) if one != field] or None,
        corrected=corrected or None,
    )


def settle_material(draft: Draft, material: str) -> None:
    """The paper is handed in or promised: what was read back and signed was without it."""
    draft.remember(reviewed=None, review_shown=None)
    _settle(draft, material)


def count_failure(draft: Draft, key: str) -> int:
    """One more answer that could not be taken; returns how many in a row."""
    attempts = dict(draft.progress.get("attempts", {}))
    attempts[key] = attempts.get(key, 0) + 1
    draft.remember(attempts=attempts)
    return int(attempts[key])


def reopen(draft: Draft, key: str) -> None:
    """Ask for this field or paper again; the old answer stays until a new one is given."""
    others = [one for one in draft.progress.get("reopened", []) if one != key]
    draft.remember(reopened=[key, *others], reviewed=None)


def skip(draft: Draft, field: str) -> None:
    """Leave an optional field empty."""
    draft.remember(
        skipped=[*draft.progress.get("skipped", []), field],
        reopened=[one for one in draft.progress.get("reopened", []) if one != field] or None,
    )
