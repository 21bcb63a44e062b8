"""Production refuses to start with anything of the demonstration, and says all of it at once."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sanic import Sanic

from backoffice.crypto import KeyRing
from backoffice.results.signing import SigningKeys
from bootstrap.container import build
from bootstrap.settings import SMS_TEXTS, Settings, SettingsUnusable
from gateway.app import create_app
from tests.repository.sources import ROOT

PROCESSES = ("gateway", "actions", "worker")
_GOOD = {
    "XZ_MODE": "production",
    "XZ_PUBLIC_URL": "https://hall.example.cn",
    "XZ_TRUSTED_PROXIES": "1",
    "XZ_BOT_SECRET": "b" * 32,
    "XZ_ACTIONS_SECRET": "a" * 32,
    "XZ_SMS_ADAPTER": "aliyun",
    "XZ_SMS_ACCESS_KEY_ID": "id",
    "XZ_SMS_ACCESS_KEY_SECRET": "secret",
    "XZ_SMS_SIGN_NAME": "石湾政务",
    "XZ_SMS_TEMPLATES": json.dumps(dict.fromkeys(SMS_TEXTS, "SMS_1")),
    "XZ_REGISTERS_ADAPTER": "http",
    "XZ_REGISTERS_URL": "https://share.example.gov.cn/api",
    "XZ_REGISTERS_APP_ID": "shiwan",
    "XZ_REGISTERS_SECRET": "r" * 32,
    "XZ_POLICE_ADAPTER": "http",
    "XZ_POLICE_URL": "https://police.example.gov.cn/api",
    "XZ_POLICE_KEY_ID": "shiwan",
    "XZ_POLICE_SECRET": "p" * 32,
    "XZ_DEPARTMENTS_ADAPTER": "none",
    "XZ_FINGERPRINT_SENSOR": "none",
    "XZ_VIDEO_ADAPTER": "none",
}


_DEPARTMENTS = {
    "XZ_DEPARTMENTS_ADAPTER": "http",
    "XZ_DEPARTMENTS_URL": "https://departments.example.gov.cn/api",
    "XZ_DEPARTMENTS_APP_ID": "shiwan",
    "XZ_DEPARTMENTS_SECRET": "d" * 32,
}


def _templates(**changed: str | None) -> str:
    """Tencent's templates, with these changed or (None) left out."""
    all_of_them = {
        "sign_in_code": "1:code,minutes",
        "notice": "2",
        "queue_near": "3:number,before",
        "queue_called": "4:number,window",
        "acted_for": "5:agent,relation",
    } | changed
    return json.dumps({name: value for name, value in all_of_them.items() if value})


_TENCENT = {
    "XZ_SMS_ADAPTER": "tencent",
    "XZ_SMS_APP_ID": "1400006666",
    "XZ_SMS_TEMPLATES": _templates(),
}


def _start(process: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Start a process that is expected to refuse."""
    environment = {"PATH": os.environ["PATH"], "XZ_VAR_DIR": str(folder)} | settings
    return subprocess.run(
        [sys.executable, "-m", process],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("process", PROCESSES)
def test_nothing_set_is_refused_with_the_whole_list(process: str, tmp_path: Path) -> None:
    ended = _start(process, tmp_path, XZ_DEMO_CLERK_PASSWORD="easy", XZ_DEMO_ADMIN_PASSWORD="easy")
    assert ended.returncode == 1
    for name in (
        "XZ_KEYS_FILE", "XZ_SIGNING_KEY_FILE", "XZ_BOT_SECRET", "XZ_ACTIONS_SECRET",
        "XZ_SMS_ADAPTER", "XZ_REGISTERS_ADAPTER", "XZ_POLICE_ADAPTER", "XZ_ESEAL_ADAPTER",
        "XZ_FINGERPRINT_SENSOR",
        "XZ_VIDEO_ADAPTER",
        "XZ_PUBLIC_URL",
        "XZ_DEMO_CLERK_PASSWORD", "XZ_DEMO_ADMIN_PASSWORD",
    ):  # fmt: skip
        assert name in ended.stderr, name
    assert "easy" not in ended.stderr, "a password was printed"
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == [], "it left something behind"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"XZ_SMS_ADAPTER": "sandbox"}, "XZ_SMS_ADAPTER"),
        ({"XZ_REGISTERS_ADAPTER": "sandbox"}, "XZ_REGISTERS_ADAPTER"),
        ({"XZ_POLICE_ADAPTER": "sandbox"}, "XZ_POLICE_ADAPTER"),
        ({"XZ_DEPARTMENTS_ADAPTER": "sandbox"}, "XZ_DEPARTMENTS_ADAPTER"),
        (_DEPARTMENTS | {"XZ_DEPARTMENTS_APP_ID": ""}, "XZ_DEPARTMENTS_APP_ID is not set"),
        (_DEPARTMENTS | {"XZ_DEPARTMENTS_URL": "http://x.gov.cn"}, "XZ_DEPARTMENTS_URL"),
        ({"XZ_FINGERPRINT_SENSOR": "sandbox"}, "XZ_FINGERPRINT_SENSOR"),
        ({"XZ_VIDEO_ADAPTER": "sandbox"}, "XZ_VIDEO_ADAPTER"),
        ({"XZ_PUBLIC_URL": "http://hall.example.cn"}, "XZ_PUBLIC_URL"),
        ({"XZ_TRUSTED_PROXIES": "0"}, "XZ_TRUSTED_PROXIES"),
        ({"XZ_BOT_SECRET": "short"}, "XZ_BOT_SECRET"),
        ({"XZ_ACTIONS_SECRET": ""}, "XZ_ACTIONS_SECRET"),
        ({"XZ_DEMO_HEAD_PASSWORD": "x"}, "XZ_DEMO_HEAD_PASSWORD"),
        ({"XZ_DEMO_HEAD_FACTOR": "00"}, "XZ_DEMO_HEAD_FACTOR"),
        ({"XZ_KEYS_FILE": ""}, "XZ_KEYS_FILE"),
        ({"XZ_SIGNING_KEY_FILE": ""}, "XZ_SIGNING_KEY_FILE"),
        ({"XZ_SMS_ACCESS_KEY_ID": ""}, "XZ_SMS_ACCESS_KEY_ID is not set"),
        ({"XZ_SMS_ACCESS_KEY_SECRET": ""}, "XZ_SMS_ACCESS_KEY_SECRET is not set"),
        ({"XZ_SMS_SIGN_NAME": ""}, "XZ_SMS_SIGN_NAME is not set"),
        ({"XZ_SMS_TEMPLATES": _templates(notice=None)}, "no template for notice"),
        ({"XZ_SMS_ENDPOINT": "http://127.0.0.1:1"}, "XZ_SMS_ENDPOINT"),
        (_TENCENT | {"XZ_SMS_APP_ID": ""}, "XZ_SMS_APP_ID is not set"),
        (
            _TENCENT | {"XZ_SMS_TEMPLATES": _templates(sign_in_code="SMS_1")},
            "sign_in_code is not number:name,name",
        ),
        ({"XZ_REGISTERS_URL": "http://share.example.gov.cn"}, "XZ_REGISTERS_URL"),
        ({"XZ_REGISTERS_SECRET": ""}, "XZ_REGISTERS_SECRET is not set"),
        ({"XZ_POLICE_URL": ""}, "XZ_POLICE_URL"),
        ({"XZ_POLICE_KEY_ID": ""}, "XZ_POLICE_KEY_ID is not set"),
        ({"XZ_POLICE_SECRET": ""}, "either XZ_POLICE_SECRET or XZ_POLICE_KEY_FILE"),
        ({"XZ_POLICE_KEY_FILE": "key.pem"}, "either XZ_POLICE_SECRET or XZ_POLICE_KEY_FILE"),
        ({"XZ_POLICE_CERT_KEY_FILE": "key.pem"}, "XZ_POLICE_CERT_FILE"),
    ],
)
def test_each_leftover_of_the_demonstration_is_a_fault(
    changed: dict[str, str], told: str, tmp_path: Path
) -> None:
    given = _GOOD | {"XZ_KEYS_FILE": "keys", "XZ_SIGNING_KEY_FILE": "signing"}
    # The seal has no adapter but the sandbox yet, so that one fault is always there.
    assert [one.split()[0] for one in _faults(given)] == ["XZ_ESEAL_ADAPTER=sandbox"]
    found = [one for one in _faults(given | changed) if "XZ_ESEAL" not in one]
    assert len(found) == 1
    assert told in found[0]


def test_the_other_messenger_may_be_used_as_well() -> None:
    given = _GOOD | _TENCENT | {"XZ_KEYS_FILE": "keys", "XZ_SIGNING_KEY_FILE": "signing"}
    assert [one.split()[0] for one in _faults(given)] == ["XZ_ESEAL_ADAPTER=sandbox"]


def test_key_files_that_do_not_fit_stop_the_start(tmp_path: Path) -> None:
    file = tmp_path / "police.pem"
    file.write_text("hunter2")
    for changed in ({"police_key_file": file}, {"police_cert_file": file}):
        settings = _production(tmp_path, test_keys=False).model_copy(
            update={"police_adapter": "http"} | changed
        )
        with pytest.raises(SettingsUnusable, match="police") as caught:
            build(settings)
        assert "hunter2" not in str(caught.value)


def _faults(given: dict[str, str]) -> list[str]:
    values: dict[str, object] = {k[3:].lower(): v for k, v in given.items() if v}
    if "sms_templates" in values:
        values["sms_templates"] = json.loads(given["XZ_SMS_TEMPLATES"])
    return Settings(**values).faults()  # type: ignore[arg-type]


def _production(folder: Path, *, test_keys: bool) -> Settings:
    """Settings that pass over the start's own check, to see what lies behind it."""
    keys, signing = folder / "keys.json", folder / "signing.json"
    KeyRing.generate().save(keys)
    SigningKeys.generate(test=test_keys, now=datetime.now(UTC)).save(signing)
    return Settings(
        mode="production",
        var_dir=folder,
        keys_file=keys,
        signing_key_file=signing,
        public_url="https://hall.example.cn",
        metrics_port=0,
    )


def test_keys_of_a_demonstration_sign_nothing_in_production(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"(?i)test"):
        build(_production(tmp_path, test_keys=True))


def test_what_only_a_demonstration_has_does_not_exist_in_production(tmp_path: Path) -> None:
    def paths(settings: Settings) -> set[str]:
        Sanic.test_mode = True
        Sanic._app_registry.clear()
        made = create_app(build(settings))
        Sanic._app_registry.clear()
        return {route.path for route in made.router.routes}

    real = paths(_production(tmp_path, test_keys=False))
    demo = paths(_production(tmp_path, test_keys=False).model_copy(update={"mode": "demo"}))
    only = {one for one in demo - real if not one.startswith("static/demo/")}
    assert only == {
        "demo", "demo/inbox", "demo/clock", "demo/card-reader", "demo/finger", "demo/video",
        "demo/factor",
    }  # fmt: skip
    assert real <= demo


@pytest.mark.parametrize("process", PROCESSES)
def test_broken_keys_are_refused_without_showing_them(process: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"current": "k1", "keys": {"k1": "c2VjcmV0"}, "index": "c2VjcmV0"}))
    ended = _start(
        process,
        tmp_path,
        XZ_MODE="demo",
        XZ_KEYS_FILE=str(keys),
        XZ_BOT_SECRET="b" * 32,
        XZ_ACTIONS_SECRET="a" * 32,
    )
    assert ended.returncode == 1
    assert "32 bytes" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "c2VjcmV0" not in ended.stderr


def test_values_of_a_wrong_kind_are_named_but_not_shown(tmp_path: Path) -> None:
    ended = _start("gateway", tmp_path, XZ_PORT="hunter2", XZ_MODE="hunter2")
    assert ended.returncode == 1
    assert "XZ_PORT" in ended.stderr
    assert "XZ_MODE" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr
    ended = _start("gateway", tmp_path, XZ_SMS_TEMPLATES="hunter2")
    assert ended.returncode == 1
    assert "sms_templates" in ended.stderr.lower()
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


def test_demo_data_is_not_put_into_production(tmp_path: Path) -> None:
    ended = _start("bootstrap.demo", tmp_path, **_GOOD, XZ_KEYS_FILE="keys")
    assert ended.returncode == 1
    assert "demo mode" in ended.stderr
