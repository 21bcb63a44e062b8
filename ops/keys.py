"""Make the keys and secrets of a production installation; each is written or shown once.

python -m ops.keys fields /etc/xiaozheng/keys.json       encryption at rest
python -m ops.keys biometric /etc/xiaozheng/biometric.json   templates of faces and fingers
python -m ops.keys signing /etc/xiaozheng/signing.json   signatures of results
python -m ops.keys secret                                XZ_BOT_SECRET, XZ_ACTIONS_SECRET
python -m ops.keys backup                                XZ_BACKUP_KEY and its private half
"""

import argparse
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from pyrage import x25519

from backoffice.crypto import KeyRing
from backoffice.results.signing import SigningKeys


def main() -> int:
    """Returns the exit code; an existing file is never overwritten."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.keys",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=["fields", "biometric", "signing", "secret", "backup"])
    parser.add_argument("file", type=Path, nargs="?")
    options = parser.parse_args()
    if options.kind == "secret":
        print(secrets.token_urlsafe(32))
        return 0
    if options.kind == "backup":
        identity = x25519.Identity.generate()
        print(f"XZ_BACKUP_KEY={identity.to_public()}")
        print(f"# keep this one in the safe, not on the machine; restoring needs it:\n# {identity}")
        return 0
    if options.file is None:
        parser.error(f"{options.kind} needs a file to write")
    if options.file.exists():
        print(f"{options.file} exists; keys are never overwritten.", file=sys.stderr)
        return 1
    if options.kind == "fields":
        KeyRing.generate().save(options.file)
    elif options.kind == "biometric":
        KeyRing.generate("b").save(options.file)
    else:
        SigningKeys.generate(test=False, now=datetime.now(UTC)).save(options.file)
    print(f"written: {options.file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
