"""The file of signing keys."""

import json
from pathlib import Path

import pytest

from backoffice.results.signing import SigningKeys, SigningKeysUnusable
from tests.results.conftest import NOW


def test_keys_come_back_from_the_file_with_the_retired_ones(tmp_path: Path) -> None:
    first = SigningKeys.generate(test=False, now=NOW)
    keys = first.rotate(now=NOW)
    keys.save(tmp_path / "signing.json")
    assert (tmp_path / "signing.json").stat().st_mode & 0o077 == 0
    loaded = SigningKeys.load(tmp_path / "signing.json", allow_test=False)
    assert loaded == keys
    assert loaded.public[first.current].retired == NOW


def test_test_keys_are_refused_in_production(tmp_path: Path) -> None:
    SigningKeys.generate(test=True, now=NOW).save(tmp_path / "signing.json")
    with pytest.raises(SigningKeysUnusable, match="test key"):
        SigningKeys.load(tmp_path / "signing.json", allow_test=False)


def test_unusable_files_stop_the_start(tmp_path: Path) -> None:
    path = tmp_path / "signing.json"
    keys = SigningKeys.generate(test=True, now=NOW)
    keys.save(path)
    good = json.loads(path.read_text("utf-8"))
    other = SigningKeys.generate(test=True, now=NOW)
    for content in (
        "", "[]", "{}", "not json",
        json.dumps({**good, "current": "another"}),
        json.dumps({**good, "private_pem": "-----BEGIN"}),
        json.dumps({**good, "private_pem": other.private_pem.decode()}),
    ):  # fmt: skip
        path.write_text(content, "utf-8")
        with pytest.raises(SigningKeysUnusable) as caught:
            SigningKeys.load(path, allow_test=True)
        assert "PRIVATE" not in str(caught.value)
    with pytest.raises(SigningKeysUnusable):
        SigningKeys.load(tmp_path / "missing.json", allow_test=True)


def test_demonstration_keys_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "var" / "signing.json"
    SigningKeys.ensure(path, now=NOW)
    first = SigningKeys.load(path, allow_test=True)
    SigningKeys.ensure(path, now=NOW)
    assert SigningKeys.load(path, allow_test=True) == first
    assert first.test
    assert [file.name for file in path.parent.iterdir()] == ["signing.json"]
