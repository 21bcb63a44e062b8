"""The daemon's settings, read once from the environment (prefix `XZ_DEVICE_`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DeviceSettings(BaseSettings):
    """What this kiosk has. `.env.example` lists every name.

    Attributes:
        key_file: this kiosk's private key; made by the first start.
        card_reader: the serial port of the identity card reader; empty: there is none.
        simulated_tray: which invented card lies on a simulated reader at `card_reader`; works with a
            demonstration's server only.
        wlt_decoder: a program that decodes the chip's photo, see `integrations.devices.wlt`.
    """

    model_config = SettingsConfigDict(env_prefix="XZ_DEVICE_", frozen=True, extra="ignore")

    server_url: str = "http://127.0.0.1:8000"
    key_file: Path = Path("var/device.pem")
    card_reader: str = ""
    card_reader_baud: int = Field(default=115200)
    wlt_decoder: Path | None = None
    simulated_tray: Path | None = None
    log_level: str = "INFO"
