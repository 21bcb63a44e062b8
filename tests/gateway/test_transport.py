"""Requests that are broken below HTTP's content: bytes, headers, paths, methods, slow senders."""

import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.gateway.conftest import (
    CANARY,
    CANARY_NUMBER,
    CANARY_ZH,
    Hall,
    Visit,
    assert_hardened,
    assert_refused,
)

ODD_SEGMENTS = {
    "percent": "%",
    "bad escape": "%zz",
    "NUL": "%00",
    "invalid UTF-8": "%ff%fe",
    "surrogate": "%ed%a0%80",
    "new line": "%0d%0aSet-Cookie:%20a=b",
    "slash": "%2f",
    "up": "%2e%2e",
    "long": "a" * 4000,
    "Chinese": CANARY_ZH,
    "number": CANARY_NUMBER,
    "SQL": "'%20OR%201=1--",
    "template": "{{7*7}}",
}
PLACES = (
    ("GET", "/api/v1/conversations/{}/messages"),
    ("POST", "/api/v1/conversations/{}/messages"),
    ("POST", "/api/v1/conversations/{}/uploads?widget=w"),
    ("GET", "/api/v1/me/applications/{}"),
    ("GET", "/api/v1/me/results/{}/qr.png"),
    ("GET", "/api/v1/me/results/{}/document.pdf"),
    ("GET", "/api/v1/staff/cases/{}"),
    ("POST", "/api/v1/staff/tasks/{}/take"),
    ("GET", "/static/verify/{}"),
    ("GET", "/assets/{}"),
    ("GET", "/nowhere/{}"),
    ("GET", "/{}"),
)


@pytest.mark.parametrize("what", ODD_SEGMENTS)
@pytest.mark.parametrize(("method", "path"), PLACES)
def test_odd_paths_find_nothing(
    hall: Hall, visit: Visit, method: str, path: str, what: str
) -> None:
    visit.sign_in("13800000009")
    for token in (visit.token, hall.staff_token() if "staff" in path else visit.token):
        answer = hall.client.request(
            method,
            path.format(ODD_SEGMENTS[what]),
            headers={"Authorization": f"Bearer {token}"},
            json={"text": "a"} if method == "POST" else None,
        )
        if path == "/{}" and what == "up":
            continue  # it is the home page
        assert_refused(answer, 400, 401, 404, 405, 414)
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("what", ODD_SEGMENTS)
def test_odd_codes_get_a_page(hall: Hall, what: str) -> None:
    answer = hall.client.get(f"/v/{ODD_SEGMENTS[what]}")
    assert answer.status_code in (200, 400, 404)
    assert "<script>" not in answer.text
    assert "49" not in answer.text or what != "template"
    assert_hardened(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/static/verify/../../../gateway/app.py",
        "/static/verify/..%2f..%2f..%2fgateway%2fapp.py",
        "/static/verify/%2e%2e/%2e%2e/app.py",
        "/static/verify//etc/passwd",
        "/static/verify/..\\..\\app.py",
        "/staff/static/..%2f..%2fapp.py",
        "/assets/..%2f..%2f..%2f..%2fpackage.json",
        "/static/app/..%2findex.html",
    ],
)
def test_no_path_leads_out_of_the_static_files(hall: Hall, path: str) -> None:
    status, _, body = _raw(hall, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert status in (400, 404)
    assert b"import" not in body
    assert b"root:" not in body


@pytest.mark.parametrize(
    "after", ["-1", "9" * 30, "9" * 5000, "x", "", "1.5", "0x1", "NaN", CANARY, "%00", "%ff", "1e3"]
)
def test_after_must_be_a_number_of_a_message(visit: Visit, after: str) -> None:
    answer = visit.hall.client.get(f"{visit.path}/messages?after={after}", headers=visit.headers)
    assert_refused(answer, 400) if after else assert_hardened(answer)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "GET", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "path", ["/api/v1/info", "/api/v1/conversations/", "/v/ABC", "/api/v1/me/", "/health/live"]
)
def test_wrong_methods_are_refused(hall: Hall, method: str, path: str) -> None:
    answer = hall.client.request(method, path, content=CANARY.encode())
    assert answer.status_code < 500
    assert CANARY not in answer.text
    if answer.status_code >= 400:
        assert_refused(answer, 400, 401, 404, 405)


@pytest.mark.parametrize(
    "token",
    ["", "x", "é", "\xff\xfe", "a b c", "Bearer", "a" * 7000, "{}", "null", CANARY],
    ids=lambda token: ascii(token)[:12],
)
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer  ", "Basic ", ""])
def test_odd_tokens_open_nothing(hall: Hall, visit: Visit, scheme: str, token: str) -> None:
    headers = [(b"Authorization", (scheme + token).strip().encode("latin-1"))]
    for path in (f"{visit.path}/messages", "/api/v1/me/", "/api/v1/me/results"):
        assert_refused(hall.client.get(path, headers=headers), 404)  # type: ignore[arg-type]
    answer = hall.client.get("/api/v1/staff/cases", headers=headers)  # type: ignore[arg-type]
    assert_refused(answer, 401)


def test_odd_cookies_open_no_staff_page(hall: Hall) -> None:
    for value in (b"x", b"\xff\xfe", b'"quoted"', b"a" * 6000, b"=;=;"):
        answer = hall.client.get("/staff", headers=[(b"Cookie", b"xz_staff=" + value)])  # type: ignore[arg-type]
        assert answer.status_code in (302, 303)
        assert answer.headers["location"] == "/staff/login"


def _raw(hall: Hall, *parts: bytes, pause_s: float = 0) -> tuple[int, bytes, bytes]:
    """Send bytes as they are; returns status, head and body (status 0: closed without a word)."""
    with socket.create_connection(("127.0.0.1", hall.port), timeout=10) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except OSError:
                break
            time.sleep(pause_s)
        answer = b"".join(_received(connection))
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), head.lower(), body


def _received(connection: socket.socket) -> Iterator[bytes]:
    connection.settimeout(1.5)
    try:
        while part := connection.recv(65536):
            yield part
    except OSError:
        return


_C = CANARY.encode()
BROKEN = {
    "no HTTP": _C + b"\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "no host": b"GET /api/v1/info HTTP/1.1\r\n\r\n",
    "bad header": b"GET / HTTP/1.1\r\nHost: a\r\n" + _C + b"\r\n\r\n",
    "bytes in header": b"GET /api/v1/info HTTP/1.1\r\nHost: a\r\nX-A: \xff\x00\xfe\r\n\r\n",
    "huge header": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "bad length": b"POST /api/v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n" + _C,
    "words as length": b"POST /api/v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    "two lengths": b"POST /api/v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
    b"Content-Length: 6\r\n\r\n" + _C,
    "length and chunks": b"POST /api/v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + _C + b"\r\n0\r\n\r\n",
    "bad chunk": b"POST /api/v1/verify HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + _C + b"\r\n0\r\n\r\n",
    "endless chunk": b"POST /api/v1/verify HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 100 + b"\r\n" + _C,
    "unknown encoding": b"POST /api/v1/verify HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: " + _C + b"\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_broken_requests_are_refused_and_the_server_goes_on(hall: Hall, what: str) -> None:
    status, head, body = _raw(hall, BROKEN[what])
    assert status < 500, (status, body)
    assert _C not in body
    if status >= 400:
        assert b"x-content-type-options: nosniff" in head
        assert b'"error"' in body
    assert hall.client.get("/health/live").status_code == 200


def test_a_slow_sender_keeps_nobody_else_waiting(hall: Hall, visit: Visit) -> None:
    head = f"POST {visit.path}/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", hall.port), timeout=10) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(head.encode() + b'{"text": "')
        begin = time.monotonic()
        assert visit.say(text="谢谢").status_code == 200
        assert time.monotonic() - begin < 3
    finally:
        for connection in slow:
            connection.close()
    assert visit.say(text="谢谢").status_code == 200


def test_chunks_beyond_the_largest_request_are_cut_off(hall: Hall) -> None:
    head = b"POST /api/v1/verify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    status, _, _ = _raw(hall, head, *[chunk] * 14, b"0\r\n\r\n")
    assert status in (0, 413)


def test_a_forged_forwarding_header_does_not_change_who_is_counted(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No proxy is trusted here, so nobody gets a fresh count by naming another address."""
    from gateway import http

    monkeypatch.setitem(http.LIMITS["demo"], "open", "5/minute")
    statuses = [
        hall.client.post(
            "/api/v1/conversations/",
            json={},
            headers={"X-Forwarded-For": f"203.0.113.{n}", "X-Real-IP": f"203.0.113.{n}",
                     "Forwarded": f"for=203.0.113.{n}"},
        ).status_code
        for n in range(7)
    ]  # fmt: skip
    assert statuses == [201] * 5 + [429] * 2


@pytest.mark.parametrize(
    ("what", "ask"),
    [
        ("open", lambda hall, visit: hall.client.post("/api/v1/conversations/", json={})),
        ("turn", lambda hall, visit: visit.say(text="谢谢")),
        ("upload", lambda hall, visit: visit.upload("w", b"x")),
        ("login", lambda hall, visit: hall.client.post(
            "/api/v1/staff/session", json={"username": "x", "password": "y"})),
    ],
)  # fmt: skip
def test_too_many_requests_are_refused_with_the_time_to_wait(
    hall: Hall, visit: Visit, what: str, ask: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway import http

    monkeypatch.setitem(http.LIMITS["demo"], what, "2/minute")
    http._limiter.storage.reset()
    answers: list[httpx.Response] = [ask(hall, visit) for _ in range(3)]  # type: ignore[operator]
    assert 429 not in [one.status_code for one in answers[:2]]
    assert_refused(answers[2], 429, code="too_many_requests")
    assert "秒" in answers[2].json()["error"]["message"]


def test_every_way_of_an_answer_is_hardened(hall: Hall, visit: Visit) -> None:
    for path in ("/api/v1/info", "/v/", "/nowhere", "/staff/login", "/openapi.json",
                 "/health/live", "/.well-known/xiaozheng-keys.json"):  # fmt: skip
        assert_hardened(hall.client.get(path))
    assert_hardened(hall.client.get(f"{visit.path}/messages", headers=visit.headers))


def test_every_route_is_described_or_left_out_on_purpose(hall: Hall) -> None:
    described = {
        (method.upper(), path.rstrip("/"))
        for path, methods in hall.client.get("/openapi.json").json()["paths"].items()
        for method in methods
    }
    assert described, "the description is empty"
    missing = []
    for route in hall.app.router.routes:
        path = "/" + route.path.strip("/")
        for name in (":str", ":int"):
            path = path.replace(name, "")
        path = path.replace("<", "{").replace(">", "}")
        if path.startswith(("/api/", "/demo", "/health")):
            missing += [
                f"{method} {path}"
                for method in route.methods - {"HEAD", "OPTIONS"}
                if (method, path.rstrip("/")) not in described
            ]
    assert not missing, missing


def test_no_other_site_may_read_answers(hall: Hall) -> None:
    answer = hall.client.get("/api/v1/info", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    asked = hall.client.options(
        "/api/v1/conversations/",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert "access-control-allow-origin" not in asked.headers
