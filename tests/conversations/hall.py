"""What others do in the hall while the citizen chats: take numbers, open windows, call."""

from sqlalchemy import select

from backoffice.queue.calling import act, call_next, desk_of, sit_down
from backoffice.queue.states import TicketStep
from backoffice.queue.tickets import Holder, Wish, take_ticket
from backoffice.staff.models import Role, StaffUser
from backoffice.staff.services import create_user
from tests.conversations.script import InHall
from tests.conversations.stage import Stage
from worker.jobs import Jobs

_BUSINESS = "residence"


async def happen(stage: Stage, what: InHall, phone: str) -> str:
    """Let it happen, and everybody be told; returns it in a word.

    Args:
        phone: what somebody at the counter leaves.
    """
    if what.others is not None:
        for _ in range(what.others):
            await _take(stage, _BUSINESS, Holder())
        told = f"别人取了 {what.others} 个号"
    elif what.windows is not None:
        for number in range(1, what.windows + 1):
            await _open(stage, number)
        told = f"开了 {what.windows} 个窗口"
    elif what.calls is not None:
        told = "叫号 " + "、".join([await _call(stage) for _ in range(what.calls)])
    else:
        told = "柜台取号 " + await _take(stage, str(what.counter), Holder(phone=phone))
    await Jobs(stage.office).watch_queue()
    await stage.deliver()
    return told


async def _take(stage: Stage, business: str, holder: Holder) -> str:
    office = stage.office
    async with office.sessions.begin() as session:
        wish = Wish(business=business, channel="counter")
        ticket, _ = await take_ticket(session, office.queue, wish, holder, now=office.clock.now())
        return ticket.label


async def _open(stage: Stage, window: int) -> None:
    office = stage.office
    async with office.sessions.begin() as session:
        now = office.clock.now()
        staff = await create_user(
            session,
            username=f"window{window}-{now:%H%M%S%f}",
            display_name="陈同事",
            password="eight tall horses",
            role=Role.CLERK,
            departments=["*"],
            now=now,
        )
        await sit_down(session, office.queue, window=window, staff=staff, now=now)


async def _call(stage: Stage) -> str:
    """Whoever sits at a window and has nobody called goes on to the next."""
    office = stage.office
    async with office.sessions.begin() as session:
        now = office.clock.now()
        for staff in await session.scalars(select(StaffUser).where(StaffUser.role == Role.CLERK)):
            if await desk_of(session, office.queue, staff=staff, now=now) is None:
                continue
            ticket = await call_next(session, office.queue, staff=staff, now=now)
            assert ticket is not None, "没有人在等"
            await act(session, office.queue, ticket.id, TicketStep.START, staff=staff, now=now)
            return ticket.label
    raise AssertionError("没有开窗口")
