"""The other side of both vendors' SDKs: HTTP servers that answer as documented.

Payloads: Aliyun SendSms and QuerySendDetails (help.aliyun.com/zh/sms/developer-reference), Tencent
SendSms 55981 and PullSmsSendStatusByPhoneNumber 52072 (cloud.tencent.com/document/product/382).
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LOST_AFTER, LOST_BEFORE, HTML, NO_FORM, SLOW = "lost", "unreached", "html", "no form", "slow"


@dataclass
class Vendor:
    """What arrived, what was sent, and what is to go wrong next (a code or a constant above)."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    address: str = ""

    @property
    def actions(self) -> list[str]:
        return [one["action"] for one in self.requests]

    def answer(self, action: str, params: dict[str, Any]) -> tuple[int, Any]:
        raise NotImplementedError

    def keep(self, params: dict[str, Any]) -> None:
        self.sent.append(params)


class Aliyun(Vendor):
    def action(self, headers: Any) -> str:
        return str(headers["x-acs-action"])

    def params(self, path: str, body: bytes) -> dict[str, Any]:
        return dict(parse_qsl(urlsplit(path).query))

    def answer(self, action: str, params: dict[str, Any]) -> tuple[int, Any]:
        if action == "QuerySendDetails":
            found = [
                {
                    "PhoneNum": one["PhoneNumbers"],
                    "SendStatus": 3,
                    "OutId": one["OutId"],
                    "TemplateCode": one["TemplateCode"],
                    "Content": "…",
                }
                for one in self.sent
                if one["PhoneNumbers"] == params["PhoneNumber"]
            ]
            return 200, {
                "Code": "OK",
                "Message": "OK",
                "RequestId": "819BE656-D2E0-4858-8B21-B2E477085AAF",
                "TotalCount": len(found),
                "SmsSendDetailDTOs": {"SmsSendDetailDTO": found},
            }
        self.keep(params)
        return 200, {
            "BizId": f"9006197469364984{len(self.sent)}^0",
            "Code": "OK",
            "Message": "OK",
            "RequestId": "F655A8D5-B967-440B-8683-DAD6FF8DE990",
        }

    def refuse(self, code: str, params: dict[str, Any]) -> tuple[int, Any]:
        # isv./isp. codes come with 200, those of the gateway (InvalidAccessKeyId…) with 4xx or 5xx
        status = 200 if code.startswith("is") else 400
        return status, {
            "Code": code,
            "Message": f"refused for {params.get('PhoneNumbers')}",
            "RequestId": "R",
        }


class Tencent(Vendor):
    reports_name = False

    def action(self, headers: Any) -> str:
        return str(headers["X-TC-Action"])

    def params(self, path: str, body: bytes) -> dict[str, Any]:
        return dict(json.loads(body))

    def answer(self, action: str, params: dict[str, Any]) -> tuple[int, Any]:
        if action == "PullSmsSendStatusByPhoneNumber":
            found = [
                {
                    "UserReceiveTime": int(time.time()),
                    "CountryCode": "86",
                    "SubscriberNumber": one["PhoneNumberSet"][0][3:],
                    "PhoneNumber": one["PhoneNumberSet"][0],
                    "SerialNo": f"2019:{number}",
                    "ReportStatus": "SUCCESS",
                    "Description": "DELIVRD",
                    "SessionContext": one["SessionContext"] if self.reports_name else "",
                }
                for number, one in enumerate(self.sent, 1)
                if one["PhoneNumberSet"] == [params["PhoneNumber"]]
            ]
            return 200, {"Response": {"PullSmsSendStatusSet": found, "RequestId": "R"}}
        self.keep(params)
        return 200, self._status(params, "Ok", f"2019:{len(self.sent)}")

    def refuse(self, code: str, params: dict[str, Any]) -> tuple[int, Any]:
        # about the number: in its status; about the request: an error of the whole
        if code.startswith(("LimitExceeded", "FailedOperation", "InternalError.")):
            return 200, self._status(params, code, "")
        error = {"Code": code, "Message": f"refused for {params.get('PhoneNumberSet')}"}
        return 200, {"Response": {"Error": error, "RequestId": "R"}}

    def _status(self, params: dict[str, Any], code: str, serial: str) -> Any:
        status = {
            "SerialNo": serial,
            "PhoneNumber": params["PhoneNumberSet"][0],
            "Fee": 1,
            "SessionContext": params["SessionContext"],
            "Code": code,
            "Message": "…",
            "IsoCode": "CN",
        }
        return {"Response": {"SendStatusSet": [status], "RequestId": "R"}}


class _Handler(BaseHTTPRequestHandler):
    vendor: Any
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        vendor = self.vendor
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        action, params = vendor.action(self.headers), vendor.params(self.path, body)
        vendor.requests.append(
            {"action": action, "params": params, "headers": dict(self.headers), "path": self.path}
        )
        fault = vendor.faults.pop(0) if vendor.faults else None
        if fault == LOST_AFTER:
            vendor.keep(params)
        if fault in (LOST_AFTER, LOST_BEFORE):
            self.close_connection = True
            self.connection.close()
            return
        if fault == SLOW:
            time.sleep(1.0)
            fault = None
        if fault == HTML:
            self._say(502, b"<html>bad gateway", "text/html")
        elif fault == NO_FORM:
            self._say(200, b'["not", "a", "mapping"]', "application/json")
        else:
            status, answer = (
                vendor.refuse(fault, params) if fault else vendor.answer(action, params)
            )
            self._say(status, json.dumps(answer).encode(), "application/json")

    def _say(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(vendor: Vendor) -> Iterator[Vendor]:
    """The vendor behind a port of this machine, `vendor.address`."""
    handler = type("Handler", (_Handler,), {"vendor": vendor})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    vendor.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
