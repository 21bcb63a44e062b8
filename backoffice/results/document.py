"""The result document as PDF, set by Typst.

Fonts come from a package, never from the machine, so that a page looks the same everywhere and a
missing character is noticed: it is printed as its code point, `〔U+20BB7〕`, with a note, instead
of an empty box that nobody sees.
"""

import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst
from fontTools.ttLib import TTFont

from backoffice.dates import day_text
from backoffice.messages import text
from backoffice.results.credential import Issuer, qr_svg
from backoffice.results.masking import mask_id_number
from backoffice.results.models import Result
from backoffice.results.services import printed, token_of
from backoffice.results.validity import last_valid_day
from integrations.ports import SealMark
from verifier import group_code

_TEMPLATE = Path(__file__).with_name("document.typ")
_FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent


@dataclass(frozen=True)
class Page:
    """A rendered document.

    Attributes:
        missing: characters for which no font has a glyph; shown as code points on the page.
    """

    pdf: bytes
    missing: tuple[str, ...]


def render(result: Result, issuer: Issuer, seal: SealMark) -> Page:
    """Set the document. Takes about half a second of processor time: not in an event loop."""
    missing: set[str] = set()
    data = _visible(_data(result, issuer, seal), missing)
    data["missing"] = _note(missing)
    with tempfile.TemporaryDirectory(prefix="xz-document-") as name:
        folder = Path(name)  # readable by this process's user only
        (folder / "document.typ").write_text(_TEMPLATE.read_text("utf-8"), "utf-8")
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        (folder / "qr.svg").write_bytes(qr_svg(issuer.public_url, result.code, token_of(result)))
        pdf: bytes = typst.compile(
            folder / "document.typ", root=folder, font_paths=[_FONTS], ignore_system_fonts=True
        )
    return Page(pdf, tuple(sorted(missing)))


def _data(result: Result, issuer: Issuer, seal: SealMark) -> dict[str, Any]:
    said, holder = printed(result), result.subject
    body = [text("document.body", item=said.item_name, application=said.application)]
    if said.made_by and said.licence:
        body.append(text("document.made_by", licence=said.licence, made_by=said.made_by))
    if said.collect:
        body.append(text("document.collect", collect=said.collect))
    return {
        "title": result.title,
        "authority": said.authority,
        "number": text("document.number", code=group_code(result.code)),
        "greeting": text(
            "document.greeting", holder=holder["holder"], id_no=mask_id_number(holder["id_no"])
        ),
        "body": body,
        "terms": [
            [text("document.label.legal_status"), said.legal_status],
            [text("document.label.accepted_by"), said.accepted_by],
            [text("document.label.expires"), _last_day(result.expires_at)],
        ],
        "verify": text("document.verify", address=issuer.public_url + "/v/"),
        "date": day_text(result.issued_at),
        "test": issuer.test or seal.test,
        "watermark": text("document.demo"),
        "seal": None
        if seal.drawn_by_service
        else {**asdict(seal), "test": text("document.seal.test") if seal.test else ""},
    }


def _visible(value: Any, missing: set[str]) -> Any:
    """The same data with every character that no font has written as its code point."""
    if isinstance(value, dict):
        return {key: _visible(one, missing) for key, one in value.items()}
    if isinstance(value, list):
        return [_visible(one, missing) for one in value]
    if not isinstance(value, str):
        return value
    absent = {c for c in value if c.isprintable() and ord(c) not in _glyphs()}
    missing |= absent
    return "".join(f"〔{_code_point(c)}〕" if c in absent else c for c in value)


def _note(missing: set[str]) -> str | None:
    if not missing:
        return None
    codes = " ".join(_code_point(c) for c in sorted(missing))
    return text("document.missing_glyphs", codes=codes)


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


@cache
def _glyphs() -> frozenset[int]:
    # A character counts only if both fonts have it: each of them sets some part of the page.
    found = [set(TTFont(path, lazy=True).getBestCmap()) for path in sorted(_FONTS.glob("*.otf"))]
    return frozenset(set.intersection(*found))


def _last_day(expires_at: datetime | None) -> str:
    return (
        text("document.no_expiry") if expires_at is None else day_text(last_valid_day(expires_at))
    )
