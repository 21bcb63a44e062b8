"""The daemon's key, its demonstration's reader, and the operator's commands."""

import asyncio
import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import migrations.tables  # noqa: F401  (every table must be known)
from backoffice.crypto import KeyRing
from backoffice.db import Base, make_engine
from backoffice.devices.signing import public_bytes
from devices.__main__ import main
from devices.keys import KeyUnusable, ensure_key
from devices.tray import follow, only_with_a_demonstration
from integrations.devices.samv.driver import SamvReader
from ops.devices import main as operator


def test_the_key_is_made_once_and_is_the_owners_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kiosk" / "device.pem"
    monkeypatch.setenv("XZ_DEVICE_KEY_FILE", str(path))
    assert main(["key"]) == 0
    first = capsys.readouterr().out
    assert main(["key"]) == 0
    assert capsys.readouterr().out == first == public_bytes(ensure_key(path)).hex() + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_others_may_read_or_that_is_none_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "device.pem"
    ensure_key(path)
    path.chmod(0o640)
    with pytest.raises(KeyUnusable, match="others"):
        ensure_key(path)
    path.write_text("nonsense")
    path.chmod(0o600)
    monkeypatch.setenv("XZ_DEVICE_KEY_FILE", str(path))
    assert main(["key"]) == 1


@pytest.fixture(params=[True, False])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, bool]]:
    """Something that says whether it is a demonstration."""

    class Info(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"demo": request.param}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    served = HTTPServer(("127.0.0.1", 0), Info)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}", request.param
    served.shutdown()
    served.server_close()


async def test_invented_cards_go_to_a_demonstration_only(server: tuple[str, bool]) -> None:
    url, demo = server
    if demo:
        await only_with_a_demonstration(url)
    else:
        with pytest.raises(RuntimeError):
            await only_with_a_demonstration(url)


async def test_the_tray_lays_cards_on_the_simulated_reader(tmp_path: Path) -> None:
    tray, link = tmp_path / "card.json", tmp_path / "idcard"
    tray.write_text('{"card": "韦秀兰"}')  # from yesterday
    task = asyncio.create_task(follow(tray, link))
    driver = SamvReader(str(link))
    try:
        async with asyncio.timeout(20):
            while not link.is_symlink():
                await asyncio.sleep(0.05)
            assert not await asyncio.to_thread(driver.find)
            tray.write_text('{"card": "测试员"}')
            while not await asyncio.to_thread(driver.find):
                await asyncio.sleep(0.1)
            assert (await asyncio.to_thread(driver.read)).name == "测试员"
            tray.write_text('{"card": null}')
            await asyncio.sleep(1)
            assert not await asyncio.to_thread(driver.find)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        driver.close()


def test_the_operator_lets_a_kiosk_in_and_shuts_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    KeyRing.generate().save(tmp_path / "keys.json")
    for name, value in {
        "MODE": "demo", "DATABASE_URL": url, "KEYS_FILE": str(tmp_path / "keys.json"),
        "BOT_SECRET": "b" * 32, "ACTIONS_SECRET": "a" * 32, "VAR_DIR": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"XZ_{name}", value)
    asyncio.run(_tables(url))
    public = public_bytes(Ed25519PrivateKey.generate()).hex()
    assert operator(["register", public, "--name", "大厅1号机"]) == 0
    told = capsys.readouterr().out
    device_id = told.split("设备编号 ")[1].split()[0]
    assert f"{device_id}." in told
    assert operator(["register", public, "--name", "again"]) == 1
    assert "已经登记" in capsys.readouterr().err
    assert operator(["list"]) == 0
    assert "大厅1号机" in capsys.readouterr().out
    assert operator(["revoke", device_id]) == 0
    capsys.readouterr()
    assert operator(["list"]) == 0
    assert "revoked" in capsys.readouterr().out


async def _tables(url: str) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
