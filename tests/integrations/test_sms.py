"""One contract for every way of sending a message, and what is special to each."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.ports import Rejected, SmsSender, Unavailable
from integrations.sms.aliyun import LATER, AliyunSms
from integrations.sms.aliyun_signature import Credentials, canonical_query, signed_headers
from integrations.sms.ledger import Ledger
from integrations.sms.sandbox import SandboxSms

PHONE = "13912345678"
CODE = {"code": "123456", "minutes": "5"}


def render(template: str, params: Mapping[str, str]) -> str:
    return {"sign_in_code": "验证码 {code}，{minutes}分钟"}[template].format(**params)


@dataclass
class Provider:
    """Dysmsapi as documented: keeps what was sent, answers in its forms."""

    sent: list[dict[str, str]] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else None
        params = dict(request.url.params)
        if request.headers["x-acs-action"] == "QuerySendDetails":
            return self._details(params)
        if fault == "lost answer":
            self.sent.append(params)
            raise httpx.ReadTimeout("no answer", request=request)
        if isinstance(fault, Exception):
            raise fault
        if isinstance(fault, httpx.Response):
            return fault
        if fault:
            return httpx.Response(200, json={"Code": fault, "Message": "…", "RequestId": "R"})
        self.sent.append(params)
        biz = f"9006197469364984{len(self.sent)}^0"
        return httpx.Response(
            200, json={"Code": "OK", "Message": "OK", "RequestId": "R", "BizId": biz}
        )

    def _details(self, params: dict[str, str]) -> httpx.Response:
        found = [
            {"PhoneNum": one["PhoneNumbers"], "SendStatus": 1, "OutId": one["OutId"]}
            for one in self.sent
            if one["PhoneNumbers"] == params["PhoneNumber"]
        ]
        body = {
            "Code": "OK",
            "TotalCount": str(len(found)),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": found},
        }
        return httpx.Response(200, json=body)


@dataclass
class Kit:
    sender: SmsSender
    count: Callable[[], Any]
    fail: Callable[[], None]


def aliyun(provider: Provider, folder: Path) -> AliyunSms:
    return AliyunSms(
        credentials=Credentials("id", "secret"),
        sign_name="石湾政务",
        templates={"sign_in_code": "SMS_1"},
        ledger=Ledger(folder / "ledger.db"),
        client=httpx.AsyncClient(transport=httpx.MockTransport(provider)),
    )


def sandbox(folder: Path, key: bytes = b"k" * 32) -> SandboxSms:
    return SandboxSms(folder / "inbox.db", key, render)


@pytest.fixture(params=["sandbox", "aliyun"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    if request.param == "sandbox":
        box = sandbox(tmp_path)

        async def stored() -> int:
            return len(await box.messages())

        yield Kit(box, stored, box.faults.fail_next)
        return
    provider = Provider()

    async def sent() -> int:
        return len(provider.sent)

    yield Kit(
        aliyun(provider, tmp_path),
        sent,
        lambda: provider.faults.append(httpx.ConnectTimeout("down")),
    )


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


# —— Alibaba Cloud ——


def test_the_signature_is_that_of_the_documentations_example() -> None:
    query = canonical_query(
        {
            "RegionId": "cn-shanghai",
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        }
    )
    headers = signed_headers(
        host="ecs.cn-shanghai.aliyuncs.com",
        action="RunInstances",
        version="2014-05-26",
        query=query,
        credentials=Credentials("YourAccessKeyId", "YourAccessKeySecret"),
        now=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    assert headers["Authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_query_is_encoded_by_rfc_3986() -> None:
    assert canonical_query({"b": "a b*~", "a": "石/+"}) == "a=%E7%9F%B3%2F%2B&b=a%20b%2A~"


async def test_the_request_is_the_documented_one(tmp_path: Path) -> None:
    provider = Provider()
    await aliyun(provider, tmp_path).send(
        phone=PHONE, template="sign_in_code", params=CODE, key="sms_code:1"
    )
    (request,) = provider.requests
    (sent,) = provider.sent
    assert request.method == "POST" and request.url.host == "dysmsapi.aliyuncs.com"
    assert request.headers["x-acs-action"] == "SendSms"
    assert request.headers["x-acs-version"] == "2017-05-25"
    assert sent["PhoneNumbers"] == PHONE and sent["SignName"] == "石湾政务"
    assert sent["TemplateCode"] == "SMS_1" and json.loads(sent["TemplateParam"]) == CODE
    assert len(sent["OutId"]) == 32
    # What is signed must be, byte for byte, what stands in the URL.
    headers = signed_headers(
        host="dysmsapi.aliyuncs.com",
        action="SendSms",
        version="2017-05-25",
        query=request.url.query.decode(),
        credentials=Credentials("id", "secret"),
        now=datetime.fromisoformat(request.headers["x-acs-date"]),
        nonce=request.headers["x-acs-signature-nonce"],
    )
    assert request.headers["authorization"] == headers["Authorization"]


async def test_a_message_whose_answer_was_lost_is_not_sent_again(tmp_path: Path) -> None:
    provider = Provider(faults=["lost answer"])
    with pytest.raises(Unavailable):
        await aliyun(provider, tmp_path).send(
            phone=PHONE, template="sign_in_code", params=CODE, key="k1"
        )
    # also by another process, after a crash
    receipt = await aliyun(provider, tmp_path).send(
        phone=PHONE, template="sign_in_code", params=CODE, key="k1"
    )
    assert receipt.reference and len(provider.sent) == 1


@pytest.mark.parametrize("code", sorted(LATER) + ["Throttling.Something"])
async def test_temporary_codes_may_be_tried_again(tmp_path: Path, code: str) -> None:
    provider = Provider(faults=[code])
    sender = aliyun(provider, tmp_path)
    with pytest.raises(Unavailable):
        await sender.send(phone=PHONE, template="sign_in_code", params=CODE, key="k1")
    await sender.send(phone=PHONE, template="sign_in_code", params=CODE, key="k1")
    assert len(provider.sent) == 1
    assert [r.headers["x-acs-action"] for r in provider.requests] == ["SendSms", "SendSms"]


@pytest.mark.parametrize(
    "code",
    [
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId.NotFound",
    ],
)
async def test_other_codes_are_final(tmp_path: Path, code: str) -> None:
    provider = Provider(faults=[code])
    with pytest.raises(Rejected) as caught:
        await aliyun(provider, tmp_path).send(
            phone=PHONE, template="sign_in_code", params=CODE, key="k1"
        )
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "fault",
    [
        httpx.Response(502, text="<html>bad gateway"),
        httpx.Response(200, json=["not", "a", "mapping"]),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("late"),
    ],
)
async def test_no_sensible_answer_means_unavailable_and_names_no_number(
    tmp_path: Path, fault: Any
) -> None:
    provider = Provider(faults=[fault])
    with pytest.raises(Unavailable) as caught:
        await aliyun(provider, tmp_path).send(
            phone=PHONE, template="sign_in_code", params=CODE, key="k1"
        )
    assert PHONE not in repr(caught.value) and caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_missing_settings_are_listed() -> None:
    async with httpx.AsyncClient() as client:
        sender = AliyunSms(
            credentials=Credentials("", ""),
            sign_name="",
            templates={},
            ledger=Ledger(Path("unused")),
            client=client,
        )
        assert len(sender.check_config()) == 3
