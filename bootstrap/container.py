"""The one place where settings become objects; nothing else imports adapters."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice import messages
from backoffice.calendar import WorkCalendar
from backoffice.clock import Clock, DemoClock, SystemClock
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Sessions, make_engine, make_sessions
from backoffice.dialogue.talk import Knowledge
from backoffice.identity.services import GENEROUS, CodeLimits
from backoffice.logs import log
from backoffice.results.credential import Issuer
from backoffice.results.signing import SigningKeys
from bootstrap.settings import ROOT, Settings
from catalogue.loader import Catalogue, CatalogueError, load_catalogue
from catalogue.parameters import load_hall, load_holidays
from catalogue.signoffs import FILE as SIGNOFFS
from catalogue.signoffs import load_signoffs
from integrations.eseal.sandbox import SandboxSeal
from integrations.ports import (
    Registers,
    SealSigner,
    SmsSender,
    Vision,
)
from integrations.registers.http import HttpRegisters
from integrations.registers.people import load_people
from integrations.registers.sandbox import SandboxRegisters
from integrations.sms.aliyun import AliyunSms
from integrations.sms.aliyun_signature import Credentials
from integrations.sms.ledger import Ledger
from integrations.sms.sandbox import SandboxSms
from integrations.vision.local import LocalVision

DATA = ROOT / "data"
PARAMETERS = DATA / "parameters"
FOLLOW_EVERY_S = 1.0
OUTWARD_TIMEOUT_S = 10.0


@dataclass
class Office:
    """Everything a process needs, made from the settings once.

    Only `knowledge` is ever exchanged, as a whole; a turn under way keeps what it began with.
    """

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    clock: Clock
    knowledge: Knowledge
    issuer: Issuer
    sms: SmsSender
    registers: Registers
    seal: SealSigner
    vision: Vision

    @property
    def catalogue(self) -> Catalogue:
        """The service items."""
        return self.knowledge.catalogue

    @property
    def calendar(self) -> WorkCalendar:
        """Which days are worked."""
        return self.knowledge.calendar


def build(settings: Settings) -> Office:
    """Wire an installation.

    Raises:
        KeysUnusable, SigningKeysUnusable, CatalogueError: the start must stop.
    """
    assert settings.keys_file is not None  # `Settings.faults` stops the start before
    ring = KeyRing.load(settings.keys_file)
    use_keys(ring)
    engine = make_engine(settings.database)
    clock: Clock = DemoClock(settings.demo_clock_file) if settings.demo else SystemClock()
    knowledge = read_knowledge(settings)
    return Office(
        settings=settings,
        engine=engine,
        sessions=make_sessions(engine),
        clock=clock,
        knowledge=knowledge,
        issuer=Issuer(settings.public_url, knowledge.hall.short_name, _signing_keys(settings)),
        sms=_sms(settings, ring, clock),
        registers=_registers(settings, clock),
        seal=SandboxSeal(),
        vision=LocalVision(),
    )


def read_knowledge(settings: Settings) -> Knowledge:
    """What every turn may look up, from the files in data/. Raises CatalogueError."""
    catalogue = load_catalogue(DATA / "items")
    return Knowledge(
        catalogue,
        load_hall(PARAMETERS / "hall.yml"),
        WorkCalendar(load_holidays(PARAMETERS / "holidays.yml")),
        GENEROUS if settings.demo else CodeLimits(),
        None if settings.demo else load_signoffs(DATA / SIGNOFFS, catalogue),
    )


async def follow_publications(office: Office) -> None:
    """Read the facts anew whenever a model is published, so that both change together.

    Runs until cancelled, beside whatever the process does. Faulty files change nothing.
    """
    pointer = office.settings.bot_models / "live"
    seen = _content(pointer)
    while True:
        await asyncio.sleep(FOLLOW_EVERY_S)
        if (now := _content(pointer)) == seen:
            continue
        seen = now
        try:
            office.knowledge = await asyncio.to_thread(read_knowledge, office.settings)
        except CatalogueError:
            log("knowledge").error("knowledge.not_usable", published=now)
        else:
            log("knowledge").info("knowledge.read_again", published=now)


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""


def _signing_keys(settings: Settings) -> SigningKeys:
    path = settings.signing_key_file or settings.var_dir / "signing.json"
    if settings.demo:
        SigningKeys.ensure(path, now=datetime.now(UTC))
    return SigningKeys.load(path, allow_test=settings.demo)


def _sms(settings: Settings, ring: KeyRing, clock: Clock) -> SmsSender:
    if settings.sms_adapter == "aliyun":
        secret = settings.sms_access_key_secret.get_secret_value()
        return AliyunSms(
            credentials=Credentials(settings.sms_access_key_id, secret),
            sign_name=settings.sms_sign_name,
            templates=settings.sms_templates,
            ledger=Ledger(settings.var_dir / "sms_ledger.db"),
            client=httpx.AsyncClient(timeout=OUTWARD_TIMEOUT_S),
        )
    return SandboxSms(demo_inbox_file(settings), ring.derive("demo inbox"), _render, clock.now)


def demo_inbox_file(settings: Settings) -> Path:
    """Where the demonstration's messages go."""
    return settings.var_dir / "demo_inbox.db"


def _render(template: str, params: object) -> str:
    return messages.text(f"sms.{template}", **dict(params))  # type: ignore[call-overload]


def _registers(settings: Settings, clock: Clock) -> Registers:
    if settings.registers_adapter == "http":
        return HttpRegisters(
            base_url=settings.registers_url,
            app_id=settings.registers_app_id,
            secret=settings.registers_secret.get_secret_value(),
            client=httpx.AsyncClient(timeout=OUTWARD_TIMEOUT_S),
        )
    return SandboxRegisters(load_people(ROOT / "data" / "demo" / "people.yml"), clock.now)


_office: Office | None = None


def start_office(settings: Settings) -> Office:
    """Wire this process's installation; `office()` returns it from then on."""
    global _office
    _office = build(settings)
    return _office


def use_office(made: Office) -> None:
    """Set this process's installation (tests)."""
    global _office
    _office = made


def office() -> Office:
    """This process's installation."""
    assert _office is not None, "start_office first"
    return _office
