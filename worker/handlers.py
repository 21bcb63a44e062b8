"""One handler for each kind of outbox entry."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import httpx
from prometheus_client import Counter

from backoffice.applications.decisions import Bench
from backoffice.applications.models import Application
from backoffice.delegation.deciding import consider, question_for
from backoffice.delegation.services import Rulebook
from backoffice.departments.services import note_handed, parcel_for
from backoffice.dialogue.registers import ask_registers
from backoffice.logs import log
from backoffice.notices.services import notify
from backoffice.outbox import services as outbox
from backoffice.outbox.services import Handler
from backoffice.queue.notices import tell
from backoffice.results.issuing import Press, issue_and_print
from backoffice.uploads.services import load_upload
from bootstrap.container import Office
from integrations.ports import DeptPaper, Unavailable

_FORGET_TIMEOUT_S = 15.0
DECISIONS = Counter(
    "xz_robot_decisions", "What the robot did with cases handed in", ["outcome", "reason"]
)


def handlers(office: Office) -> Mapping[str, Handler]:
    """Kind → what delivers it."""

    async def sms_send(payload: Mapping[str, Any], key: str) -> None:
        expiry = payload.get("not_after")
        if expiry and office.clock.now() > datetime.fromisoformat(expiry):
            log("outbox").info("sms.too_late")
            return
        await office.sms.send(
            phone=payload["phone"],
            template=payload["template"],
            params=payload["params"],
            key=key,
        )

    async def notice_send(payload: Mapping[str, Any], key: str) -> None:
        async with office.sessions.begin() as session:
            await notify(
                session,
                payload,
                key,
                catalogue=office.catalogue,
                public_url=office.settings.public_url,
                now=office.clock.now(),
            )

    async def queue_tell(payload: Mapping[str, Any], key: str) -> None:
        async with office.sessions.begin() as session:
            await tell(session, payload, key, now=office.clock.now())

    async def result_issue(payload: Mapping[str, Any], key: str) -> None:
        id = str(payload["application_id"])
        async with office.sessions.read() as session:
            application = await session.get_one(Application, id)
        item = office.catalogue.items[application.item_code]
        press = Press(office.sessions, office.issuer, office.seal)
        await issue_and_print(press, application_id=id, item=item, now=office.clock.now())
        async with office.sessions.begin() as session:
            await outbox.put(
                session,
                kind="notice.send",
                key=f"result:{id}:notice",
                payload={"application_id": id, "kind": "result"},
                now=office.clock.now(),
            )

    async def engine_forget(payload: Mapping[str, Any], key: str) -> None:
        secret = office.settings.bot_secret.get_secret_value()
        async with httpx.AsyncClient(
            base_url=office.settings.bot_url,
            headers={"X-Xiaozheng-Secret": secret},
            timeout=_FORGET_TIMEOUT_S,
            trust_env=False,
        ) as engine:
            try:
                answer = await engine.post(
                    "/webhooks/gateway/forget", json={"sender": payload["conversation_id"]}
                )
            except httpx.HTTPError as exc:
                raise Unavailable("the dialogue engine does not answer") from exc
        if answer.status_code != 200:
            raise Unavailable(f"the dialogue engine answers {answer.status_code}")

    return {
        "sms.send": sms_send,
        "notice.send": notice_send,
        "queue.tell": queue_tell,
        "result.issue": result_issue,
        "case.consider": partial(_consider, office),
        "department.hand": partial(_hand_over, office),
        "engine.forget": engine_forget,
    }


async def _consider(office: Office, payload: Mapping[str, Any], key: str) -> None:
    """Let the robot look at a case that was handed in; the registers are asked in between."""
    id, now = str(payload["application_id"]), office.clock.now()
    rulebook = Rulebook(office.catalogue, office.knowledge.policy)
    async with office.sessions.read() as session:
        question = await question_for(session, id, rulebook=rulebook, now=now)
    if question is None:
        return
    said = await ask_registers(
        question.names,
        question.answers,
        checks=office.catalogue.checks,
        registers=office.registers,
        now=now,
    )
    async with office.sessions.begin() as session:
        bench = Bench(session, rulebook.catalogue, office.calendar, now)
        decision = await consider(bench, question, said, policy=rulebook.policy)
    if decision is not None:
        DECISIONS.labels(decision.outcome, decision.reason or "").inc()


async def _hand_over(office: Office, payload: Mapping[str, Any], key: str) -> None:
    """Give an accepted case and its papers to the department's own system, where there is one.

    Without a connection nothing is done: the clerk copies it field by field (`/copy`).
    """
    if office.departments is None:
        return
    id = str(payload["application_id"])
    async with office.sessions.read() as session:
        bench = Bench(session, office.catalogue, office.calendar, office.clock.now())
        parcel = await parcel_for(bench, id)
    if parcel is None:
        return
    reference = await office.departments.submit(parcel.system, parcel.case, key=key)
    for page in parcel.pages:
        async with office.sessions.read() as session:
            content = await load_upload(session, office.settings.uploads_dir, page.upload_id)
        paper = DeptPaper(page.upload_id, page.title, page.mime, content)
        await office.departments.hand_paper(
            parcel.system, reference, paper, key=f"{key}:{page.upload_id}"
        )
    async with office.sessions.begin() as session:
        now = office.clock.now()
        await note_handed(session, id, system=parcel.system, reference=reference, now=now)
