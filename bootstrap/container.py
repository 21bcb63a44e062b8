"""The one place where settings become objects; nothing else imports adapters."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice import messages
from backoffice.calendar import WorkCalendar
from backoffice.clock import Clock, DemoClock, SystemClock
from backoffice.crypto import KeyRing, use_keys
from backoffice.db import Sessions, make_engine, make_sessions
from backoffice.dialogue.talk import Knowledge
from backoffice.identity.policy import FILE as POLICY_FILE
from backoffice.identity.policy import load_policy
from backoffice.identity.services import GENEROUS, CodeLimits
from backoffice.logs import log
from backoffice.queue.rules import FOLDER as QUEUE_FOLDER
from backoffice.queue.rules import QueueRules, load_queue
from backoffice.remembering.rules import FILE as RULES_FILE
from backoffice.remembering.rules import load_rules
from backoffice.remembering.services import FaceDirectory, FingerDesk, Looker
from backoffice.representation.rules import FILE as ACTING_FILE
from backoffice.representation.rules import load_rules as load_acting_rules
from backoffice.results.credential import Issuer
from backoffice.results.signing import SigningKeys
from bootstrap.demo_kiosk import demo_device_id
from bootstrap.settings import ROOT, Settings, SettingsUnusable
from catalogue.loader import Catalogue, CatalogueError, load_catalogue
from catalogue.parameters import load_hall, load_holidays
from catalogue.signoffs import FILE as SIGNOFFS
from catalogue.signoffs import load_signoffs
from integrations.departments.http import HttpDeptCases
from integrations.departments.sandbox import SandboxDeptCases
from integrations.devices.zfm.driver import ZfmSensor
from integrations.devices.zfm.sensor import SerialFingerprintSensor
from integrations.eseal.sandbox import SandboxSeal
from integrations.fingerprint.folder import FolderSensor
from integrations.fingerprint.local import LocalFingerprints
from integrations.police.http import HttpPolice
from integrations.police.sandbox import SandboxPolice
from integrations.ports import (
    DeptCases,
    FingerprintMatcher,
    FingerprintSensor,
    PoliceCheck,
    Registers,
    RelationRegisters,
    SealSigner,
    SmsSender,
    VideoDesk,
    Vision,
)
from integrations.registers.http import HttpRegisters
from integrations.registers.people import load_people
from integrations.registers.sandbox import SandboxRegisters
from integrations.relations.http import HttpRelations
from integrations.relations.sandbox import SandboxRelations, load_relations
from integrations.signed_http import SignedHttp, Signer, load_private_key, make_client
from integrations.sms.ledger import Ledger
from integrations.sms.once import Provider, SmsOnce
from integrations.sms.sandbox import SandboxSms
from integrations.video.sandbox import SandboxVideoDesk
from integrations.vision.face_rule import FaceRule
from integrations.vision.index import NumpyFaceIndex
from integrations.vision.local import LocalVision

DATA = ROOT / "data"
DEMO_PEOPLE = DATA / "demo" / "people.yml"
DEMO_RELATIONS = DATA / "demo" / "relations.yml"
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
    relations: RelationRegisters
    police: PoliceCheck
    departments: DeptCases | None
    fingerprints: FingerprintMatcher
    finger_sensor: FingerprintSensor | None
    seal: SealSigner
    vision: Vision
    video: VideoDesk | None
    faces: FaceDirectory
    finger_taken: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def catalogue(self) -> Catalogue:
        """The service items."""
        return self.knowledge.catalogue

    @property
    def queue(self) -> QueueRules:
        """The hall's rules for queueing."""
        return self.knowledge.queue

    @property
    def calendar(self) -> WorkCalendar:
        """Which days are worked."""
        return self.knowledge.calendar

    @property
    def looker(self) -> Looker | None:
        """What looks at faces to find or remember them; None where nobody is remembered."""
        rules = self.knowledge.remembering
        if rules is None:
            return None
        return Looker(self.sessions, self.vision, self.faces, rules, self.settings.uploads_dir)

    @property
    def finger_desk(self) -> FingerDesk | None:
        """The sensor that remembers and confirms fingers; None where there is none."""
        rules, device = self.knowledge.remembering, self.knowledge.finger_device
        if rules is None or self.finger_sensor is None or not device:
            return None
        return FingerDesk(
            self.sessions, self.fingerprints, self.finger_sensor, device, rules, self.finger_taken
        )


def build(settings: Settings) -> Office:
    """Wire an installation.

    Raises:
        KeysUnusable, SigningKeysUnusable, SettingsUnusable, CatalogueError: the start must stop.
    """
    assert settings.keys_file is not None  # `Settings.faults` stops the start before
    ring = KeyRing.load(settings.keys_file)
    of_templates = settings.biometric_keys_file
    use_keys(ring, KeyRing.load(of_templates) if of_templates is not None else None)
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
        relations=_relations(settings, clock),
        police=_police(settings, clock),
        departments=_departments(settings, clock),
        fingerprints=LocalFingerprints(threshold=settings.fingerprint_threshold),
        finger_sensor=_finger_sensor(settings),
        seal=SandboxSeal(),
        vision=LocalVision(rule=face_rule(settings)),
        faces=FaceDirectory(NumpyFaceIndex(face_rule(settings))),
        video=SandboxVideoDesk(clock.now) if settings.video_adapter == "sandbox" else None,
    )


def face_rule(settings: Settings) -> FaceRule:
    """When two faces are one person's, by the thresholds in force."""
    return FaceRule(joint=settings.face_alike, dlib=settings.face_dlib, sface=settings.face_sface)


def read_knowledge(settings: Settings) -> Knowledge:
    """What every turn may look up, from the files in data/. Raises CatalogueError."""
    catalogue = load_catalogue(DATA / "items")
    rules = load_rules(DATA / RULES_FILE)
    calendar = WorkCalendar(load_holidays(PARAMETERS / "holidays.yml"))
    return Knowledge(
        catalogue,
        load_hall(PARAMETERS / "hall.yml"),
        calendar,
        load_policy(DATA / POLICY_FILE),
        load_queue(DATA / QUEUE_FOLDER, calendar),
        load_acting_rules(DATA / ACTING_FILE),
        GENEROUS if settings.demo else CodeLimits(),
        rules if settings.biometric_keys_file is not None else None,
        finger_device(settings),
        None if settings.demo else load_signoffs(DATA / SIGNOFFS, catalogue),
        video_desk=settings.video_adapter == "sandbox",
        face_rules=rules,
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
    if settings.sms_adapter != "sandbox":
        ledger = Ledger(settings.var_dir / "sms_ledger.db")
        return SmsOnce(
            _sms_provider(settings, ledger), templates=settings.sms_templates, ledger=ledger
        )
    return SandboxSms(demo_inbox_file(settings), ring.derive("demo inbox"), _render, clock.now)


def _sms_provider(settings: Settings, ledger: Ledger) -> Provider:
    # A vendor's SDK takes 40 MB; only the one in use is imported.
    secret = settings.sms_access_key_secret.get_secret_value()
    if settings.sms_adapter == "aliyun":
        from integrations.sms.aliyun import AliyunProvider

        return AliyunProvider(
            key_id=settings.sms_access_key_id,
            secret=secret,
            sign_name=settings.sms_sign_name,
            region=settings.sms_region,
            endpoint=settings.sms_endpoint,
        )
    from integrations.sms.tencent import TencentProvider

    return TencentProvider(
        key_id=settings.sms_access_key_id,
        secret=secret,
        app_id=settings.sms_app_id,
        sign_name=settings.sms_sign_name,
        got=ledger.has_reference,
        region=settings.sms_region,
        endpoint=settings.sms_endpoint,
    )


def demo_inbox_file(settings: Settings) -> Path:
    """Where the demonstration's messages go."""
    return settings.var_dir / "demo_inbox.db"


def _render(template: str, params: object) -> str:
    return messages.text(f"sms.{template}", **dict(params))  # type: ignore[call-overload]


def _registers(settings: Settings, clock: Clock) -> Registers:
    if settings.registers_adapter == "http":
        return HttpRegisters(_sharing_platform(settings, "registers"))
    return SandboxRegisters(load_people(DEMO_PEOPLE), clock.now)


def _relations(settings: Settings, clock: Clock) -> RelationRegisters:
    if settings.registers_adapter == "http":
        return HttpRelations(_sharing_platform(settings, "relations"))
    people = load_people(DEMO_PEOPLE)
    return SandboxRelations(people, load_relations(DEMO_RELATIONS, people), clock.now)


def _departments(settings: Settings, clock: Clock) -> DeptCases | None:
    """The departments' own systems; None where none is connected, and clerks copy."""
    if settings.departments_adapter == "none":
        return None
    if settings.departments_adapter == "http":
        secret = settings.departments_secret.get_secret_value().encode()
        gateway = SignedHttp(
            name="departments",
            base_url=settings.departments_url,
            signer=Signer(settings.departments_app_id, secret),
            client=make_client(timeout_s=OUTWARD_TIMEOUT_S),
        )
        return HttpDeptCases(gateway)
    return SandboxDeptCases(settings.var_dir / "demo_departments.json", clock.now)


def _sharing_platform(settings: Settings, name: str) -> SignedHttp:
    secret = settings.registers_secret.get_secret_value().encode()
    return SignedHttp(
        name=name,
        base_url=settings.registers_url,
        signer=Signer(settings.registers_app_id, secret),
        client=make_client(timeout_s=OUTWARD_TIMEOUT_S),
    )


def _police(settings: Settings, clock: Clock) -> PoliceCheck:
    if settings.police_adapter == "http":
        secret = settings.police_secret.get_secret_value().encode()
        key_file = settings.police_key_file
        try:
            key = load_private_key(key_file) if key_file else secret
            client = make_client(
                timeout_s=OUTWARD_TIMEOUT_S,
                ca_file=settings.police_ca_file,
                cert_file=settings.police_cert_file,
                key_file=settings.police_cert_key_file,
            )
        except (OSError, ValueError) as exc:
            # ssl's errors are OSErrors; their words name files, never what is in them.
            raise SettingsUnusable(f"cannot start: the police's key files: {exc}") from None
        signer = Signer(settings.police_key_id, key)
        return HttpPolice(
            SignedHttp(name="police", base_url=settings.police_url, signer=signer, client=client)
        )
    return SandboxPolice(load_people(DEMO_PEOPLE), clock.now)


def finger_device(settings: Settings) -> str:
    """The kiosk that the fingerprint sensor stands at; empty when no finger is to be asked for."""
    if settings.fingerprint_sensor == "none":
        return ""
    if settings.demo and not settings.fingerprint_device:
        return demo_device_id(settings)
    return settings.fingerprint_device


def _finger_sensor(settings: Settings) -> FingerprintSensor | None:
    """The sensor at the desk; None in a hall that has none."""
    if settings.fingerprint_sensor == "zfm":
        return SerialFingerprintSensor(
            ZfmSensor(
                settings.fingerprint_port,
                baud=settings.fingerprint_baud,
                password=settings.fingerprint_password,
            )
        )
    if settings.fingerprint_sensor == "none":
        return None
    return FolderSensor(DATA / "demo" / "prints", settings.demo_finger_file)


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
