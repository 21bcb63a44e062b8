"""The public side of results: the verification page, its API, the published keys and status list.

No login, no cookie. What was checked is not stored, and the answer to everybody is masked.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sanic import Blueprint, HTTPResponse, Request, html, json, raw

from backoffice.dates import day_text, moment_text
from backoffice.errors import BadRequest
from backoffice.messages import text
from backoffice.results.credential import KEYS_PATH, STATUS_PATH, STATUS_TTL
from backoffice.results.validity import last_valid_day
from backoffice.results.verdicts import (
    ON_RECORD,
    Facts,
    Outcome,
    Verdict,
    papers,
    status_token,
    verify,
)
from verifier import group_code

bp = Blueprint("verification")
bp.static("/static/verify", Path(__file__).parent / "static" / "verify", name="verify_static")

LIMITS = {"production": parse("30/minute"), "demo": parse("600/minute")}
LONGEST = 2000  # characters; a whole QR code has about 600
_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
# Tone and sign of each outcome; colour is never the only difference.
_LOOKS = {
    Outcome.GENUINE: ("good-tone", "✓"),
    Outcome.EXPIRED: ("warn-tone", "!"),
    Outcome.UNKNOWN: ("warn-tone", "?"),
    Outcome.MISTYPED: ("warn-tone", "?"),
}
_BAD = ("bad-tone", "✕")

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / "verify"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_limiter = MovingWindowRateLimiter(MemoryStorage())


class Ask(BaseModel):
    """Body of `POST /api/v1/verify`: a code, a token, or the whole content of a QR code as either."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: str | None = Field(default=None, max_length=LONGEST)
    credential: str | None = Field(default=None, max_length=LONGEST)


@bp.get("/v/", strict_slashes=False, name="verify_form")
async def form(request: Request) -> HTTPResponse:
    """The form to type a code."""
    return _page(request, None)


@bp.get("/v/<code:str>", name="verify_code")
@bp.get("/V/<code:str>", name="verify_code_capitals")  # QR codes are in capitals
async def by_code(request: Request, code: str) -> HTTPResponse:
    """What the record says of a code. The token behind `#` is not seen here; a script posts it."""
    if not _allowed(request):
        return _too_often(request)
    return _page(request, await _verdict(request, code[:LONGEST], None))


@bp.post("/v/", strict_slashes=False, name="verify_shown")
async def by_form(request: Request) -> HTTPResponse:
    """Check what was typed or pasted, or what the script read from the address."""
    if not _allowed(request):
        return _too_often(request)
    fields = request.form
    shown = str(fields.get("shown") or "")[:LONGEST] if fields else ""
    credential = shown if "#" in shown else None
    return _page(request, await _verdict(request, None if credential else shown, credential))


@bp.post("/api/v1/verify", name="verify_api")
async def api(request: Request) -> HTTPResponse:
    """The same check for programs."""
    if not _allowed(request):
        message = text("verify.explain.busy")
        return json(
            {"error": {"code": "busy", "message": message}}, 429, _PAGE_HEADERS, ensure_ascii=False
        )
    try:
        ask = Ask.model_validate_json(request.body)
    except ValidationError as exc:
        raise BadRequest from exc
    if not (ask.code or ask.credential):
        raise BadRequest
    answer = _as_json(await _verdict(request, ask.code, ask.credential))
    return json(answer, headers=_PAGE_HEADERS, ensure_ascii=False)


@bp.get(KEYS_PATH, name="published_keys")
async def published_keys(request: Request) -> HTTPResponse:
    """The keys, for offline checkers; anybody may copy them."""
    office = request.app.ctx.office
    published = office.issuer.key_set(papers(office.catalogue.items)).to_json()
    headers = {"Cache-Control": "public, max-age=3600"}
    return json(published, headers=headers, ensure_ascii=False)


@bp.get(STATUS_PATH, name="status_list")
async def status_list(request: Request) -> HTTPResponse:
    """The signed list of revoked results."""
    if not _allowed(request):
        return raw(b"", 429)
    office = request.app.ctx.office
    async with office.sessions.read() as session:
        token = await status_token(session, issuer=office.issuer, now=office.clock.now())
    age = int(STATUS_TTL.total_seconds())
    return raw(
        token,
        content_type="application/statuslist+cwt",
        headers={"Cache-Control": f"public, max-age={age}"},
    )


async def _verdict(request: Request, code: str | None, credential: str | None) -> Verdict:
    office = request.app.ctx.office
    async with office.sessions.read() as session:
        return await verify(
            session,
            code=code,
            credential=credential,
            issuer=office.issuer,
            now=office.clock.now(),
        )


def _allowed(request: Request) -> bool:
    limit = LIMITS["demo" if request.app.ctx.office.settings.demo else "production"]
    return bool(_limiter.hit(limit, "verify", request.client_ip or request.ip))


def _page(request: Request, verdict: Verdict | None, status: int = 200) -> HTTPResponse:
    issuer = request.app.ctx.office.issuer
    facts = verdict.facts if verdict and verdict.outcome in ON_RECORD else None
    tone, mark = _LOOKS.get(verdict.outcome, _BAD) if verdict else ("", "")
    body = _pages.get_template("page.html").render(
        t=text,
        moment=moment_text,
        hall=_hall(request),
        test=issuer.test,
        verdict=verdict,
        facts=facts,
        rows=_rows(facts) if facts else [],
        words=_words(verdict) if verdict else "",
        tone=tone,
        mark=mark,
    )
    return html(body, status, _PAGE_HEADERS)


def _too_often(request: Request) -> HTTPResponse:
    body = _pages.get_template("busy.html").render(t=text, hall=_hall(request))
    return html(body, 429, {**_PAGE_HEADERS, "Retry-After": "60"})


def _hall(request: Request) -> str:
    """The hall's name as the citizens' pages write it: without what its parentheses add."""
    name: str = request.app.ctx.office.knowledge.hall.name
    return name.partition("（")[0]


def _words(verdict: Verdict) -> str:
    """Which texts explain a verdict. A code alone proves nothing about the paper it stands on."""
    if verdict.outcome == Outcome.GENUINE and not verdict.signature_checked:
        return "genuine_by_code"
    return str(verdict.outcome)


def _rows(facts: Facts) -> list[tuple[str, str]]:
    return [
        ("title", facts.title),
        ("holder", facts.holder),
        ("id_tail", facts.id_tail),
        ("item", facts.item_name),
        ("authority", facts.authority),
        ("issued_at", day_text(facts.issued_at)),
        ("expires_at", _last_day(facts)),
        ("legal_status", facts.legal_status),
        ("accepted_by", facts.accepted_by),
        ("code", group_code(facts.code)),
    ]


def _last_day(facts: Facts) -> str:
    if facts.expires_at is None:
        return text("verify.label.no_expiry")
    return day_text(last_valid_day(facts.expires_at))


def _as_json(verdict: Verdict) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "outcome": verdict.outcome,
        "message": text(f"verify.explain.{_words(verdict)}"),
        "signature_checked": verdict.signature_checked,
        "test": verdict.test,
        "checked_at": verdict.checked_at.isoformat(),
    }
    if verdict.facts is not None:
        facts = verdict.facts
        answer["result"] = {
            "code": group_code(facts.code),
            "title": facts.title,
            "item": facts.item_name,
            "authority": facts.authority,
            "legal_status": facts.legal_status,
            "accepted_by": facts.accepted_by,
            "holder": facts.holder,
            "id_tail": facts.id_tail,
            "issued_at": facts.issued_at.isoformat(),
            "expires_at": facts.expires_at and facts.expires_at.isoformat(),
            "revoked_at": facts.revoked_at and facts.revoked_at.isoformat(),
            "revoked_reason": facts.revoked_reason and text(f"revocation.{facts.revoked_reason}"),
        }
    return answer
