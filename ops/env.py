"""The environment of the processes: where it comes from, and the demo's own secrets.

Order, first wins: the shell's environment, `.env`, and in demo mode `<var>/demo.env`.
"""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from backoffice.crypto import KeyRing
from backoffice.results.signing import SigningKeys
from devices.keys import ensure_key

ROOT = Path(__file__).resolve().parent.parent
STAFF_ROLES = ("clerk", "head", "admin", "auditor")
# Without easily confused characters: these passwords are read from a terminal and typed.
_PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def var_dir() -> Path:
    """Where this installation keeps database, uploads, keys and logs (`XZ_VAR_DIR`)."""
    return Path(os.environ.get("XZ_VAR_DIR") or ROOT / "var").resolve()


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines; blank lines and `#` comments are skipped, quotes around a value removed.

    Raises:
        ValueError: a line that is neither; it names the line's number, never its content.
    """
    values: dict[str, str] = {}
    if not path.is_file():
        return values
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator or not name.strip().isidentifier():
            raise ValueError(f"{path}: line {number} is not NAME=value")
        values[name.strip()] = value.strip().strip("\"'")
    return values


def process_environment(overrides: dict[str, str] | None = None) -> dict[str, str]:
    """The complete environment for a process of this installation.

    Args:
        overrides: settings that win over all others, for instance a test's ports and folder.
    """
    given = read_env_file(ROOT / ".env") | dict(os.environ) | (overrides or {})
    # `NAME=` in a file that was copied from .env.example means: not set
    environment = {k: v for k, v in given.items() if v or not k.startswith("XZ_")}
    folder = Path(environment.get("XZ_VAR_DIR") or ROOT / "var").resolve()
    environment["XZ_VAR_DIR"] = str(folder)
    if environment.get("XZ_MODE", "demo") == "demo":
        environment = read_env_file(folder / "demo.env") | environment
    return _derived(environment, folder) | environment


def _derived(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Settings that follow from others unless they are set themselves."""

    def local(setting: str, port: int) -> str:
        return f"http://127.0.0.1:{environment.get(setting) or port}"

    derived = {
        "XZ_DEVICE_KEY_FILE": str(folder / "device.pem"),
        "XZ_BOT_URL": local("XZ_BOT_PORT", 5005),
        "XZ_ACTIONS_URL": f"{local('XZ_ACTIONS_PORT', 5055)}/webhook",
        "XZ_TRACKER_URL": f"sqlite:///{folder / 'tracker.db'}",
        # JSON logs and progress must appear at once, also when written to a file.
        "PYTHONUNBUFFERED": "1",
    }
    database = environment.get("XZ_DATABASE_URL", "")
    if database.startswith("postgresql"):
        # Rasa's SQLAlchemy 1.4 knows only the older driver; its tables have names of their own.
        derived["XZ_TRACKER_URL"] = f"postgresql+psycopg2{database[database.index(':') :]}"
    if environment.get("XZ_MODE") == "demo":
        derived["XZ_PUBLIC_URL"] = local("XZ_PORT", 8000)
        derived["XZ_DEVICE_SERVER_URL"] = local("XZ_PORT", 8000)
        derived["XZ_DEVICE_CARD_READER"] = str(folder / "demo_card_reader")
        derived["XZ_DEVICE_SIMULATED_TRAY"] = str(folder / "demo_card.json")
    return derived


def _password() -> str:
    return "-".join("".join(secrets.choice(_PASSWORD_ALPHABET) for _ in range(4)) for _ in range(3))


def demo_defaults(folder: Path) -> dict[str, str]:
    """Fresh random secrets and staff passwords for a demo in `folder`."""
    return {
        "XZ_MODE": "demo",
        "XZ_KEYS_FILE": str(folder / "keys.json"),
        "XZ_BIOMETRIC_KEYS_FILE": str(folder / "biometric.json"),
        "XZ_SIGNING_KEY_FILE": str(folder / "signing.json"),
        "XZ_BOT_SECRET": secrets.token_urlsafe(32),
        "XZ_ACTIONS_SECRET": secrets.token_urlsafe(32),
        "XZ_DEMO_KIOSK_SECRET": secrets.token_urlsafe(18),
        "XZ_DEMO_HEAD_FACTOR": secrets.token_hex(20),
        **{f"XZ_DEMO_{role.upper()}_PASSWORD": _password() for role in STAFF_ROLES},
    }


def ensure_demo_env(folder: Path) -> None:
    """Write `<folder>/demo.env` and the key files, once; all readable by the owner only.

    A later version's new names are added to an existing file; what is there is never changed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "demo.env"
    present = read_env_file(path)
    missing = {k: v for k, v in demo_defaults(folder).items() if k not in present}
    if missing:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            if not present:
                file.write(
                    "# Secrets of this demo only, made at its first start. Not for production.\n"
                )
            file.writelines(f"{name}={value}\n" for name, value in missing.items())
    values = present | missing
    keys, signing = Path(values["XZ_KEYS_FILE"]), Path(values["XZ_SIGNING_KEY_FILE"])
    ensure_key(folder / "device.pem")
    if not keys.exists():
        KeyRing.generate().save(keys)
    biometric = Path(values["XZ_BIOMETRIC_KEYS_FILE"])
    if not biometric.exists():
        KeyRing.generate("b").save(biometric)
    if not signing.exists():
        # named test-…, so that nothing that a demonstration issues can pass for real
        SigningKeys.generate(test=True, now=datetime.now(UTC)).save(signing)
