"""Tencent Cloud Short Message Service, by the vendor's SDK (Sms 2021-01-11).

Sources: cloud.tencent.com/document/product/382 (SendSms 55981, PullSmsSendStatusByPhoneNumber
52072, error codes 59177). Its templates count their parameters, ours name them: a template is set
as `number:name,name`, for instance `1234567:code,minutes`.

The vendor has no idempotency key. Delivery reports bring our own name (SessionContext) only where
the vendor has opened that for the account; otherwise a report of the same day to the same number
whose serial number we never got is taken for the message whose answer was lost. A report comes
only after delivery, so that a very quick second try can send twice.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from integrations.ports import Rejected, Unavailable
from integrations.sms.once import ANSWER_TIMEOUT_S, CHINA, Message, Uncertain
from integrations.sms.templates import template_parts

REGION = "ap-guangzhou"
_REPORTS = 100

# Codes after which nothing went out and the same message may go through later.
LATER = frozenset(
    {
        "FailedOperation.InsufficientBalanceInSmsPackage",  # 套餐包余量不足: the operator must pay
        "UnauthorizedOperation.ServiceSuspendDueToArrears",  # 欠费停服
        "InternalError.RequestTimeException",  # our clock is off by ten minutes
        "LimitExceeded",
        "RequestLimitExceeded",
        "ResourceUnavailable",
    }
)
# Codes of a failure behind their door: it may have gone out.
UNSURE = frozenset(
    {
        "InternalError",
        "InternalError.OtherError",
        "InternalError.ParseBackendResponseFail",
        "InternalError.SendAndRecvFail",
        "InternalError.Timeout",
        "InternalError.UnknownError",
        "ClientNetworkError",
        "ServerNetworkError",
    }
)
_CODE = re.compile(r"[A-Za-z][A-Za-z.]{2,80}")


class TencentProvider:
    """The `Provider` over the SDK.

    Args:
        key_id, secret: a key (SecretId, SecretKey) that may call SendSms and
            PullSmsSendStatusByPhoneNumber.
        app_id: the application's number (SdkAppId) at the vendor.
        sign_name: the approved signature's text, not its number.
        got: whether this serial number came back to us once.
        region: empty for Guangzhou.
        endpoint: another endpoint, `https://host` or (tests) `http://host:port`.
    """

    def __init__(
        self,
        *,
        key_id: str,
        secret: str,
        app_id: str,
        sign_name: str,
        got: Callable[[str], bool],
        region: str = "",
        endpoint: str = "",
    ) -> None:
        scheme, _, host = endpoint.rpartition("://")
        self._app_id = app_id
        self._sign_name = sign_name
        self._got = got
        self._credential = Credential(key_id, secret)
        self._region = region or REGION
        self._profile = ClientProfile(
            httpProfile=HttpProfile(
                protocol=scheme or "https",
                endpoint=host or None,
                reqTimeout=int(ANSWER_TIMEOUT_S),
            )
        )

    def submit(self, message: Message) -> str:
        """See `Provider.submit`."""
        try:
            number, names = template_parts(message.template)
            values = [message.params[name] for name in names]
        except (ValueError, KeyError):
            raise Rejected("sms: the template's parameters do not fit") from None
        request = models.SendSmsRequest()
        request.PhoneNumberSet = [f"+86{message.phone}"]
        request.SmsSdkAppId = self._app_id
        request.SignName = self._sign_name
        request.TemplateId = number
        request.TemplateParamSet = values
        request.SessionContext = message.name
        answer = self._call("SendSms", request)
        statuses = answer.SendStatusSet or []
        if len(statuses) != 1 or not statuses[0].Code:
            raise Uncertain("sms: an answer without a status")
        if statuses[0].Code != "Ok":
            raise _fault(statuses[0].Code)
        return str(statuses[0].SerialNo or "")

    def find(self, message: Message, day: str) -> str | None:
        """See `Provider.find`."""
        begin = datetime.strptime(day, "%Y%m%d").replace(tzinfo=CHINA)
        request = models.PullSmsSendStatusByPhoneNumberRequest()
        request.PhoneNumber = f"+86{message.phone}"
        request.SmsSdkAppId = self._app_id
        request.BeginTime = int(begin.timestamp())
        request.Offset = 0
        request.Limit = _REPORTS
        answer = self._call("PullSmsSendStatusByPhoneNumber", request)
        for report in answer.PullSmsSendStatusSet or []:
            if report.ReportStatus == "FAIL" or not report.SerialNo:
                continue
            if report.SessionContext == message.name or (
                not report.SessionContext and not self._got(report.SerialNo)
            ):
                return str(report.SerialNo)
        return None

    def _call(self, action: str, request: Any) -> Any:
        try:
            # A client of its own for each call: its session is not made for several threads.
            client = SmsClient(self._credential, self._region, self._profile)
            return getattr(client, action)(request)
        except TencentCloudSDKException as exc:
            # Its message may quote the request.
            raise _fault(str(exc.code)) from None
        except Exception as exc:
            raise Uncertain(f"sms: {type(exc).__name__}") from None


def _fault(code: str) -> Rejected | Unavailable:
    # The SDK passes Python's own exceptions on as codes: `JSONDecodeError`, `KeyError`.
    own = "." not in code and code.endswith(("Error", "Exception")) and code not in UNSURE
    if own or not _CODE.fullmatch(code):
        return Uncertain("sms: an answer without a code")
    if code in UNSURE:
        return Uncertain(f"sms: {code}")
    if code in LATER or code.startswith(("LimitExceeded.", "RequestLimitExceeded.")):
        return Unavailable(f"sms: {code}")
    return Rejected(f"sms: {code}")
