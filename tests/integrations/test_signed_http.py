"""Signing, asking again, sparing a gateway that is down, and mutual TLS."""

import asyncio
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from integrations.ports import Rejected, Unavailable
from integrations.signed_http import (
    Breaker,
    SignedHttp,
    Signer,
    load_private_key,
    make_client,
)
from tests.integrations.authority import SECRET, Authority, gateway, number

QUESTION = {"name": "测试员", "idNumber": number("测试员")}
WAY = "/persons/verify"


async def test_both_ways_of_signing_are_understood() -> None:
    assert await gateway(Authority()).ask(WAY, QUESTION)
    own = Ed25519PrivateKey.generate()
    assert await gateway(Authority(public_key=own.public_key()), own).ask(WAY, QUESTION)


@pytest.mark.parametrize("secret", [b"another secret of 32 bytes length", None])
async def test_a_wrong_key_is_refused_by_the_other_side(secret: bytes | None) -> None:
    other = Ed25519PrivateKey.generate()
    public: Any = SECRET if secret else Ed25519PrivateKey.generate().public_key()
    with pytest.raises(Rejected, match="401"):
        await gateway(Authority(public_key=public), secret or other).ask(WAY, QUESTION)


@pytest.mark.parametrize("part", ["body", "path", "key", "nonce"])
async def test_nothing_can_be_changed_on_the_way(part: str) -> None:
    authority = Authority()

    async def tampered(request: httpx.Request) -> httpx.Response:
        headers, url, body = request.headers.copy(), request.url, request.content
        if part == "body":
            body = body.replace("测试员".encode(), "李小梅".encode())
        if part == "path":
            url = url.copy_with(path="/api/registers/residence/x")
        if part == "key":
            headers["idempotency-key"] = "0" * 32
        if part == "nonce":
            value = headers["signature-input"]
            headers["signature-input"] = value.replace('nonce="', 'nonce="0')
        return await authority(httpx.Request("POST", url, headers=headers, content=body))

    with pytest.raises(Rejected, match="401"):
        await gateway(tampered).ask(WAY, QUESTION)


async def test_a_request_cannot_be_played_again() -> None:
    authority = Authority()
    await gateway(authority).ask(WAY, QUESTION)
    assert (await authority(authority.requests[0])).status_code == 401


async def test_it_asks_again_when_no_answer_comes_and_means_the_same_question() -> None:
    authority = Authority(instead=[httpx.ReadTimeout("late"), httpx.Response(503)])
    assert await gateway(authority).ask(WAY, QUESTION, key="k1")
    keys = {request.headers["idempotency-key"] for request in authority.requests}
    signatures = {request.headers["signature"] for request in authority.requests}
    assert len(authority.requests) == 3 and len(keys) == 1 and len(signatures) == 3
    await gateway(authority).ask(WAY, QUESTION, key="k2")
    assert authority.requests[-1].headers["idempotency-key"] not in keys


async def test_all_attempts_together_end_in_time() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(Unavailable, match="time-out"):
        await gateway(never, longest_s=0.1).ask(WAY, QUESTION)


async def test_a_gateway_that_is_down_is_spared_until_the_pause_is_over() -> None:
    now = 0.0
    authority = Authority(down=True)
    asked = gateway(authority, attempts=1, breaker=Breaker(limit=3, pause_s=30, clock=lambda: now))
    for _ in range(5):
        with pytest.raises(Unavailable):
            await asked.ask(WAY, QUESTION)
    assert len(authority.requests) == 3
    now = 31.0
    for _ in range(2):
        with pytest.raises(Unavailable):
            await asked.ask(WAY, QUESTION)
    assert len(authority.requests) == 4, "after the pause one may try"
    now, authority.down = 62.0, False
    assert await asked.ask(WAY, QUESTION) and await asked.ask(WAY, QUESTION)


async def test_refusals_do_not_count_as_an_outage() -> None:
    authority = Authority(instead=[httpx.Response(403)] * 9)
    asked = gateway(authority, breaker=Breaker(limit=2))
    for _ in range(9):
        with pytest.raises(Rejected):
            await asked.ask(WAY, QUESTION)
    assert len(authority.requests) == 9


# —— keys and certificates ——


def test_only_an_ed25519_key_is_read(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    pem = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    own = Ed25519PrivateKey.generate()
    file.write_bytes(own.private_bytes(*pem))
    assert load_private_key(file).public_key() == own.public_key()
    for wrong in (b"no key", generate_private_key(SECP256R1()).private_bytes(*pem)):
        file.write_bytes(wrong)
        with pytest.raises(ValueError, match="not a"):
            load_private_key(file)


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"code": "0", "data": {"result": "yes"}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _certificate(folder: Path) -> tuple[Path, Path]:
    """One certificate for both sides, signed by itself, for localhost."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "cert_key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


async def test_a_gateway_that_wants_our_certificate_gets_it(tmp_path: Path) -> None:
    cert_file, key_file = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    context.load_verify_locations(cert_file)
    context.verify_mode = ssl.CERT_REQUIRED
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    async def ask(**files: Path) -> Any:
        client = make_client(timeout_s=5, ca_file=files.pop("ca_file", None), **files)
        gate = SignedHttp(
            name="gateway",
            base_url=f"https://localhost:{server.server_port}",
            signer=Signer("shiwan", SECRET),
            client=client,
            attempts=1,
        )
        async with client:
            return await gate.ask(WAY, QUESTION)

    try:
        with_both = {"ca_file": cert_file, "cert_file": cert_file, "key_file": key_file}
        assert await ask(**with_both) == {"result": "yes"}
        with pytest.raises(Unavailable):
            await ask(ca_file=cert_file)
        with pytest.raises(Unavailable):
            await ask(cert_file=cert_file, key_file=key_file)
    finally:
        server.shutdown()
        server.server_close()
