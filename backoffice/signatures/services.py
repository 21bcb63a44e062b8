"""Signing what is shown, and finding out later whether it is still what was signed."""

import json
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow, Application, MaterialRow
from backoffice.audit.services import record
from backoffice.canonical import canonical
from backoffice.crypto import DecryptionFailed, keyed_hash
from backoffice.errors import CitizenError
from backoffice.identity.accounts import id_hash
from backoffice.identity.alarms import AlarmKind
from backoffice.logs import log
from backoffice.signatures.models import Signature
from backoffice.signatures.strokes import canonical as canonical_strokes
from backoffice.uploads.models import Upload

FORM_VERSION = "1"
"""Of `signed_content`; raise it when its form changes, and keep being able to read the old one."""
AT_WINDOW = "window"
_BY_CITIZEN = ("given", "bring")
"""Papers that the citizen handed in or promised; what a clerk saw later was not signed."""


class SignatureBroken(CitizenError):
    """What was signed is not what is there now, or the signature was tampered with."""

    code = "signature.broken"
    status = 409


class Standing(StrEnum):
    """What a signature is worth now.

    `stands`; `at_window`: to be given there; `changed`: something signed was changed afterwards;
    `broken`: the row or the picture is not what was kept; `missing`: there is none.
    """

    STANDS = "stands"
    AT_WINDOW = "at_window"
    CHANGED = "changed"
    BROKEN = "broken"
    MISSING = "missing"


GOOD = frozenset({Standing.STANDS, Standing.AT_WINDOW})


async def signed_content(session: AsyncSession, application: Application, field: str) -> str:
    """Everything that a signature stands for, in one canonical form.

    All answers (but signatures), the papers that the citizen handed in by their pictures' digests,
    and which item it is: independent of the catalogue, which may change after the signing.
    """
    id = application.id
    rows = await session.scalars(select(AnswerRow).where(AnswerRow.application_id == id))
    # All of the application: asking for those that an answer names would send answers in clear.
    columns = select(Upload.id, Upload.kind, Upload.digest).where(Upload.application_id == id)
    uploads = (await session.execute(columns)).all()
    signatures = {one.id for one in uploads if one.kind == "signature"}
    answers = {
        row.field: row.value
        for row in rows
        if row.field != field and not _is_signature(row.value, signatures)
    }
    papers = await session.scalars(
        select(MaterialRow)
        .where(MaterialRow.application_id == id, MaterialRow.state.in_(_BY_CITIZEN))
        .order_by(MaterialRow.id)
    )
    handed_in = [[one.material, one.state, one.upload_id] for one in papers]
    pictures = {one for _, _, one in handed_in if one}
    pictures |= {one for one in answers.values() if isinstance(one, str)}
    digests = {one.id: one.digest for one in uploads if one.id in pictures}
    content = {
        "form": FORM_VERSION,
        "application": id,
        "item": application.item_code,
        "item_version": application.item_version,
        "answers": answers,
        "papers": handed_in,
        "pictures": digests,
    }
    return canonical(content)


def _is_signature(value: Any, signatures: Set[str]) -> bool:
    """Whether an answer is another signature; a list of repeated entries never is."""
    return isinstance(value, str) and (value in signatures or value == AT_WINDOW)


async def sign(
    session: AsyncSession,
    application: Application,
    *,
    field: str,
    upload: Upload,
    shown: Sequence[tuple[str, str]],
    signer: str | None,
    for_other: bool,
    actor: str,
    now: datetime,
) -> Signature:
    """Bind a picture (and its strokes) to what the application says at this moment.

    Args:
        shown: the lines of the reading back, label and value, as they were shown.
        signer: the identity number of whoever signs, where it is known.
    """
    content = await signed_content(session, application, field)
    strokes = (upload.analysis or {}).get("strokes")
    row = Signature(
        application_id=application.id,
        field=field,
        upload_id=upload.id,
        signer_hash=id_hash(signer) if signer else None,
        for_other=for_other,
        form_version=FORM_VERSION,
        content_hash=_content_hash(content),
        picture_digest=upload.digest,
        document={"content": content, "shown": [list(line) for line in shown]},
        strokes=strokes,
        signed_at=now,
    )
    row.seal = _seal(row)
    session.add(row)
    await session.flush()
    await record(
        session,
        actor=actor,
        action="application.signed",
        subject=f"application:{application.id}",
        detail={
            "signature": row.id,
            "field": field,
            "content": row.content_hash,
            "form": FORM_VERSION,
            "strokes": strokes is not None,
            "for_other": for_other,
        },
        now=now,
    )
    return row


async def newest(session: AsyncSession, application_id: str, field: str) -> Signature | None:
    """The newest signature in a field."""
    rows = await session.scalars(
        select(Signature)
        .where(Signature.application_id == application_id, Signature.field == field)
        .order_by(Signature.seq.desc())
        .limit(1)
    )
    return rows.first()


async def standing(
    session: AsyncSession, application: Application, field: str, answer: object
) -> Standing:
    """What the signature in this field is worth now.

    Args:
        answer: what the form holds in the field: an upload's id, `window`, or nothing.
    """
    if answer == AT_WINDOW:
        return Standing.AT_WINDOW
    if not answer:
        return Standing.MISSING
    try:
        row = await newest(session, application.id, field)
    except DecryptionFailed:
        return Standing.BROKEN  # the encrypted columns were exchanged or cut
    if row is None:
        return Standing.MISSING
    upload = await session.get(Upload, row.upload_id)
    whole = (
        row.seal == _seal(row)
        and row.upload_id == answer
        and row.content_hash == _content_hash(str(row.document["content"]))
        and upload is not None
        and upload.digest == row.picture_digest
        and upload.kind == "signature"
        and upload.application_id == application.id
    )
    if not whole:
        log("signatures").error("signature.broken", application_id=application.id)
        return Standing.BROKEN
    content = await signed_content(session, application, field)
    same = _content_hash(content) == row.content_hash
    return Standing.STANDS if same else Standing.CHANGED


async def standings(
    session: AsyncSession,
    application: Application,
    answers: Mapping[str, Any],
    fields: Sequence[str],
) -> dict[str, Standing]:
    """What each signature field that has an answer is worth now."""
    return {
        field: await standing(session, application, field, answers[field])
        for field in fields
        if answers.get(field)
    }


async def require_standing(
    session: AsyncSession, application: Application, fields: Sequence[str]
) -> None:
    """Before an approval: every signature given is whole and under what is there now.

    Raises:
        SignatureBroken: something signed was changed, or the signature was tampered with.
    """
    for field in fields:
        row = await session.get(AnswerRow, (application.id, field))
        if row is None or not row.value:
            continue  # lacking altogether: shown to the clerk like any other missing answer
        found = await standing(session, application, field, row.value)
        if found not in GOOD:
            broken = SignatureBroken()
            broken.alarm = AlarmKind.SIGNATURE_BROKEN if found == Standing.BROKEN else None
            raise broken


def _content_hash(content: str) -> str:
    # Keyed: what is signed are few and guessable values.
    return keyed_hash("signatures.content", content)


def _seal(row: Signature) -> str:
    parts = [
        row.application_id, row.field, row.upload_id, row.signer_hash, row.for_other,
        row.form_version, row.content_hash, row.picture_digest,
        row.signed_at.astimezone(UTC).isoformat(),
        canonical_strokes(row.strokes),
        canonical(row.document),
    ]  # fmt: skip
    return keyed_hash("signatures.seal", json.dumps(parts, ensure_ascii=False))
