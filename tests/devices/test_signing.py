"""Signed requests: what passes, and what must not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backoffice.devices import signing
from backoffice.devices.signing import NotSigned, Request

KEY = Ed25519PrivateKey.generate()
PUBLIC = signing.public_bytes(KEY)


def signed(*, off: timedelta = timedelta(0), query: str = "") -> Request:
    request = Request("POST", f"/api/v1/devices/readings{query}", b'{"widget":"w"}')
    signing.sign(request, KEY, created=signing.now() + off)
    return replace(request, headers={n.lower(): v for n, v in request.headers.items()})


def test_the_digest_is_the_standards() -> None:
    """RFC 9530, appendix B."""
    request = Request("POST", "/foo", b'{"hello": "world"}\n')
    signing.sign(request, KEY, created=signing.now())
    assert request.headers["Content-Digest"] == (
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    )


@pytest.mark.parametrize("query", ["", "?known=a%20b&wait=2"])
def test_what_was_signed_passes_and_names_the_device(query: str) -> None:
    request = signed(query=query)
    assert signing.claimed_by(request.headers) == signing.device_id(PUBLIC)
    assert signing.check(request, PUBLIC)


def test_no_nonce_comes_twice() -> None:
    assert len({signing.check(signed(), PUBLIC) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"target": "/api/v1/devices/work"},
        {"target": "/api/v1/devices/readings?a=1"},
        {"body": b'{"widget":"v"}'},
        {"body": b""},
    ],
)
def test_a_changed_request_does_not_pass(change: dict[str, str | bytes]) -> None:
    with pytest.raises(NotSigned):
        signing.check(replace(signed(), **change), PUBLIC)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-3600, -62, 62, 3600])
def test_a_stale_or_early_request_does_not_pass(seconds: int) -> None:
    with pytest.raises(NotSigned):
        signing.check(signed(off=timedelta(seconds=seconds)), PUBLIC)


@pytest.mark.parametrize(
    ("part", "by"),
    [
        ('"@path" ', ""),
        (' "content-digest"', ""),
        ('nonce="', 'nonce="x'),
        ("created=", "created=1"),
        (f';tag="{signing.TAG}"', ""),
        (f';tag="{signing.TAG}"', ';tag="other"'),
    ],
)
def test_changed_parameters_do_not_pass(part: str, by: str) -> None:
    request = signed()
    given = request.headers["signature-input"]
    assert part in given
    request.headers["signature-input"] = given.replace(part, by)
    with pytest.raises(NotSigned):
        signing.check(request, PUBLIC)


def test_another_devices_key_does_not_pass() -> None:
    with pytest.raises(NotSigned):
        signing.check(signed(), signing.public_bytes(Ed25519PrivateKey.generate()))


def test_a_digest_of_another_body_does_not_pass() -> None:
    request = signed()
    request.headers["content-digest"] = "sha-256=:" + "A" * 43 + "=:"
    with pytest.raises(NotSigned):
        signing.check(request, PUBLIC)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage",
        "device=7",
        'device=("@method");created=7',
        'device=("@method");created=7;keyid="k"',
        'device=("@method");created=7;keyid=5',
        f'device=();keyid="{"0" * 32}";tag="a", more=();keyid="{"0" * 32}"',
    ],
)
def test_what_names_no_device_is_no_signature(value: str) -> None:
    with pytest.raises(NotSigned):
        signing.claimed_by({"signature-input": value})


@pytest.mark.parametrize("value", ["", "device=:AAAA:", "other=:" + "A" * 86 + "==:", "device=1"])
def test_a_signature_that_is_none_does_not_pass(value: str) -> None:
    request = signed()
    request.headers["signature"] = value
    with pytest.raises(NotSigned):
        signing.check(request, PUBLIC)
