"""Signed requests: the standard's own example, and what must not pass."""

import base64
import time
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backoffice.devices import signing
from backoffice.devices.signing import NotSigned, Request

KEY = Ed25519PrivateKey.generate()
REQUEST = Request("POST", "/api/v1/devices/readings", "", b'{"widget":"w"}')


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_the_standards_example_has_the_standards_signature() -> None:
    """RFC 9421, appendix B.2.6, with the key of B.1.4."""
    key = load_pem_private_key(
        b"-----BEGIN PRIVATE KEY-----\n"
        b"MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
        b"-----END PRIVATE KEY-----\n",
        None,
    )
    assert isinstance(key, Ed25519PrivateKey)
    base = signing.signature_base(
        {
            "date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "@method": "POST",
            "@path": "/foo",
            "@authority": "example.com",
            "content-type": "application/json",
            "content-length": "18",
        },
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
    )
    assert base64.b64encode(key.sign(base)).decode() == (
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )


def test_the_digest_is_the_standards() -> None:
    """RFC 9530, appendix B."""
    assert signing.content_digest(b'{"hello": "world"}\n') == (
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    )


def test_what_was_signed_passes_and_names_the_device() -> None:
    claimed = signing.claim(lower(signing.sign(REQUEST, KEY, created=7)))
    signing.check(REQUEST, claimed, signing.public_bytes(KEY))
    assert claimed.device_id == signing.device_id(signing.public_bytes(KEY))
    assert claimed.created == 7


def test_no_nonce_comes_twice() -> None:
    nonces = {
        signing.claim(lower(signing.sign(REQUEST, KEY, created=int(time.time())))).nonce
        for _ in range(50)
    }
    assert len(nonces) == 50


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"path": "/api/v1/devices/work"},
        {"query": "a=1"},
        {"body": b'{"widget":"v"}'},
        {"body": b""},
    ],
)
def test_a_changed_request_does_not_pass(change: dict[str, str | bytes]) -> None:
    claimed = signing.claim(lower(signing.sign(REQUEST, KEY, created=7)))
    with pytest.raises(NotSigned):
        signing.check(replace(REQUEST, **change), claimed, signing.public_bytes(KEY))  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["created=7", "nonce=", "keyid="])
def test_changed_parameters_do_not_pass(part: str) -> None:
    headers = lower(signing.sign(REQUEST, KEY, created=7))
    given = headers["signature-input"]
    at = given.index(part) + len(part) + (0 if part.startswith("created") else 3)
    other = "8" if given[at - 1] != "8" else "9"
    headers["signature-input"] = given[: at - 1] + other + given[at:]
    with pytest.raises(NotSigned):
        signing.check(REQUEST, signing.claim(headers), signing.public_bytes(KEY))


def test_another_devices_key_does_not_pass() -> None:
    other = Ed25519PrivateKey.generate()
    claimed = signing.claim(lower(signing.sign(REQUEST, KEY, created=7)))
    with pytest.raises(NotSigned):
        signing.check(REQUEST, claimed, signing.public_bytes(other))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature-input", ""),
        ("signature-input", 'device=("@method");created=7;nonce="abcdefghijklmnopq";keyid="k"'),
        ("signature", ""),
        ("signature", "device=:AAAA:"),
        ("signature", "other=:" + "A" * 86 + "==:"),
    ],
)
def test_what_is_not_of_our_profile_is_no_signature(name: str, value: str) -> None:
    headers = lower(signing.sign(REQUEST, KEY, created=7)) | {name: value}
    with pytest.raises(NotSigned):
        signing.claim(headers)
