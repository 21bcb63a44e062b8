"""Staff pages: templates, the words of states and sources, and strict headers."""

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sanic import HTTPResponse, Request
from sanic.response import html

from backoffice.applications.supplements import wanted_label
from backoffice.clock import china_date
from backoffice.dates import day_text, moment_text
from backoffice.errors import Busy, CitizenError
from backoffice.messages import has_text, text
from backoffice.staff.models import CASE_ROLES, Role
from verifier import group_code

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_WEEKDAYS = "一二三四五六日"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


HOMES = {Role.ADMIN: "/staff/system", Role.AUDITOR: "/staff/audit"}
"""Where somebody begins who handles no cases."""


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTTPResponse:
    """One page or part of one."""
    office = request.app.ctx.office
    signed = getattr(request.ctx, "staff", None)
    page = _environment().get_template(f"staff/{template}")
    content = page.render(
        demo=office.settings.demo,
        me=signed.user if signed else None,
        home=HOMES.get(signed.user.role, "/staff") if signed else "/staff",
        handles_cases=signed is not None and signed.user.role in CASE_ROLES,
        csrf_token=signed.csrf_token if signed else "",
        today=china_date(office.clock.now()),
        now=office.clock.now(),
        **values,
    )
    return html(content, status=status, headers=HEADERS)


def refusal_words(exc: CitizenError) -> str:
    """Why something was not done, as it is said to staff."""
    said = "staff.conflict" if isinstance(exc, Busy) else f"error.{exc.code}"
    return text(said, **exc.params)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": moment,
        "date": day_text,
        "day": day,
        "age": age,
        "word": word,
        "grouped": group_code,
        "percent_of": percent_of,
        "minutes": minutes,
    }
    environment.globals["text"] = text
    environment.globals["wanted_label"] = wanted_label
    return environment


def moment(value: datetime | None) -> str:
    """A moment in China, to the minute."""
    return moment_text(value) if value else ""


def day(value: date | datetime | None) -> str:
    """A day in China with its weekday."""
    if value is None:
        return ""
    local = china_date(value) if isinstance(value, datetime) else value
    return f"{day_text(local)} 周{_WEEKDAYS[local.weekday()]}"


def age(value: datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    if value is None:
        return ""
    minutes = max(int((now.astimezone(UTC) - value).total_seconds()) // 60, 0)
    if minutes < 1:
        return text("staff.age.now")
    if minutes < 60:
        return text("staff.age.minutes", count=minutes)
    if minutes < 60 * 24:
        return text("staff.age.hours", count=minutes // 60)
    return text("staff.age.days", count=minutes // (60 * 24))


def word(value: str, group: str) -> str:
    """The Chinese word for a code of a group, or the code itself when it is new."""
    key = f"staff.{group}.{value}"
    return text(key) if has_text(key) else str(value)


def minutes(seconds: float | None) -> str:
    """A span of time in whole minutes; empty when there is none."""
    return "" if seconds is None else text("staff.age.span", count=round(seconds / 60))


def percent_of(value: float, largest: float) -> int:
    """Position on a bar, 0 to 100."""
    return round(min(max(value / largest, 0), 1) * 100) if largest else 0
