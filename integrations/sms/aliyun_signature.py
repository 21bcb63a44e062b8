"""Alibaba Cloud's request signature V3 (ACS3-HMAC-SHA256) for RPC calls.

Source: help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature; its example is
our test.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


@dataclass(frozen=True)
class Credentials:
    """An access key; `secret` never leaves this machine."""

    key_id: str
    secret: str


def canonical_query(params: Mapping[str, str]) -> str:
    """Sorted and percent-encoded by RFC 3986; the same text must go into the URL."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(params.items())
    )


def signed_headers(
    *,
    host: str,
    action: str,
    version: str,
    query: str,
    credentials: Credentials,
    now: datetime,
    nonce: str,
) -> dict[str, str]:
    """The headers of a POST to `/` without a body.

    Args:
        query: as `canonical_query` made it.
        now: must be within 15 minutes of the provider's clock.
        nonce: another one for each call.
    """
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(["POST", "/", query, lines, names, headers["x-acs-content-sha256"]])
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(credentials.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    authorization = (
        f"{ALGORITHM} Credential={credentials.key_id},SignedHeaders={names},Signature={signature}"
    )
    return headers | {"Authorization": authorization}
