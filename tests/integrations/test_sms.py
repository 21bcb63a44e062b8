"""One contract for every way of sending a message, and what is special to each."""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bootstrap.settings import ROOT, SMS_TEXTS
from integrations.ports import Rejected, SmsSender, Unavailable
from integrations.sms import aliyun, tencent
from integrations.sms.ledger import Ledger
from integrations.sms.once import SmsOnce
from integrations.sms.sandbox import SandboxSms
from tests.integrations.vendors import (
    HTML,
    LOST_AFTER,
    LOST_BEFORE,
    NO_FORM,
    SLOW,
    Aliyun,
    Tencent,
    Vendor,
    served,
)

PHONE = "13912345678"
CODE = {"code": "123456", "minutes": "5"}


def render(template: str, params: Mapping[str, str]) -> str:
    return {"sign_in_code": "验证码 {code}，{minutes}分钟"}[template].format(**params)


@dataclass
class Kit:
    sender: SmsSender
    count: Callable[[], Any]
    fail: Callable[[], None]


def over(vendor: Vendor, folder: Path, **how: Any) -> SmsOnce:
    """The adapter with the vendor's SDK, speaking to our server."""
    ledger = Ledger(folder / "ledger.db")
    given: Any = {
        "key_id": "id",
        "secret": "secret",
        "sign_name": "石湾政务",
        "endpoint": vendor.address,
    }
    if isinstance(vendor, Aliyun):
        provider: Any = aliyun.AliyunProvider(**given)
        templates = {"sign_in_code": "SMS_1"}
    else:
        provider = tencent.TencentProvider(**given, app_id="1400006666", got=ledger.has_reference)
        templates = {"sign_in_code": "1234567:code,minutes"}
    return SmsOnce(provider, templates=templates, ledger=ledger, **how)


def sandbox(folder: Path, key: bytes = b"k" * 32) -> SandboxSms:
    return SandboxSms(folder / "inbox.db", key, render)


@pytest.fixture(params=[Aliyun, Tencent])
def vendor(request: pytest.FixtureRequest) -> Iterator[Any]:
    with served(request.param()) as made:
        yield made


@pytest.fixture(params=["sandbox", Aliyun, Tencent])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    if request.param == "sandbox":
        box = sandbox(tmp_path)

        async def stored() -> int:
            return len(await box.messages())

        yield Kit(box, stored, box.faults.fail_next)
        return
    with served(request.param()) as made:

        async def sent() -> int:
            return len(made.sent)

        yield Kit(over(made, tmp_path), sent, lambda: made.faults.append(LOST_BEFORE))


def send(sender: SmsSender, key: str = "k1") -> Any:
    return sender.send(phone=PHONE, template="sign_in_code", params=CODE, key=key)


async def test_a_message_is_sent_and_has_a_reference(kit: Kit) -> None:
    receipt = await kit.sender.send(phone=PHONE, template="sign_in_code", params=CODE, key="k1")
    assert receipt.reference and await kit.count() == 1


async def test_the_same_key_sends_once_and_another_key_again(kit: Kit) -> None:
    for key in ("k1", "k1", "k2", "k1"):
        await kit.sender.send(phone=PHONE, template="sign_in_code", params=CODE, key=key)
    assert await kit.count() == 2


@pytest.mark.parametrize(
    "phone", ["", "1391234567", "23912345678", "139123456789", "+8613912345678"]
)
async def test_bad_numbers_are_rejected(kit: Kit, phone: str) -> None:
    with pytest.raises(Rejected) as caught:
        await kit.sender.send(phone=phone, template="sign_in_code", params=CODE, key="k1")
    assert not phone or phone not in str(caught.value)
    assert await kit.count() == 0


async def test_an_unknown_template_is_rejected(kit: Kit) -> None:
    with pytest.raises(Rejected):
        await kit.sender.send(phone=PHONE, template="lottery", params=CODE, key="k1")
    assert await kit.count() == 0


async def test_after_an_outage_the_same_key_may_be_sent_again(kit: Kit) -> None:
    kit.fail()
    with pytest.raises(Unavailable) as caught:
        await kit.sender.send(phone=PHONE, template="sign_in_code", params=CODE, key="k1")
    assert caught.value.retryable
    await kit.sender.send(phone=PHONE, template="sign_in_code", params=CODE, key="k1")
    assert await kit.count() == 1


# —— the demo's inbox ——


async def test_the_inbox_is_shared_by_processes_and_newest_first(tmp_path: Path) -> None:
    at = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    worker = SandboxSms(tmp_path / "inbox.db", b"k" * 32, render, now=lambda: at)
    for n in range(3):
        await worker.send(
            phone=PHONE, template="sign_in_code", params={**CODE, "code": str(n)}, key=str(n)
        )
    messages = await sandbox(tmp_path).messages(limit=2)
    assert [m["params"]["code"] for m in messages] == ["2", "1"]
    assert messages[0]["to"] == PHONE and messages[0]["text"] == "验证码 2，5分钟"
    assert messages[0]["at"] == at.isoformat() and messages[0]["template"] == "sign_in_code"


async def test_the_inbox_file_shows_neither_number_nor_text(tmp_path: Path) -> None:
    await sandbox(tmp_path).send(phone=PHONE, template="sign_in_code", params=CODE, key=PHONE)
    for file in tmp_path.iterdir():
        raw = file.read_bytes()
        assert PHONE.encode() not in raw and b"123456" not in raw and "验证码".encode() not in raw


async def test_the_inbox_keeps_a_limited_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.sms.sandbox._KEPT", 3)
    box = sandbox(tmp_path)
    for n in range(5):
        await box.send(phone=PHONE, template="sign_in_code", params=CODE, key=str(n))
    assert len(await box.messages()) == 3


# —— the vendors' SDKs ——


def tells(error: BaseException) -> bool:
    """Whether the error, with all that led to it, shows the number or the code."""
    text = "".join(traceback.format_exception(error))
    return PHONE in text or CODE["code"] in text


async def test_aliyun_gets_the_documented_request(tmp_path: Path) -> None:
    with served(Aliyun()) as vendor:
        await send(over(vendor, tmp_path), "sms_code:1")
    (request,) = vendor.requests
    headers, sent = {k.lower(): v for k, v in request["headers"].items()}, request["params"]
    assert headers["x-acs-action"] == "SendSms" and headers["x-acs-version"] == "2017-05-25"
    assert headers["authorization"].startswith("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=")
    assert sent["PhoneNumbers"] == PHONE and sent["SignName"] == "石湾政务"
    assert sent["TemplateCode"] == "SMS_1" and json.loads(sent["TemplateParam"]) == CODE
    assert len(sent["OutId"]) == 32


async def test_tencent_gets_the_documented_request(tmp_path: Path) -> None:
    with served(Tencent()) as vendor:
        await send(over(vendor, tmp_path), "sms_code:1")
    (request,) = vendor.requests
    headers, sent = {k.lower(): v for k, v in request["headers"].items()}, request["params"]
    assert headers["x-tc-action"] == "SendSms" and headers["x-tc-version"] == "2021-01-11"
    assert headers["x-tc-region"] == "ap-guangzhou"
    assert headers["authorization"].startswith("TC3-HMAC-SHA256 Credential=id/")
    assert request["path"] == "/", "nothing of the message stands in the address"
    assert sent == {
        "PhoneNumberSet": [f"+86{PHONE}"],
        "SmsSdkAppId": "1400006666",
        "SignName": "石湾政务",
        "TemplateId": "1234567",
        "TemplateParamSet": ["123456", "5"],
        "SessionContext": sent["SessionContext"],
    }
    assert len(sent["SessionContext"]) == 32


async def test_a_message_whose_answer_was_lost_is_not_sent_again(
    vendor: Any, tmp_path: Path
) -> None:
    vendor.faults.append(LOST_AFTER)
    with pytest.raises(Unavailable):
        await send(over(vendor, tmp_path))
    # also by another process, after a crash
    receipt = await send(over(vendor, tmp_path))
    assert receipt.reference and len(vendor.sent) == 1


@pytest.mark.parametrize("reports_name", [True, False])
async def test_tencent_reports_of_other_messages_are_not_taken_for_the_lost_one(
    tmp_path: Path, reports_name: bool
) -> None:
    with served(Tencent()) as vendor:
        vendor.reports_name = reports_name
        sender = over(vendor, tmp_path)
        await send(sender, "another one")
        vendor.faults.append(LOST_BEFORE)
        with pytest.raises(Unavailable):
            await send(sender)
        await send(sender)
    assert len(vendor.sent) == 2, "the lost one never arrived and must go out"


LATER = [(Aliyun, code) for code in sorted(aliyun.LATER | {"Throttling.Something"})]
LATER += [(Tencent, code) for code in sorted(tencent.LATER)]
LATER += [(Tencent, "LimitExceeded.PhoneNumberDailyLimit")]
UNSURE = [(Aliyun, code) for code in sorted(aliyun.UNSURE)]
UNSURE += [(Tencent, c) for c in sorted(tencent.UNSURE) if not c.endswith("NetworkError")]


@pytest.mark.parametrize(("kind", "code"), LATER)
async def test_temporary_codes_may_be_tried_again(
    tmp_path: Path, kind: type[Vendor], code: str
) -> None:
    with served(kind(faults=[code])) as vendor:
        sender = over(vendor, tmp_path)
        with pytest.raises(Unavailable, match=code):
            await send(sender)
        await send(sender)
    assert len(vendor.sent) == 1 and vendor.actions == ["SendSms", "SendSms"]


@pytest.mark.parametrize(("kind", "code"), UNSURE)
async def test_after_a_failure_behind_their_door_they_are_asked_first(
    tmp_path: Path, kind: type[Vendor], code: str
) -> None:
    with served(kind(faults=[code])) as vendor:
        sender = over(vendor, tmp_path)
        with pytest.raises(Unavailable, match=code):
            await send(sender)
        await send(sender)
    assert len(vendor.actions) == 3 and vendor.actions[1] != "SendSms"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Aliyun, "isv.SMS_SIGNATURE_ILLEGAL"),
        (Aliyun, "isv.MOBILE_NUMBER_ILLEGAL"),
        (Aliyun, "isv.TEMPLATE_MISSING_PARAMETERS"),
        (Aliyun, "SignatureDoesNotMatch"),
        (Aliyun, "InvalidAccessKeyId.NotFound"),
        (Tencent, "FailedOperation.SignatureIncorrectOrUnapproved"),
        (Tencent, "FailedOperation.TemplateIncorrectOrUnapproved"),
        (Tencent, "FailedOperation.PhoneNumberInBlacklist"),
        (Tencent, "InvalidParameterValue.IncorrectPhoneNumber"),
        (Tencent, "AuthFailure.SecretIdNotFound"),
        (Tencent, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
    ],
)
async def test_other_codes_are_final_and_name_no_number(
    tmp_path: Path, kind: type[Vendor], code: str
) -> None:
    with served(kind(faults=[code])) as vendor:
        with pytest.raises(Rejected, match=code) as caught:
            await send(over(vendor, tmp_path))
    assert not caught.value.retryable
    assert not tells(caught.value)


@pytest.mark.parametrize("fault", [HTML, NO_FORM, LOST_BEFORE])
async def test_no_sensible_answer_means_unavailable_and_names_no_number(
    vendor: Any, tmp_path: Path, fault: str
) -> None:
    vendor.faults.append(fault)
    with pytest.raises(Unavailable) as caught:
        await send(over(vendor, tmp_path))
    assert not tells(caught.value)


async def test_nobody_at_the_address_means_unavailable(vendor: Any, tmp_path: Path) -> None:
    vendor.address = "http://127.0.0.1:9"
    with pytest.raises(Unavailable) as caught:
        await send(over(vendor, tmp_path))
    assert not tells(caught.value)


async def test_a_slow_vendor_holds_up_nobody_else(vendor: Any, tmp_path: Path) -> None:
    vendor.faults.append(SLOW)
    sending = asyncio.create_task(send(over(vendor, tmp_path, longest_s=0.4)))
    begun, longest = time.monotonic(), 0.0
    while not sending.done():
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    assert longest < 0.3, "the event loop stood still"
    with pytest.raises(Unavailable, match="time-out"):
        await sending
    assert time.monotonic() - begun < 1.0


async def test_logs_show_neither_number_nor_code(
    vendor: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DEBUG", "sdk")  # makes one SDK print whole requests
    with caplog.at_level(logging.INFO):
        vendor.faults += ["", NO_FORM]
        sender = over(vendor, tmp_path)
        await send(sender)
        with pytest.raises(Unavailable):
            await send(sender, "k2")
    written = capfd.readouterr()
    for text in (caplog.text, written.out, written.err):
        assert PHONE not in text and CODE["code"] not in text


async def test_a_template_that_wants_what_we_do_not_have_is_refused(tmp_path: Path) -> None:
    with served(Tencent()) as vendor:
        sender = over(vendor, tmp_path)
        sender._templates = {"sign_in_code": "1234567:code,colour"}
        with pytest.raises(Rejected):
            await send(sender)
    assert vendor.requests == []


def test_the_settings_know_every_text_that_is_sent() -> None:
    texts: set[str] = set()
    for file in (ROOT / "data" / "messages").glob("*.yml"):
        texts |= {key for key in yaml.safe_load(file.read_text("utf-8")) if key[:4] == "sms."}
    assert texts == {f"sms.{name}" for name in SMS_TEXTS}
