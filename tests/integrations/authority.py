"""The other side of `SignedHttp`: checks what an authority would check, then asks the sandboxes."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from http_message_signatures import (
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from http_message_signatures.algorithms import ED25519, HMAC_SHA256

from integrations.police.sandbox import SandboxPolice
from integrations.ports import Named, Question, RelationQuestion, RelationRegister
from integrations.registers.people import load_people
from integrations.registers.sandbox import SandboxRegisters
from integrations.relations.sandbox import SandboxRelations, load_relations
from integrations.signed_http import COVERED, TAG, SignedHttp, Signer

PEOPLE_FILE = Path(__file__).resolve().parents[2] / "data" / "demo" / "people.yml"
PEOPLE = load_people(PEOPLE_FILE)
RELATIONS = load_relations(PEOPLE_FILE.with_name("relations.yml"), PEOPLE)
AS_OF = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
KEY_ID = "shiwan"
SECRET = b"a secret of the gateway, 32 bytes"
BASE = "https://share.example.gov.cn/api"


def number(name: str) -> str:
    return next(p.id_no for p in PEOPLE.values() if p.name == name)


@dataclass
class Keys(HTTPSignatureKeyResolver):
    public: Any = SECRET

    def resolve_public_key(self, key_id: str) -> Any:
        return self.public if key_id == KEY_ID else b"unknown to us, but of 32 bytes"

    def resolve_private_key(self, key_id: str) -> Any:
        raise NotImplementedError


@dataclass
class Authority:
    """Answers `instead` first, as often as there is one; with `down` it never answers.

    Attributes:
        requests: all that arrived.
        asked: idempotency key → the answer given to it.
    """

    instead: list[Any] = field(default_factory=list)
    down: bool = False
    public_key: Any = SECRET
    requests: list[httpx.Request] = field(default_factory=list)
    asked: dict[str, httpx.Response] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.registers = SandboxRegisters(PEOPLE, now=lambda: AS_OF)
        self.police = SandboxPolice(PEOPLE, now=lambda: AS_OF)
        self.relations = SandboxRelations(PEOPLE, RELATIONS, now=lambda: AS_OF)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.down:
            raise httpx.ConnectTimeout("down", request=request)
        if self.instead:
            instead = self.instead.pop(0)
            if isinstance(instead, Exception):
                raise instead
            return instead
        if not self._signed(request):
            return httpx.Response(401, json={"code": "401"})
        return await self._answer(request)

    def _signed(self, request: httpx.Request) -> bool:
        verifier = HTTPMessageVerifier(
            signature_algorithm=HMAC_SHA256 if isinstance(self.public_key, bytes) else ED25519,
            key_resolver=Keys(self.public_key),
        )
        try:
            (found,) = verifier.verify(
                request, body=request.content, max_age=timedelta(minutes=5), expect_tag=TAG
            )
        except InvalidSignature:
            return False
        if found.nonce is None or found.nonce in self.nonces:
            return False
        self.nonces.add(found.nonce)
        return {f'"{name}"' for name in COVERED} <= set(found.covered_components)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        given = json.loads(request.content)
        people = [given] if "idNumber" in given else [given["agent"], given["principal"]]
        if any(one["idNumber"] not in PEOPLE for one in people):
            return httpx.Response(200, json={"code": "404"})
        name = request.headers["idempotency-key"]
        if name in self.asked:
            return self.asked[name]
        way = request.url.path.removeprefix("/api/").split("/")
        if way[0] == "relations":
            data = await self._relation(way[1], given, name)
        elif way[0] == "persons":
            data = await self._person(given, name)
        else:
            data = await self._register(way, given)
        self.asked[name] = httpx.Response(200, json={"code": "0", "data": data})
        return self.asked[name]

    async def _register(self, way: list[str], given: dict[str, Any]) -> Any:
        answer = await self.registers.ask(
            Question(
                name=way[2].replace("-", "_"),
                register=way[1].replace("-", "_"),
                id_no=given["idNumber"],
                on=date.fromisoformat(given["on"]),
                months=given.get("months"),
                within_months=given.get("withinMonths"),
                facts=given.get("facts", {}),
            )
        )
        as_of = answer.as_of.isoformat() if answer.as_of else None
        return {"result": answer.answer, "asOf": as_of}

    async def _relation(self, register: str, given: dict[str, Any], name: str) -> Any:
        agent, principal = (
            Named(one["name"], one["idNumber"]) for one in (given["agent"], given["principal"])
        )
        answer = await self.relations.related(
            RelationQuestion(
                RelationRegister(register), given["relation"], agent, principal,
                date.fromisoformat(given["on"]),
            ),
            key=name,
        )  # fmt: skip
        as_of = answer.as_of.isoformat() if answer.as_of else None
        return {"result": answer.answer, "reference": answer.reference, "asOf": as_of}

    async def _person(self, given: dict[str, Any], name: str) -> Any:
        photo = base64.b64decode(given["photo"], validate=True) if "photo" in given else None
        answer = await self.police.verify(
            name=given["name"], id_no=given["idNumber"], photo=photo, key=name
        )
        return {
            "result": answer.match,
            "photoScore": answer.photo_score,
            "reference": answer.reference,
            "at": answer.at.isoformat(),
        }


def gateway(authority: Callable[..., Any], secret: Any = SECRET, **how: Any) -> SignedHttp:
    """Our side of it; waits are short."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(authority))
    given: dict[str, Any] = {"name": "gateway", "base_url": BASE, "wait_s": 0.001} | how
    return SignedHttp(signer=Signer(KEY_ID, secret), client=client, **given)


NO_SENSE: list[Any] = [
    httpx.Response(500),
    httpx.Response(429),
    httpx.Response(200, text="<html>"),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={"code": "0"}),
    httpx.Response(200, json={"code": "0", "data": "yes"}),
    httpx.Response(200, json={"code": "0", "data": {"result": "perhaps"}}),
    httpx.Response(200, json={"code": "0", "data": {"result": "yes"}}),
    httpx.Response(200, json={"code": "5001"}),
    httpx.ReadTimeout("late"),
]
REFUSALS = [httpx.Response(403), httpx.Response(200, json={"code": "4031"})]
