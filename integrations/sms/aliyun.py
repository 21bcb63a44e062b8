"""Alibaba Cloud Short Message Service, by the vendor's SDK (Dysmsapi 2017-05-25).

Sources: help.aliyun.com/zh/sms/developer-reference (api-dysmsapi-2017-05-25-sendsms,
-querysenddetails, api-error-codes). The SDK's exceptions and its debug output contain the URL and
so the number and the code: nothing of them goes on but the vendor's error code.
"""

import json
import logging
import re
from typing import Any

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions

from integrations.ports import Rejected, Unavailable
from integrations.sms.once import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, Message, Uncertain

REGION = "cn-hangzhou"
_PAGE = 50
_FAILED_AT_CARRIER = 2

# Codes after which nothing went out and the same message may go through later.
LATER = frozenset(
    {
        "isv.BUSINESS_LIMIT_CONTROL",  # 业务限流: 1 a minute, 5 an hour, 10 a day for one number
        "isv.DAY_LIMIT_CONTROL",  # the account's own limits
        "isv.MONTH_LIMIT_CONTROL",
        "isv.OUT_OF_SERVICE",  # 业务停机: the operator must pay
        "isv.AMOUNT_NOT_ENOUGH",  # 账户余额不足
        "ServiceUnavailable",
        "SignatureNonceUsed",
        "Throttling",
        "Throttling.User",
        "Throttling.Api",
    }
)
# Codes of a failure behind their door: it may have gone out.
UNSURE = frozenset({"isp.SYSTEM_ERROR", "isp.UNKNOWN", "isp.GATEWAY_ERROR", "InternalError"})

_CODE = re.compile(r"[A-Za-z][A-Za-z_.]{2,60}")

# With DEBUG=sdk in the environment it would print whole requests, past our logs.
logging.getLogger("darabonba-core").setLevel(logging.CRITICAL)


class AliyunProvider:
    """The `Provider` over the SDK.

    Args:
        key_id, secret: an access key with `dysms:SendSms` and `dysms:QuerySendDetails`.
        sign_name: the approved signature (短信签名).
        region: decides the endpoint; empty for the mainland's own.
        endpoint: another endpoint, `https://host` or (tests) `http://host:port`.
    """

    def __init__(
        self, *, key_id: str, secret: str, sign_name: str, region: str = "", endpoint: str = ""
    ) -> None:
        scheme, _, host = endpoint.rpartition("://")
        self._sign_name = sign_name
        self._client = Client(
            Config(
                access_key_id=key_id,
                access_key_secret=secret,
                region_id=region or REGION,
                endpoint=host or None,
                protocol=(scheme or "https").upper(),
            )
        )
        # Without retry options the SDK tries once: whether to try again is not its business.
        self._runtime = RuntimeOptions(
            connect_timeout=int(CONNECT_TIMEOUT_S * 1000), read_timeout=int(ANSWER_TIMEOUT_S * 1000)
        )

    def submit(self, message: Message) -> str:
        """See `Provider.submit`."""
        request = models.SendSmsRequest(
            phone_numbers=message.phone,
            sign_name=self._sign_name,
            template_code=message.template,
            template_param=json.dumps(dict(message.params), ensure_ascii=False),
            out_id=message.name,
        )
        body = self._call(self._client.send_sms_with_options, request)
        return str(body.biz_id or "")

    def find(self, message: Message, day: str) -> str | None:
        """See `Provider.find`."""
        request = models.QuerySendDetailsRequest(
            phone_number=message.phone, send_date=day, page_size=_PAGE, current_page=1
        )
        body = self._call(self._client.query_send_details_with_options, request)
        details = body.sms_send_detail_dtos.sms_send_detail_dto if body.sms_send_detail_dtos else []
        for detail in details or []:
            if detail.out_id == message.name and detail.send_status != _FAILED_AT_CARRIER:
                return "found"
        return None

    def _call(self, method: Any, request: Any) -> Any:
        try:
            body = method(request, self._runtime).body
            code = body.code if body is not None else None
        except AlibabaCloudException as exc:
            code = exc.code
        except Exception as exc:
            # No answer, or one that is not in their form.
            raise Uncertain(f"sms: {type(exc).__name__}") from None
        if code == "OK":
            return body
        if not isinstance(code, str) or not _CODE.fullmatch(code) or code == "None":
            raise Uncertain("sms: an answer without a code") from None
        raise _fault(code)


def _fault(code: str) -> Rejected | Unavailable:
    if code in UNSURE:
        return Uncertain(f"sms: {code}")
    if code in LATER or code.startswith("Throttling"):
        return Unavailable(f"sms: {code}")
    return Rejected(f"sms: {code}")
