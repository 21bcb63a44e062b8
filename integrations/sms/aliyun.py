"""Alibaba Cloud Short Message Service (Dysmsapi, version 2017-05-25).

Written against its HTTP interface, not its SDK: the SDK brings an HTTP client and model layer of
its own for the two calls we need. Sources: help.aliyun.com/zh/sms/developer-reference
(api-dysmsapi-2017-05-25-sendsms, -querysenddetails, api-error-codes).
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from integrations.ports import Receipt, Rejected, Unavailable
from integrations.sms.aliyun_signature import Credentials, canonical_query, signed_headers
from integrations.sms.ledger import SENT, TRIED, Entry, Ledger, out_id
from integrations.sms.numbers import check_number

HOST = "dysmsapi.aliyuncs.com"
VERSION = "2017-05-25"
_CHINA = ZoneInfo("Asia/Shanghai")
_PAGE = 50
_FAILED_AT_CARRIER = 2

# Codes after which the same message may go through later; every other code is final.
LATER = frozenset(
    {
        "isp.SYSTEM_ERROR",  # 系统错误
        "isp.UNKNOWN",
        "isp.GATEWAY_ERROR",
        "isv.BUSINESS_LIMIT_CONTROL",  # 业务限流: 1 a minute, 5 an hour, 10 a day for one number
        "isv.DAY_LIMIT_CONTROL",  # the account's own limits
        "isv.MONTH_LIMIT_CONTROL",
        "isv.OUT_OF_SERVICE",  # 业务停机: the operator must pay
        "isv.AMOUNT_NOT_ENOUGH",  # 账户余额不足
        "InternalError",
        "ServiceUnavailable",
        "SignatureNonceUsed",
        "Throttling",
        "Throttling.User",
        "Throttling.Api",
    }
)


class AliyunSms:
    """The `SmsSender` port over Dysmsapi.

    Args:
        credentials: an access key with `dysms:SendSms` and `dysms:QuerySendDetails`.
        sign_name: the approved signature (短信签名).
        templates: our template's name → the approved template's code (`SMS_…`).
        ledger: remembers keys, since the provider has no idempotency key.
        client: time-outs are set on it; shared with others.
    """

    def __init__(
        self,
        *,
        credentials: Credentials,
        sign_name: str,
        templates: Mapping[str, str],
        ledger: Ledger,
        client: httpx.AsyncClient,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._credentials = credentials
        self._sign_name = sign_name
        self._templates = templates
        self._ledger = ledger
        self._client = client
        self._now = now

    async def send(self, *, phone: str, template: str, params: dict[str, str], key: str) -> Receipt:
        """See `SmsSender.send`."""
        check_number(phone)
        code = self._templates.get(template)
        if code is None:
            raise Rejected(f"sms: no template {template}")
        known = await asyncio.to_thread(self._ledger.find, key)
        if known is not None and known.state == SENT:
            return Receipt(known.reference)
        if known is not None and await self._was_sent(phone, key, known.day):
            return await self._sent(key, known.day, "found")
        day = self._now().astimezone(_CHINA).strftime("%Y%m%d")
        await asyncio.to_thread(self._ledger.note, key, Entry(TRIED, "", day))
        answer = await self._call(
            "SendSms",
            {
                "PhoneNumbers": phone,
                "SignName": self._sign_name,
                "TemplateCode": code,
                "TemplateParam": json.dumps(params, ensure_ascii=False),
                "OutId": out_id(key),
            },
        )
        try:
            _check(answer)
        except (Rejected, Unavailable):
            # An answer with an error code is certain: nothing went out.
            await asyncio.to_thread(self._ledger.forget, key)
            raise
        return await self._sent(key, day, str(answer.get("BizId", "")))

    def check_config(self) -> list[str]:
        """What is missing in the settings; empty when messages can be sent."""
        missing = []
        if not self._credentials.key_id or not self._credentials.secret:
            missing.append("sms: access key is not set")
        if not self._sign_name:
            missing.append("sms: sign name is not set")
        if "sign_in_code" not in self._templates:
            missing.append("sms: no template code for sign_in_code")
        return missing

    async def _sent(self, key: str, day: str, reference: str) -> Receipt:
        await asyncio.to_thread(self._ledger.note, key, Entry(SENT, reference, day))
        return Receipt(reference)

    async def _was_sent(self, phone: str, key: str, day: str) -> bool:
        """Whether a try whose answer never came was carried out all the same."""
        answer = await self._call(
            "QuerySendDetails",
            {"PhoneNumber": phone, "SendDate": day, "PageSize": str(_PAGE), "CurrentPage": "1"},
        )
        _check(answer)
        details = (answer.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []
        return any(
            detail.get("OutId") == out_id(key) and detail.get("SendStatus") != _FAILED_AT_CARRIER
            for detail in details
        )

    async def _call(self, action: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        query = canonical_query(params)
        headers = signed_headers(
            host=HOST,
            action=action,
            version=VERSION,
            query=query,
            credentials=self._credentials,
            now=datetime.now(UTC),  # the provider compares with its clock, not with a demo's
            nonce=secrets.token_hex(16),
        )
        try:
            response = await self._client.post(f"https://{HOST}/?{query}", headers=headers)
        except httpx.HTTPError as exc:
            # The exception holds the URL and so the number: only its kind may go on.
            raise Unavailable(f"sms: {type(exc).__name__}") from None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "Code" not in answer:
            raise Unavailable(f"sms: HTTP {response.status_code} without a code") from None
        return answer


def _check(answer: Mapping[str, Any]) -> None:
    code = str(answer["Code"])
    if code == "OK":
        return
    if code in LATER or code.startswith("Throttling"):
        raise Unavailable(f"sms: {code}")
    raise Rejected(f"sms: {code}")
