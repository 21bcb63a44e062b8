"""`python -m verifier SHOWN --keys keys.json [--status FILE]`

SHOWN: the content of a QR code (address or token), a text file with it, or a picture (PNG, JPEG)
of the code, for which zxing-cpp and pillow must be installed. Nothing is sent anywhere.
Exit code: 0 genuine, 1 anything else, 2 could not be checked.
"""

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from verifier.codes import group_code
from verifier.keyset import KeySet, UnusableKeys
from verifier.offline import Finding, Report, check_offline
from verifier.status import StatusList, read_status
from verifier.text import read_text
from verifier.token import Altered, OtherKey

_TEXTS = json.loads(Path(__file__).with_name("texts.json").read_text("utf-8"))
_CHINA = timezone(timedelta(hours=8))
_PICTURES = {".png", ".jpg", ".jpeg"}


class CannotCheck(Exception):
    """The check could not be made; the argument is a key of `texts.json`."""


def main(arguments: list[str] | None = None) -> int:
    """Check one result and print the answer."""
    parser = argparse.ArgumentParser(prog="python -m verifier", description=__doc__)
    parser.add_argument("shown")
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--status", type=Path)
    options = parser.parse_args(arguments)
    try:
        keys = _keys(options.keys)
        status = _status(options.status, keys)
        report = check_offline(read_text(_shown(options.shown)), keys, status, datetime.now(UTC))
    except CannotCheck as exc:
        _say(_TEXTS[str(exc)])
        return 2
    _tell(report, keys, status)
    if report.finding == Finding.NO_TOKEN:
        return 2
    return 0 if report.finding == Finding.GOOD else 1


def _keys(path: Path) -> KeySet:
    try:
        return KeySet.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, UnusableKeys) as exc:
        raise CannotCheck("unusable_keys") from exc


def _status(path: Path | None, keys: KeySet) -> StatusList | None:
    if path is None:
        return None
    try:
        return read_status(path.read_bytes(), keys)
    except OSError as exc:
        raise CannotCheck("unreadable") from exc
    except (Altered, OtherKey) as exc:
        raise CannotCheck("status_altered") from exc


def _shown(argument: str) -> str:
    path = Path(argument)
    try:
        if not path.is_file():
            return argument
        if path.suffix.lower() in _PICTURES:
            return _read_picture(path)
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        # a QR code's content is too long, or no name, for a file
        return argument


def _read_picture(path: Path) -> str:
    try:
        import zxingcpp
        from PIL import Image
    except ImportError as exc:
        raise CannotCheck("no_reader") from exc
    with Image.open(path) as picture:
        found = zxingcpp.read_barcodes(picture)
    if not found:
        raise CannotCheck("no_qr")
    return str(found[0].text)


def _tell(report: Report, keys: KeySet, status: StatusList | None) -> None:
    as_of = _moment(status.as_of) if status else ""
    if report.test:
        _say(_TEXTS["test"])
    verdict = _TEXTS[report.finding].format(as_of=as_of)
    if report.finding == Finding.GOOD:
        verdict += "；" + _TEXTS[report.status].format(as_of=as_of)
    _say(verdict)
    if report.claims is None:
        return
    claims = report.claims
    _say(f"{_TEXTS['code']}：{group_code(claims.code)}")
    for name in ("title", "authority", "holder", "id_tail"):
        _say(f"{_TEXTS[name]}：{getattr(claims, name)}")
    _say(f"{_TEXTS['issued_at']}：{_moment(claims.issued_at)}")
    if claims.expires_at is not None:
        _say(f"{_TEXTS['expires_at']}：{_moment(claims.expires_at)}")
    for name, words in keys.papers.get(claims.item, {}).items():
        if name in _TEXTS:
            _say(f"{_TEXTS[name]}：{words}")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(_CHINA):%Y-%m-%d %H:%M}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
