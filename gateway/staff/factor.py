"""Pages on which a head enrols the second factor, and how a signer shows both."""

import asyncio
import io

import segno
from markupsafe import Markup
from sanic import Blueprint, HTTPResponse, Request

from backoffice.errors import CitizenError
from backoffice.messages import text
from backoffice.staff.factors import begin_enrolment, codes_left, confirm_enrolment, has_factor
from backoffice.staff.models import Role
from backoffice.staff.services import attempt_succeeds, count_attempt
from backoffice.staff.tries import forget_tries
from gateway.staff.guard import WALL, staff_only
from gateway.staff.rendering import render

factor_pages = Blueprint("staff_factor", url_prefix="/staff/factor")

_QR_SCALE = 5


class PasswordWrong(CitizenError):
    """Typed again before signing or enrolling: wrong, or too many wrong ones from this address."""

    code = "factor.password_wrong"


@factor_pages.get("/", name="factor", strict_slashes=False)
@staff_only(Role.HEAD)
async def page(request: Request) -> HTTPResponse:
    return await _page(request)


@factor_pages.post("/begin", name="begin_factor")
@staff_only(Role.HEAD)
async def begin(request: Request) -> HTTPResponse:
    """The password again, then the QR code for the app; it is shown once."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    try:
        origin = await password_again(request)
        async with office.sessions.begin() as session:
            address = await begin_enrolment(session, staff, now=WALL.now())
            await forget_tries(session, staff.id, origin=origin)
    except CitizenError as exc:
        return await _page(request, problem=exc)
    return await _page(request, address=address)


@factor_pages.post("/confirm", name="confirm_factor")
@staff_only(Role.HEAD)
async def confirm(request: Request) -> HTTPResponse:
    """The first code of the app; answers with the recovery codes, shown once."""
    office, staff = request.app.ctx.office, request.ctx.staff.user
    code = (request.form or {}).get("code", "")[:20]
    try:
        async with office.sessions.begin() as session:
            codes = await confirm_enrolment(session, staff, code, now=WALL.now())
    except CitizenError as exc:
        return await _page(request, problem=exc)
    return await _page(request, codes=codes)


async def password_again(request: Request) -> str:
    """Whoever signs types the password again; wrong ones count as at the log-in.

    Returns:
        The keyed address, whose count the caller forgets when everything else was right as well.

    Raises:
        PasswordWrong: wrong, or this address must wait.
    """
    office, staff = request.app.ctx.office, request.ctx.staff.user
    password, now = (request.form or {}).get("password", "")[:200], WALL.now()
    address = request.remote_addr or request.ip
    async with office.sessions.begin() as session:
        attempt = await count_attempt(session, username=staff.username, address=address, now=now)
    if not await asyncio.to_thread(attempt_succeeds, attempt, password):
        raise PasswordWrong
    return attempt.origin


async def _page(
    request: Request,
    *,
    problem: CitizenError | None = None,
    address: str | None = None,
    codes: list[str] | None = None,
) -> HTTPResponse:
    staff = request.ctx.staff.user
    async with request.app.ctx.office.sessions.read() as session:
        enrolled = await has_factor(session, staff.id)
        left = await codes_left(session, staff.id)
    return render(
        request,
        "factor.html",
        status=problem.status if problem else 200,
        enrolled=enrolled,
        left=left,
        picture=_picture(address) if address else None,
        secret=_typed(address) if address else "",
        codes=codes or [],
        problem=text(f"error.{problem.code}", **problem.params) if problem else None,
    )


def _picture(address: str) -> Markup:
    """The QR code as part of the page: never at an address of its own."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=_QR_SCALE, xmldecl=False, svgns=True, svgclass="qr", lineclass=None
    )
    return Markup(out.getvalue().decode())


def _typed(address: str) -> str:
    """The secret in groups of four, for whoever cannot photograph the code."""
    secret = address.split("secret=", 1)[1].split("&", 1)[0]
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
