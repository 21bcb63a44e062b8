"""A citizen who applies for a residence permit by program, and sends a turn again until it is
answered: what a phone does when the line or a process fails."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx

from integrations.registers.people import DemoPerson
from tests.conversations import pictures

Hook = Callable[[int, str], None]
_PATIENCE_S = 90
_TIMEOUT = httpx.Timeout(60, connect=2)


def valid_number(region: str, birth: date, order: int) -> str:
    """An identity number whose check digit is right (GB 11643); of nobody."""
    seventeen = f"{region}{birth:%Y%m%d}{order:03d}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    rest = sum(int(digit) * weight for digit, weight in zip(seventeen, weights, strict=True)) % 11
    return seventeen + "10X98765432"[rest]


@dataclass(frozen=True)
class Facts:
    """What is true of an invented citizen; `typed` is how it is said, by what is awaited."""

    name: str
    id_no: str
    phone: str
    address: str
    hukou: str
    landlord: str
    landlord_phone: str
    typed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def invented(cls, seed: int) -> "Facts":
        """Somebody else for every seed."""
        dice = random.Random(seed)
        return cls(
            name="欧阳" + dice.choice("晓文子雨嘉") + dice.choice("嵘霖翊珺玥"),
            id_no=valid_number("441823", date(1980 + seed % 20, 1 + seed % 12, 9), 100 + seed),
            phone=f"137{dice.randrange(10**8):08d}",
            address=f"跃进路{dice.randrange(11, 98)}号{dice.randrange(2, 9)}座1203房",
            hukou=f"广东省阳山县阳城镇北门路{dice.randrange(11, 98)}号",
            landlord="司马" + dice.choice("建国志强"),
            landlord_phone=f"136{dice.randrange(10**8):08d}",
        )

    def answers(self) -> dict[str, str]:
        """Awaited thing → what is typed."""
        return {
            "filed_by": "本人",
            "waive_type": "已登记满半年",
            "confirm_card": "对",
            "name": f"我叫{self.name}",
            "id_no": self.id_no,
            "ethnicity": "汉族",
            "hukou_address": self.hukou,
            "phone": self.phone,
            "sign_in_phone": self.phone,
            "reason": "工作",
            "current_region": "石湾镇街道澜石社区",
            "current_address": self.address,
            "move_in_date": "2025年3月1日",
            "housing_type": "租房",
            "landlord_name": self.landlord,
            "landlord_phone": self.landlord_phone,
            "lease_no": "跳过",
            "lease_end": "2028年3月1日",
            "employer": "佛山市样例陶瓷有限公司",
            "owner_relation": "本人",
            "photo_mode": "现场自拍",
            "pickup": "到服务站/大厅领取",
            "face_consent": "同意",
            "checks": "继续",
            "review": "确认提交",
            "not_eligible": "继续办理",
            **self.typed,
        }

    def expected(self) -> dict[str, Any]:
        """Answers that must be stored at the end, each in its own field."""
        return {
            "filed_by": "self",
            "name": self.name,
            "id_no": self.id_no,
            "phone": self.phone,
            "reason": "employment",
            "move_in_date": "2025-03-01",
            "lease_end": "2028-03-01",
            "landlord_name": self.landlord,
            "landlord_phone": self.landlord_phone,
            "employer": "佛山市样例陶瓷有限公司",
            "pickup": "station",
        }


@dataclass
class Citizen:
    """One visit.

    Attributes:
        before, after: called around each turn with its number and what is awaited.
        turns: every turn that was sent, with the reply that was got.
        failures: statuses and errors on the way (a turn sent again is answered in the end).
    """

    url: str
    facts: Facts
    before: Hook = lambda number, awaited: None
    after: Hook = lambda number, awaited: None
    turns: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    id: str = ""
    token: str = ""
    reply: dict[str, Any] = field(default_factory=dict)
    photographs: bool = True

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=_TIMEOUT, trust_env=False)

    def begin(self, channel: str = "phone") -> "Citizen":
        opened = self._insist(
            lambda: self.http.post("/api/v1/conversations/", json={"channel": channel})
        )
        self.id, self.token = opened.json()["id"], opened.json()["token"]
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def path(self) -> str:
        return f"/api/v1/conversations/{self.id}"

    @property
    def awaiting(self) -> str | None:
        return (self.reply.get("state", {}).get("draft") or {}).get("awaiting")

    @property
    def text(self) -> str:
        return "\n".join(one["text"] for one in self.reply.get("messages", []))

    def widgets(self) -> dict[str, str]:
        """Kind → id of the widgets that were shown in the last reply."""
        shown = [one["widget"] for one in self.reply.get("messages", []) if "widget" in one]
        return {one["kind"]: one["id"] for one in shown}

    def post(self, body: dict[str, Any]) -> httpx.Response:
        """Send one turn once."""
        return self.http.post(f"{self.path}/messages", json=body, headers=self.headers)

    def turn(self, **what: Any) -> dict[str, Any]:
        """Send a turn until it is answered."""
        number = len(self.turns) + 1
        body = {**what, "turn_id": f"turn-{number}"}
        self.before(number, str(self.awaiting))
        self.reply = self._insist(lambda: self.post(body)).json()
        self.turns.append((body, self.reply))
        self.after(number, str(self.awaiting))
        return self.reply

    def say(self, text: str) -> dict[str, Any]:
        return self.turn(text=text)

    def upload(self, kind: str, content: bytes) -> None:
        widget = self.widgets()[kind]
        number = len(self.turns) + 1
        self.before(number, f"upload of {kind}")

        def send() -> httpx.Response:
            return self.http.post(
                f"{self.path}/uploads",
                params={"widget": widget},
                files={"file": ("picture", content)},
                headers=self.headers,
            )

        kept = self._insist(send, 201).json()["upload_id"]
        self.turn(event={"type": "widget_done", "widget": widget, "upload_id": kept})

    def _insist(self, send: Callable[[], httpx.Response], *accepted: int) -> httpx.Response:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                answer = send()
            except httpx.HTTPError as exc:
                self.failures.append(type(exc).__name__)
            else:
                if answer.status_code in (accepted or (200, 201)):
                    return answer
                assert answer.status_code in (503, 409), (answer.status_code, answer.text)
                assert answer.json()["error"]["message"]
                self.failures.append(str(answer.status_code))
            assert time.monotonic() < deadline, f"no answer: {self.failures[-5:]}"
            time.sleep(0.3)

    def code(self) -> str:
        """The newest code that was sent to this phone."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            for one in self.inbox():
                if "code" in one["params"]:
                    return str(one["params"]["code"])
            time.sleep(0.3)
        raise AssertionError("no code was sent")

    def inbox(self) -> list[dict[str, Any]]:
        """Messages to this phone, newest first."""
        found = self._insist(lambda: self.http.get("/demo/inbox")).json()["messages"]
        return [one for one in found if one["to"] == self.facts.phone]

    def answer(self) -> None:
        """Answer what is awaited, as anybody would."""
        awaited, widgets = self.awaiting, self.widgets()
        if awaited == "sms_code":
            self.turn(
                event={"type": "widget_done", "widget": widgets["sms_code"], "value": self.code()}
            )
        elif "id_card_front" in widgets:
            if self.photographs:
                self.upload("id_card_front", pictures.card(self.person(), "person_a_1"))
            else:
                self.say("打字")
        elif "id_card_back" in widgets:
            self.upload("id_card_back", pictures.card_back(self.person()))
        elif awaited == "selfie":
            self.upload("selfie", pictures.selfie("person_a_2"))
        elif "photo" in widgets:
            self.upload("photo", pictures.selfie("person_a_2"))
        elif "document" in widgets:
            self.upload("document", pictures.paper())
        elif "signature" in widgets:
            self.upload("signature", pictures.signature())
        else:
            self.say(self.facts.answers()[str(awaited)])

    def person(self) -> DemoPerson:
        """What stands on the card."""
        from integrations.registers.people import load_people
        from ops.env import ROOT

        known = next(iter(load_people(ROOT / "data" / "demo" / "people.yml").values()))
        return known.model_copy(
            update={"name": self.facts.name, "id_no": self.facts.id_no, "sex": "男",
                    "hukou_address": self.facts.hukou, "ethnicity": "汉"}
        ) if hasattr(known, "model_copy") else _replaced(known, self.facts)  # fmt: skip

    def fill_until(self, *goals: str | None) -> "Citizen":
        """Answer until one of these is awaited (None: nothing any more)."""
        if not self.turns:
            self.say("我要办居住证")
        for _ in range(60):
            if self.awaiting in goals:
                return self
            self.answer()
        raise AssertionError(f"never came to {goals}; still at {self.awaiting}: {self.text}")


def _replaced(known: Any, facts: Facts) -> Any:
    from dataclasses import replace

    return replace(
        known,
        name=facts.name,
        id_no=facts.id_no,
        sex="男",
        hukou_address=facts.hukou,
        ethnicity="汉",
    )
