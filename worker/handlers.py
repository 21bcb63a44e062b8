"""One handler for each kind of outbox entry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from backoffice.applications.models import Application
from backoffice.logs import log
from backoffice.notices.services import notify
from backoffice.outbox import services as outbox
from backoffice.outbox.services import Handler
from backoffice.queue.notices import tell
from backoffice.results.issuing import Press, issue_and_print
from bootstrap.container import Office
from integrations.ports import Unavailable

_FORGET_TIMEOUT_S = 15.0


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
        "engine.forget": engine_forget,
    }
