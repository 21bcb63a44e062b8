"""The demo's inbox: messages that would have gone out, readable by every process of the demo.

A small SQLite file; each message is sealed with a key that the bootstrap derives, so that the
file shows neither numbers nor codes.
"""

import asyncio
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integrations.faults import Faults
from integrations.ports import Receipt, Rejected
from integrations.sms.numbers import check_number

_CONTEXT = b"demo inbox"
_KEPT = 500

Render = Callable[[str, Mapping[str, str]], str]


class SandboxSms:
    """The `SmsSender` port into a file.

    Args:
        file: shared by all processes of the demo; made when missing.
        key: 32 bytes, the same in all of them.
        render: the text of a template with its parameters; raises LookupError for a template
            that does not exist.
        now: the demo's clock.
    """

    def __init__(
        self,
        file: Path,
        key: bytes,
        render: Render,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.faults = Faults()
        self._file = file
        self._sealer = AESGCM(key)
        self._render = render
        self._now = now

    async def send(self, *, phone: str, template: str, params: dict[str, str], key: str) -> Receipt:
        """See `SmsSender.send`."""
        self.faults.strike()
        check_number(phone)
        try:
            text = self._render(template, params)
        except LookupError:
            raise Rejected(f"sms: no template {template}") from None
        message = {
            "to": phone,
            "text": text,
            "template": template,
            "params": params,
            "at": self._now().isoformat(),
        }
        return Receipt(await asyncio.to_thread(self._store, key, message))

    async def messages(self, limit: int = 50) -> list[dict[str, Any]]:
        """The newest messages, newest first: `to`, `text`, `template`, `params`, `at`."""
        return await asyncio.to_thread(self._newest, limit)

    def _store(self, key: str, message: Mapping[str, Any]) -> str:
        digest = hashlib.sha256(key.encode()).hexdigest()
        nonce = os.urandom(12)
        sealed = nonce + self._sealer.encrypt(nonce, json.dumps(message).encode(), _CONTEXT)
        with closing(self._open()) as db, db:
            db.execute("insert or ignore into inbox (key, sealed) values (?, ?)", (digest, sealed))
            row = db.execute("select id from inbox where key = ?", (digest,)).fetchone()
            db.execute("delete from inbox where id <= ?", (row[0] - _KEPT,))
        return f"sandbox-{row[0]}"

    def _newest(self, limit: int) -> list[dict[str, Any]]:
        with closing(self._open()) as db:
            rows = db.execute(
                "select sealed from inbox order by id desc limit ?", (limit,)
            ).fetchall()
        return [
            json.loads(self._sealer.decrypt(sealed[:12], sealed[12:], _CONTEXT))
            for (sealed,) in rows
        ]

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._file, timeout=10)
        db.execute(
            "create table if not exists inbox (id integer primary key, key text unique, sealed blob)"
        )
        return db
