"""All settings, read once from the environment (prefix `XZ_`). `.env.example` lists every name."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from integrations.sms.templates import is_template

ROOT = Path(__file__).resolve().parent.parent

_SHORTEST_SECRET = 24
# Every text `sms.…` of data/messages needs a template at the provider.
SMS_TEXTS = ("sign_in_code", "notice", "queue_near", "queue_called", "acted_for")


class SettingsUnusable(Exception):
    """The start must stop; the message lists everything that is missing or contradictory."""


class Settings(BaseSettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(
        env_prefix="XZ_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    mode: Literal["demo", "production"] = "production"
    var_dir: Path = ROOT / "var"
    database_url: str = ""
    keys_file: Path | None = None
    biometric_keys_file: Path | None = None
    signing_key_file: Path | None = None
    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    metrics_port: int = 9100
    worker_metrics_port: int = 9101
    bot_url: str = "http://127.0.0.1:5005"
    bot_secret: SecretStr = SecretStr("")
    bot_models: Path = ROOT / "models"
    bot_timeout_s: float = Field(default=25.0, gt=0)
    actions_port: int = 5055
    actions_secret: SecretStr = SecretStr("")
    sms_adapter: Literal["sandbox", "aliyun", "tencent"] = "sandbox"
    sms_access_key_id: str = ""
    sms_access_key_secret: SecretStr = SecretStr("")
    sms_sign_name: str = ""
    sms_app_id: str = ""
    sms_region: str = ""
    sms_endpoint: str = ""
    sms_templates: dict[str, str] = Field(default_factory=dict)
    registers_adapter: Literal["sandbox", "http"] = "sandbox"
    registers_url: str = ""
    registers_app_id: str = ""
    registers_secret: SecretStr = SecretStr("")
    police_adapter: Literal["sandbox", "http"] = "sandbox"
    police_url: str = ""
    police_key_id: str = ""
    police_secret: SecretStr = SecretStr("")
    police_key_file: Path | None = None
    police_ca_file: Path | None = None
    police_cert_file: Path | None = None
    police_cert_key_file: Path | None = None
    departments_adapter: Literal["sandbox", "http", "none"] = "sandbox"
    departments_url: str = ""
    departments_app_id: str = ""
    departments_secret: SecretStr = SecretStr("")
    fingerprint_sensor: Literal["sandbox", "none", "zfm"] = "sandbox"
    fingerprint_port: str = "/dev/fingerprint"
    fingerprint_device: str = ""
    fingerprint_baud: int = 57600
    fingerprint_password: int = Field(default=0, ge=0, lt=2**32)
    # NIST: BOZORTH3 scores above 40 usually mean one finger; see docs/fingerprint.md.
    fingerprint_threshold: int = Field(default=40, ge=40, le=400)
    video_adapter: Literal["sandbox", "none"] = "sandbox"
    eseal_adapter: Literal["sandbox"] = "sandbox"
    # When two faces are one person's: docs/identity-faces.md before anything is changed.
    face_alike: float = Field(default=0.69, gt=0, lt=2)
    face_dlib: tuple[float, float] = (0.46, 0.68)
    face_sface: tuple[float, float] = (0.48, 0.80)
    demo_clerk_password: SecretStr = SecretStr("")
    demo_head_password: SecretStr = SecretStr("")
    demo_admin_password: SecretStr = SecretStr("")
    demo_auditor_password: SecretStr = SecretStr("")
    demo_head_factor: SecretStr = SecretStr("")
    demo_kiosk_secret: SecretStr = SecretStr("")
    max_upload_mb: int = 10
    trusted_proxies: int = 0
    log_level: str = "INFO"

    @property
    def demo(self) -> bool:
        """Whether this is a demonstration, which must say so on every page."""
        return self.mode == "demo"

    @property
    def database(self) -> str:
        """The database's URL; SQLite in `var_dir` unless set."""
        return self.database_url or f"sqlite+aiosqlite:///{self.var_dir / 'xiaozheng.db'}"

    @property
    def uploads_dir(self) -> Path:
        """Where encrypted uploads lie."""
        return self.var_dir / "uploads"

    @property
    def backups_dir(self) -> Path:
        """Where archives lie, and beside them the ledger of deletions."""
        return self.var_dir / "backups"

    @property
    def demo_clock_file(self) -> Path:
        """The offset of the demo's clock, shared by all processes."""
        return self.var_dir / "demo_clock"

    @property
    def demo_finger_file(self) -> Path:
        """Whose finger lies on the demo's sensor, shared by all processes."""
        return self.var_dir / "demo_finger"

    @property
    def demo_device_key_file(self) -> Path:
        """The private key of the demonstration's kiosk."""
        return self.var_dir / "device.pem"

    @property
    def demo_card_file(self) -> Path:
        """Which invented card lies on the demonstration's reader; its simulator follows it."""
        return self.var_dir / "demo_card.json"

    def faults(self) -> list[str]:
        """Everything that forbids a start in this mode."""
        found = []
        if self.keys_file is None:
            found.append("XZ_KEYS_FILE is not set: personal data cannot be encrypted")
        for name in ("bot_secret", "actions_secret"):
            if len(getattr(self, name).get_secret_value()) < _SHORTEST_SECRET:
                found.append(f"XZ_{name.upper()} must have at least {_SHORTEST_SECRET} characters")
        if self.mode == "production":
            found += self._production_faults()
        return found

    def _production_faults(self) -> list[str]:
        found = [
            f"XZ_{name.upper()}=sandbox is only for the demonstration"
            for name in (
                "sms_adapter",
                "registers_adapter",
                "police_adapter",
                "departments_adapter",
                "fingerprint_sensor",
                "video_adapter",
                "eseal_adapter",
            )
            if getattr(self, name) == "sandbox"
        ]
        found += self._sms_faults() + self._registers_faults() + self._police_faults()
        found += self._departments_faults()
        if self.signing_key_file is None:
            found.append("XZ_SIGNING_KEY_FILE is not set: results cannot be signed")
        if not self.public_url.startswith("https://"):
            found.append("XZ_PUBLIC_URL must begin with https://")
        if self.trusted_proxies < 1:
            # TLS ends in front of us: without this all citizens would count as one caller.
            found.append("XZ_TRUSTED_PROXIES must say how many proxies stand in front")
        if self.demo_kiosk_secret.get_secret_value():
            found.append("XZ_DEMO_KIOSK_SECRET must not be set")
        if self.demo_head_factor.get_secret_value():
            found.append("XZ_DEMO_HEAD_FACTOR must not be set")
        for role in ("clerk", "head", "admin", "auditor"):
            if getattr(self, f"demo_{role}_password").get_secret_value():
                found.append(f"XZ_DEMO_{role.upper()}_PASSWORD must not be set")
        return found

    def _sms_faults(self) -> list[str]:
        if self.sms_adapter == "sandbox":
            return []
        wanted = ["sms_access_key_id", "sms_access_key_secret", "sms_sign_name"]
        if self.sms_adapter == "tencent":
            wanted.append("sms_app_id")
        found = self._missing(wanted, "no message can be sent")
        found += [
            f"XZ_SMS_TEMPLATES has no template for {name}"
            for name in SMS_TEXTS
            if not self.sms_templates.get(name)
        ]
        if self.sms_adapter == "tencent":
            found += [
                f"XZ_SMS_TEMPLATES: the template for {name} is not number:name,name"
                for name, template in self.sms_templates.items()
                if template and not is_template(template)
            ]
        if self.sms_endpoint and not self.sms_endpoint.startswith("https://"):
            found.append("XZ_SMS_ENDPOINT must begin with https://")
        return found

    def _registers_faults(self) -> list[str]:
        if self.registers_adapter == "sandbox":
            return []
        found = self._missing(["registers_app_id", "registers_secret"], "no register answers")
        if not self.registers_url.startswith("https://"):
            found.append("XZ_REGISTERS_URL must begin with https://")
        return found

    def _departments_faults(self) -> list[str]:
        if self.departments_adapter != "http":
            return []
        wanted = ["departments_app_id", "departments_secret"]
        found = self._missing(wanted, "no case can be handed over")
        if not self.departments_url.startswith("https://"):
            found.append("XZ_DEPARTMENTS_URL must begin with https://")
        return found

    def _police_faults(self) -> list[str]:
        if self.police_adapter == "sandbox":
            return []
        found = self._missing(["police_key_id"], "the police do not answer")
        if bool(self.police_secret.get_secret_value()) == bool(self.police_key_file):
            found.append("either XZ_POLICE_SECRET or XZ_POLICE_KEY_FILE must be set, not both")
        if not self.police_url.startswith("https://"):
            found.append("XZ_POLICE_URL must begin with https://")
        if self.police_cert_key_file and not self.police_cert_file:
            found.append("XZ_POLICE_CERT_KEY_FILE needs XZ_POLICE_CERT_FILE")
        return found

    def _missing(self, names: list[str], so: str) -> list[str]:
        values = {name: getattr(self, name) for name in names}
        return [
            f"XZ_{name.upper()} is not set: {so}"
            for name, value in values.items()
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value)
        ]


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        SettingsUnusable: with the whole list of what is wrong.
    """
    try:
        settings = Settings()
    except ValidationError as exc:
        # Only names and what is expected: the value may be a secret in the wrong place.
        wrong = [f"  - XZ_{str(one['loc'][0]).upper()}: {one['msg']}" for one in exc.errors()]
        raise SettingsUnusable("cannot start:\n" + "\n".join(wrong)) from None
    except SettingsError as exc:
        raise SettingsUnusable(f"cannot start: {exc}") from None
    found = settings.faults()
    if found:
        raise SettingsUnusable(
            f"cannot start in mode {settings.mode}:\n"
            + "\n".join(f"  - {fault}" for fault in found)
        )
    return settings
