"""Which pictures a clerk may open: only those of a case that the clerk may see."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.decisions import case_of
from backoffice.applications.models import AnswerRow, Application, MaterialRow
from backoffice.audit.services import record
from backoffice.errors import NotFound
from backoffice.identity.proofs import proofs_of
from backoffice.representation.services import records_of
from backoffice.staff.models import StaffUser
from backoffice.uploads.models import Upload
from catalogue.loader import Catalogue


async def picture_for_staff(
    session: AsyncSession,
    upload_id: str,
    *,
    case_id: str,
    staff: StaffUser,
    catalogue: Catalogue,
    now: datetime,
) -> Upload:
    """The upload, when it belongs to the case; the look is written to the audit trail.

    Raises:
        NotFound: no such upload or case, not of this case, or not this person's to see.
    """
    application = await case_of(session, id=case_id, staff=staff, catalogue=catalogue)
    upload = await session.get(Upload, upload_id)
    if upload is None or not await _belongs(session, application, upload):
        raise NotFound
    await record(
        session,
        actor=staff.actor,
        action="upload.viewed",
        subject=f"upload:{upload.id}",
        detail={"application": application.id, "kind": upload.kind},
        now=now,
    )
    return upload


async def _belongs(session: AsyncSession, application: Application, upload: Upload) -> bool:
    paper = await session.scalar(
        select(MaterialRow.id)
        .where(MaterialRow.application_id == application.id, MaterialRow.upload_id == upload.id)
        .limit(1)
    )
    if paper is not None:
        return True
    for row in await records_of(session, application.id):
        if upload.id in row.detail.get("papers", []):
            return True
    for proof in await proofs_of(session, application.id):
        if upload.id in (proof.upload_ids or []):
            return True
    answers = await session.scalars(
        select(AnswerRow).where(
            AnswerRow.application_id == application.id, AnswerRow.source == "upload"
        )
    )
    return any(upload.id in _ids(row.value) for row in answers)


def _ids(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
