"""The PDF says the right things, hides the number, and its QR code stands on its own."""

import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pypdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from backoffice.db import Sessions
from backoffice.errors import NotFound
from backoffice.results.credential import Issuer, qr_text
from backoffice.results.issuing import Press, issue_and_print
from backoffice.results.models import Result, Revocation
from backoffice.results.services import NotReady, document_of, picture_of, revoke, token_of
from backoffice.results.verdicts import papers, status_token
from catalogue.schema import ServiceItem
from integrations.eseal.sandbox import SandboxSeal
from integrations.ports import Rejected, Unavailable
from tests.results.conftest import ID_NO, NAME, NOW, approve
from verifier import group_code

ROOT = Path(__file__).resolve().parents[2]


async def printed(press: Press, item: ServiceItem, *, name: str = NAME) -> tuple[Result, bytes]:
    application_id = await approve(press.sessions, name=name)
    result = await issue_and_print(press, application_id=application_id, item=item, now=NOW)
    async with press.sessions.begin() as session:
        return result, await document_of(session, id=result.id, citizen_id="citizen-1", now=NOW)


@pytest.fixture
def press(sessions: Sessions, issuer: Issuer) -> Press:
    return Press(sessions, issuer, SandboxSeal())


def words(pdf: bytes) -> str:
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return "".join(text.split())


def picture(pdf: bytes, *, dots_per_inch: int = 150) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[0].render(scale=dots_per_inch / 72).to_pil()
    finally:
        document.close()


def everything_in(pdf: bytes) -> bytes:
    """All of the file, compressed streams opened."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    parts = [pdf, repr(reader.metadata).encode()]
    for number in range(1, len(reader.xref_objStm) + max(reader.xref.get(0, {0: 0})) + 1):
        found = reader.get_object(number)
        parts.append(repr(found).encode())
        if isinstance(found, pypdf.generic.StreamObject):
            parts.append(found.get_data())
    return b"".join(parts)


async def test_document_says_what_was_decided_by_whom_and_what_it_is_not(
    press: Press, item: ServiceItem
) -> None:
    result, pdf = await printed(press, item)
    document = item.result.document
    assert document is not None
    said = words(pdf)
    for expected in (
        document.title, document.issuing_authority, document.legal_status, document.accepted_by,
        item.name, NAME, group_code(result.code), "2026年11月23日", "2027年11月23日",
        "到服务站/大厅领取", "测试",
    ):  # fmt: skip
        assert "".join(expected.split()) in said, expected
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1


async def test_document_shows_only_the_end_of_the_number(press: Press, item: ServiceItem) -> None:
    _result, pdf = await printed(press, item)
    content = everything_in(pdf)
    assert b"Typst" in content  # the search does see inside the file
    assert ID_NO.encode() not in content
    assert ID_NO not in words(pdf)
    assert "*" * 14 + ID_NO[-4:] in words(pdf)


async def test_rare_characters_are_printed_and_missing_ones_are_named(
    press: Press, item: ServiceItem
) -> None:
    _result, pdf = await printed(press, item, name="㐂𠅤𠮷")
    said = words(pdf)
    assert "㐂𠅤〔U+20BB7〕" in said
    assert "字库里没有" in said
    _result, plain = await printed(press, item)
    assert "字库里没有" not in words(plain)


async def test_two_deliveries_make_one_document(press: Press, item: ServiceItem) -> None:
    application_id = await approve(press.sessions)
    first = await issue_and_print(press, application_id=application_id, item=item, now=NOW)
    again = await issue_and_print(press, application_id=application_id, item=item, now=NOW)
    assert first.id == again.id
    assert isinstance(press.seal, SandboxSeal) and len(press.seal.sealed) == 1


async def test_failing_seal_leaves_a_valid_result_that_is_made_up_later(
    press: Press, item: ServiceItem
) -> None:
    assert isinstance(press.seal, SandboxSeal)
    press.seal.failing = True
    application_id = await approve(press.sessions)
    with pytest.raises(Unavailable):
        await issue_and_print(press, application_id=application_id, item=item, now=NOW)
    press.seal.failing = False
    result = await issue_and_print(press, application_id=application_id, item=item, now=NOW)
    async with press.sessions.begin() as session:
        pdf = await document_of(session, id=result.id, citizen_id="citizen-1", now=NOW)
    assert pdf.startswith(b"%PDF")


async def test_document_is_only_for_its_holder_and_says_when_it_is_not_ready(
    press: Press, item: ServiceItem
) -> None:
    assert isinstance(press.seal, SandboxSeal)
    result, _pdf = await printed(press, item)
    press.seal.failing = True
    waiting = await approve(press.sessions, citizen_id="citizen-3")
    with pytest.raises(Unavailable):
        await issue_and_print(press, application_id=waiting, item=item, now=NOW)
    async with press.sessions.begin() as session:
        with pytest.raises(NotFound):
            await document_of(session, id=result.id, citizen_id="citizen-2", now=NOW)
        from backoffice.results.services import results_of

        unprinted = (await results_of(session, citizen_id="citizen-3", now=NOW))[0]
        with pytest.raises(NotReady):
            await document_of(session, id=unprinted.id, citizen_id="citizen-3", now=NOW)


async def test_seal_covers_every_byte(press: Press, item: ServiceItem) -> None:
    _result, pdf = await printed(press, item)
    for content, intact in ((pdf, True), (pdf.replace(b"/MediaBox", b"/MediaBoy", 1), False)):
        sealed = PdfFileReader(io.BytesIO(content), strict=False).embedded_signatures[0]
        status = await async_validate_pdf_signature(
            sealed, ValidationContext(allow_fetching=False, trust_roots=[sealed.signer_cert])
        )
        assert status.intact is intact


async def test_sandbox_seal_refuses_what_is_no_pdf() -> None:
    with pytest.raises(Rejected):
        await SandboxSeal().seal(b"\xff\xd8 a picture", key="k")


@pytest.mark.parametrize("width_px", [300, 600])
async def test_qr_code_reads_from_a_screen(
    press: Press, item: ServiceItem, issuer: Issuer, width_px: int
) -> None:
    result, _pdf = await printed(press, item)
    image = Image.open(io.BytesIO(picture_of(result, issuer, width_px=width_px)))
    assert width_px * 0.7 <= image.width <= width_px
    found = zxingcpp.read_barcodes(image.resize((int(image.width * 1.3),) * 2))
    assert found[0].text == qr_text(issuer.public_url, result.code, token_of(result))


def offline(shown: str, folder: Path, *more: str) -> tuple[int, str]:
    """Run the checker as a stranger would: another process, no settings, no database."""
    done = subprocess.run(
        [sys.executable, "-m", "verifier", shown, "--keys", str(folder / "keys.json"), *more],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.stderr == "" or "nanobind" in done.stderr, done.stderr
    return done.returncode, done.stdout


async def test_qr_code_on_paper_verifies_offline_with_published_keys_only(
    press: Press, item: ServiceItem, issuer: Issuer, tmp_path: Path
) -> None:
    result, pdf = await printed(press, item)
    published = issuer.key_set(papers({item.code: item})).to_json()
    (tmp_path / "keys.json").write_text(json.dumps(published), "utf-8")
    assert "PRIVATE" not in (tmp_path / "keys.json").read_text("utf-8")
    picture(pdf).save(tmp_path / "page.png")
    code, said = offline(str(tmp_path / "page.png"), tmp_path)
    assert code == 0, said
    assert "签名有效" in said and "没有核对撤销状态" in said and "李*" in said and "测试" in said

    async with press.sessions.begin() as session:
        later = NOW + timedelta(minutes=1)
        (tmp_path / "before").write_bytes(await status_token(session, issuer=issuer, now=later))
        await revoke(
            session, result_id=result.id, reason=Revocation.REPLACED, actor="staff:1", now=later
        )
        (tmp_path / "after").write_bytes(await status_token(session, issuer=issuer, now=later))
    address = qr_text(issuer.public_url, result.code, token_of(result))
    code, said = offline(address, tmp_path, "--status", str(tmp_path / "after"))
    assert code == 1 and "已被撤销" in said
    changed = address[:-9] + ("A" if address[-9] != "A" else "B") + address[-8:]
    code, said = offline(changed, tmp_path)
    assert code == 1 and "改动" in said and "李*" not in said
    code, said = offline(result.code, tmp_path)
    assert code == 2 and "没有签名" in said
