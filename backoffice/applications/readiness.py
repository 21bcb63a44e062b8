"""What stands before every approval, whoever gives it: the right to act, and the signatures."""

from sqlalchemy.ext.asyncio import AsyncSession

from backoffice.applications.models import AnswerRow, Application
from backoffice.representation.services import require_settled
from backoffice.signatures.services import require_standing
from catalogue.schema import ServiceItem


async def require_ready(session: AsyncSession, application: Application, item: ServiceItem) -> None:
    """Let nothing be approved that is not the person's own will.

    Raises:
        RelationUnsettled: nobody made sure that who acts may act.
        SignatureBroken: something was changed after it was signed.
    """
    await _require_authority(session, application, item)
    signed = [one.slug for one in item.fields if one.type == "signature"]
    await require_standing(session, application, signed)


async def _require_authority(
    session: AsyncSession, application: Application, item: ServiceItem
) -> None:
    """Who acted for another may do so: proved by a register, an earlier proof or a clerk."""
    filed_by = await session.get(AnswerRow, (application.id, "filed_by"))
    acting = item.applicants.acting
    for_other = filed_by is not None and filed_by.value == "proxy"
    if acting is not None and acting.person_proves:
        return  # the person has proved to be that person; the other only typed
    await require_settled(session, application.id, for_other=for_other)
