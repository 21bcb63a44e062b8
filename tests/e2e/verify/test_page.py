"""Somebody is shown a result and scans it, or types its code."""

import os
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page

from backoffice.results.credential import Issuer, qr_text
from backoffice.results.models import Revocation
from backoffice.results.services import revoke, token_of
from backoffice.results.signing import SigningKeys
from gateway import verification
from tests.e2e.verify.conftest import Hall
from tests.results.conftest import ID_NO, NAME, NOW
from verifier import KeySet, check_token, encode_text, group_code, new_code, read_status

PICTURES = os.environ.get("XZ_SCREENSHOTS")


async def outcome(page: Page, name: str) -> str:
    await page.wait_for_selector("section.verdict:visible")
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"verify-{name}.png"), full_page=True)
    return str(await page.get_attribute("section.verdict", "data-outcome"))


async def scan(page: Page, hall: Hall, address: str, name: str) -> str:
    scheme, rest = address.split("://", 1)  # a phone's camera opens it as it stands
    await page.goto(f"{scheme.lower()}://{rest}")
    await page.wait_for_function("location.hash === ''")
    await page.wait_for_load_state("networkidle")
    return await outcome(page, name)


async def test_scanned_result_is_genuine_and_its_token_reaches_no_log(
    hall: Hall, phone: Page
) -> None:
    result = await hall.issue()
    asked: list[str] = []
    problems: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.on("console", lambda message: problems.append(message.text))
    phone.on("pageerror", lambda error: problems.append(str(error)))
    address = qr_text(hall.url, result.code, token_of(result))
    assert await scan(phone, hall, address, "genuine") == "genuine"
    await phone.wait_for_selector(".signature.good")
    shown = await phone.inner_text("body")
    assert "真实有效" in shown and "李*" in shown and "签名已核对" in shown
    assert NAME not in shown and ID_NO not in shown
    token = encode_text(token_of(result))
    assert not any(token in url.split("#")[0] for url in asked)
    assert token not in phone.url  # and does not stay in the address bar
    assert problems == []  # nothing of the page is blocked by its own policy
    width = await phone.evaluate("document.documentElement.scrollWidth")
    assert width == 390


async def test_altered_expired_revoked_and_foreign_results_are_told_apart(
    hall: Hall, phone: Page
) -> None:
    result = await hall.issue()
    token = token_of(result)
    address = qr_text(hall.url, result.code, token)
    changed = address[:-20] + ("A" if address[-20] != "A" else "B") + address[-19:]
    assert await scan(phone, hall, changed, "altered") == "altered"
    assert "李*" not in await phone.inner_text("body")

    stranger = Issuer(hall.url, "别处", SigningKeys.generate(test=False, now=NOW))
    claims, _key = check_token(token, hall.issuer.key_set())
    theirs = type(claims)(**{**claims.__dict__, "code": new_code()})
    foreign = qr_text(hall.url, theirs.code, stranger.sign_result(theirs))
    assert await scan(phone, hall, foreign, "other_key") == "other_key"

    hall.now = NOW + timedelta(days=400)
    assert await scan(phone, hall, address, "expired") == "expired"
    hall.now = NOW + timedelta(days=1)
    async with hall.sessions.begin() as session:
        await revoke(
            session,
            result_id=result.id,
            reason=Revocation.ISSUED_IN_ERROR,
            actor="staff:1",
            now=NOW,
        )
    assert await scan(phone, hall, address, "revoked") == "revoked"
    assert "出具有误" in await phone.inner_text("body")


async def test_typed_code_is_checked_also_without_script(hall: Hall, phone: Page) -> None:
    result = await hall.issue()
    await phone.goto(hall.url + "/v/")
    if PICTURES:
        await phone.screenshot(path=str(Path(PICTURES) / "verify-form.png"), full_page=True)
    for typed, expected in (
        (group_code(result.code).lower(), "genuine"),
        (new_code(), "unknown"),
        (result.code[:-1], "mistyped"),
        ("<script>alert(1)</script>", "mistyped"),
    ):
        await phone.fill("#shown", typed)
        await phone.click("button")
        assert await outcome(phone, f"typed-{expected}") == expected
        # a code alone says nothing about the paper it stands on
        assert "没有被改动" not in await phone.inner_text("body")
    assert await phone.locator(".signature.good").count() == 0


async def test_api_and_published_files(hall: Hall) -> None:
    result = await hall.issue()
    async with httpx.AsyncClient(base_url=hall.url) as client:
        keys = KeySet.parse((await client.get("/.well-known/xiaozheng-keys.json")).text)
        assert check_token(token_of(result), keys)[0].code == result.code
        assert keys.papers[result.item]["legal_status"]
        listed = read_status((await client.get("/.well-known/xiaozheng-status")).content, keys)
        assert listed.revoked(result.status_index) is False
        good = await client.post("/api/v1/verify", json={"credential": result.credential})
        assert (good.status_code, good.json()["outcome"]) == (200, "genuine")
        assert good.headers["cache-control"] == "no-store"
        assert NAME not in good.text and ID_NO not in good.text
        for body in (b"", b"[]", b"{}", b'{"code": 5}', b'{"code": "x", "more": 1}', b"\xff\xfe",
                     b'{"code": "' + b"A" * 5000 + b'"}'):  # fmt: skip
            refused = await client.post("/api/v1/verify", content=body)
            assert refused.status_code == 400, body[:30]
        page = await client.get(f"/v/{result.code}")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert page.headers["referrer-policy"] == "no-referrer"
        for shown in ("//[#", "http://[x#A", "\x00", "<b>#", ""):
            assert (await client.post("/v/", data={"shown": shown})).status_code == 200, shown
        odd = await client.get("/v/%00%ff%2e%2e%2f")
        assert odd.status_code in (200, 400, 404)


async def test_guessing_is_limited(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    hall.office.settings.demo = False
    verification._limiter.storage.reset()
    async with httpx.AsyncClient(base_url=hall.url) as client:
        answers = [(await client.get("/v/AAAA")).status_code for _ in range(32)]
        assert answers == [200] * 30 + [429] * 2
        api = await client.post("/api/v1/verify", json={"code": "AAAA"})
        assert (api.status_code, api.json()["error"]["code"]) == (429, "busy")
    verification._limiter.storage.reset()
