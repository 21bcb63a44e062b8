"""The environment of the processes and the demo's secrets."""

import stat
from pathlib import Path

import pytest

from backoffice.crypto import KeyRing
from ops.env import ROOT, ensure_demo_env, process_environment, read_env_file
from ops.run import main as run


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XZ_MODE", "XZ_DATABASE_URL", "XZ_PORT", "XZ_BOT_SECRET", "XZ_TRACKER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XZ_VAR_DIR", str(tmp_path / "var"))


def test_demo_secrets_are_made_once_for_the_owner_only(tmp_path: Path) -> None:
    ensure_demo_env(tmp_path / "var")
    first = read_env_file(tmp_path / "var" / "demo.env")
    ensure_demo_env(tmp_path / "var")
    assert read_env_file(tmp_path / "var" / "demo.env") == first
    assert len(first["XZ_BOT_SECRET"]) >= 32
    assert len({v for k, v in first.items() if k.endswith(("SECRET", "PASSWORD"))}) == 7
    for name in ("demo.env", "keys.json", "signing.json"):
        assert stat.S_IMODE((tmp_path / "var" / name).stat().st_mode) == 0o600
    KeyRing.load(Path(first["XZ_KEYS_FILE"]))


def test_empty_setting_counts_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_demo_env(tmp_path / "var")
    monkeypatch.setenv("XZ_BOT_SECRET", "")
    assert len(process_environment()["XZ_BOT_SECRET"]) >= 32


def test_two_demos_have_different_secrets(tmp_path: Path) -> None:
    ensure_demo_env(tmp_path / "a")
    ensure_demo_env(tmp_path / "b")
    one, two = (read_env_file(tmp_path / n / "demo.env") for n in "ab")
    assert one["XZ_ACTIONS_SECRET"] != two["XZ_ACTIONS_SECRET"]
    assert one["XZ_DEMO_CLERK_PASSWORD"] != two["XZ_DEMO_CLERK_PASSWORD"]


def test_missing_name_is_added_and_present_one_kept(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("XZ_BOT_SECRET=kept\n")
    ensure_demo_env(tmp_path)
    values = read_env_file(tmp_path / "demo.env")
    assert values["XZ_BOT_SECRET"] == "kept"
    assert values["XZ_ACTIONS_SECRET"]


def test_shell_wins_over_demo_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_demo_env(tmp_path / "var")
    monkeypatch.setenv("XZ_BOT_SECRET", "from the shell")
    assert process_environment()["XZ_BOT_SECRET"] == "from the shell"


def test_demo_secrets_never_reach_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_demo_env(tmp_path / "var")
    monkeypatch.setenv("XZ_MODE", "production")
    environment = process_environment()
    assert "XZ_BOT_SECRET" not in environment
    assert "XZ_DEMO_CLERK_PASSWORD" not in environment
    assert "XZ_PUBLIC_URL" not in environment


def test_addresses_follow_the_ports(tmp_path: Path) -> None:
    ensure_demo_env(tmp_path / "var")
    environment = process_environment(
        {"XZ_PORT": "18000", "XZ_BOT_PORT": "15005", "XZ_ACTIONS_PORT": "15055"}
    )
    assert environment["XZ_PUBLIC_URL"] == "http://127.0.0.1:18000"
    assert environment["XZ_BOT_URL"] == "http://127.0.0.1:15005"
    assert environment["XZ_ACTIONS_URL"] == "http://127.0.0.1:15055/webhook"


def test_tracker_follows_the_database(tmp_path: Path) -> None:
    assert process_environment()["XZ_TRACKER_URL"] == f"sqlite:///{tmp_path / 'var' / 'tracker.db'}"
    environment = process_environment({"XZ_DATABASE_URL": "postgresql+psycopg://u:p@db/x"})
    assert environment["XZ_TRACKER_URL"] == "postgresql+psycopg2://u:p@db/x"


def test_fault_in_an_env_file_names_the_line_not_the_secret(tmp_path: Path) -> None:
    (tmp_path / "x.env").write_text("A=1\n# note\nhunter2\n")
    with pytest.raises(ValueError, match="line 3") as caught:
        read_env_file(tmp_path / "x.env")
    assert "hunter2" not in str(caught.value)


def test_unknown_process_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SystemExit, match="gateway"):
        run(["nothing"])


def test_every_setting_is_in_the_example() -> None:
    from bootstrap.settings import Settings

    example = (ROOT / ".env.example").read_text("utf-8")
    missing = [
        f"XZ_{n.upper()}" for n in Settings.model_fields if f"XZ_{n.upper()}=" not in example
    ]
    assert missing == []
