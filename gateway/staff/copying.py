"""A case to be copied, field by field, into a system that is not connected: nothing typed twice."""

from sanic import Blueprint, HTTPResponse, Request

from backoffice.errors import CitizenError
from backoffice.messages import text
from backoffice.staff.models import Role
from gateway.staff.at_case import seen_case
from gateway.staff.guard import staff_only
from gateway.staff.rendering import render

copying = Blueprint("staff_copying", url_prefix="/staff")


@copying.get("/cases/<case_id:str>/copy", name="copy")
@staff_only(Role.CLERK, Role.HEAD)
async def copy(request: Request, case_id: str) -> HTTPResponse:
    """Every field with its answer as plain text, and the papers; the look is audited."""
    return render(request, "copy.html", view=await seen_case(request, case_id))


@copying.exception(CitizenError)
async def explain(request: Request, exc: CitizenError) -> HTTPResponse:
    said = text(f"error.{exc.code}", **exc.params)
    return render(request, "error.html", said=said, status=exc.status)
