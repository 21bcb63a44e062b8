"""All settings, read once from the environment (prefix `XZ_`). `.env.example` lists every name."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

ROOT = Path(__file__).resolve().parent.parent

_SHORTEST_SECRET = 24


class SettingsUnusable(Exception):
    """The start must stop; the message lists everything that is missing or contradictory."""


class Settings(BaseSettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(env_prefix="XZ_", frozen=True, extra="ignore")

    mode: Literal["demo", "production"] = "production"
    var_dir: Path = ROOT / "var"
    database_url: str = ""
    keys_file: Path | None = None
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
    sms_adapter: Literal["sandbox", "aliyun"] = "sandbox"
    sms_access_key_id: str = ""
    sms_access_key_secret: SecretStr = SecretStr("")
    sms_sign_name: str = ""
    sms_templates: dict[str, str] = Field(default_factory=dict)
    registers_adapter: Literal["sandbox", "http"] = "sandbox"
    registers_url: str = ""
    registers_app_id: str = ""
    registers_secret: SecretStr = SecretStr("")
    eseal_adapter: Literal["sandbox"] = "sandbox"
    demo_clerk_password: SecretStr = SecretStr("")
    demo_head_password: SecretStr = SecretStr("")
    demo_admin_password: SecretStr = SecretStr("")
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
    def demo_clock_file(self) -> Path:
        """The offset of the demo's clock, shared by all processes."""
        return self.var_dir / "demo_clock"

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
            for name in ("sms_adapter", "registers_adapter", "eseal_adapter")
            if getattr(self, name) == "sandbox"
        ]
        if self.signing_key_file is None:
            found.append("XZ_SIGNING_KEY_FILE is not set: results cannot be signed")
        if not self.public_url.startswith("https://"):
            found.append("XZ_PUBLIC_URL must begin with https://")
        if self.trusted_proxies < 1:
            # TLS ends in front of us: without this all citizens would count as one caller.
            found.append("XZ_TRUSTED_PROXIES must say how many proxies stand in front")
        for role in ("clerk", "head", "admin"):
            if getattr(self, f"demo_{role}_password").get_secret_value():
                found.append(f"XZ_DEMO_{role.upper()}_PASSWORD must not be set")
        return found


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
