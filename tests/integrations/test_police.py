"""One contract for the police's sandbox and their gateway, and what is special to each."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from integrations.police.http import HttpPolice
from integrations.police.question import MAX_PHOTO_BYTES
from integrations.police.sandbox import SandboxPolice
from integrations.ports import Answer, PoliceAnswer, PoliceCheck, Rejected, Unavailable
from tests.integrations.authority import (
    AS_OF,
    NO_SENSE,
    PEOPLE,
    REFUSALS,
    Authority,
    gateway,
    number,
)
from tests.uploads import pictures as p

PHOTO = p.sample("person_b_1.jpg")


@dataclass
class Kit:
    police: PoliceCheck
    fail: Callable[[], None]


@pytest.fixture(params=["sandbox", "http"])
def kit(request: pytest.FixtureRequest) -> Kit:
    if request.param == "http":
        authority = Authority()

        def fail() -> None:
            authority.instead += [httpx.ConnectTimeout("down")] * 3

        return Kit(HttpPolice(gateway(authority), now=lambda: AS_OF), fail)
    police = SandboxPolice(PEOPLE, now=lambda: AS_OF)
    return Kit(police, police.faults.fail_next)


async def ask(
    police: PoliceCheck, name: str, id_no: str = "", photo: bytes | None = None, key: str = "k1"
) -> PoliceAnswer:
    return await police.verify(name=name, id_no=id_no or number(name), photo=photo, key=key)


@pytest.mark.parametrize(
    ("name", "match", "with_photo", "score"),
    [
        ("测试员", Answer.YES, Answer.YES, 0.93),
        ("赵长城", Answer.YES, Answer.NO, 0.31),
        ("张晓雪", Answer.UNKNOWN, Answer.UNKNOWN, None),
    ],
)
async def test_what_they_find(
    kit: Kit, name: str, match: Answer, with_photo: Answer, score: float | None
) -> None:
    plain = await ask(kit.police, name)
    assert (plain.match, plain.photo_score) == (match, None)
    looked = await ask(kit.police, name, photo=PHOTO, key="k2")
    assert (looked.match, looked.photo_score) == (with_photo, score)
    assert plain.reference and looked.reference != plain.reference
    assert plain.at == AS_OF


async def test_another_persons_number_is_a_no_also_with_a_photo(kit: Kit) -> None:
    for key, photo in (("k1", None), ("k2", PHOTO)):
        answer = await ask(kit.police, "李小梅", number("测试员"), photo, key)
        assert answer.match is Answer.NO and answer.photo_score is None


async def test_a_number_they_do_not_know_is_unknown(kit: Kit) -> None:
    answer = await ask(kit.police, "测试员", "911124198108030024")
    assert (answer.match, answer.photo_score, answer.at) == (Answer.UNKNOWN, None, AS_OF)


async def test_the_same_key_is_the_same_question(kit: Kit) -> None:
    first = await ask(kit.police, "测试员", photo=PHOTO)
    assert await ask(kit.police, "测试员", photo=PHOTO) == first


async def test_an_outage_is_never_a_yes_and_passes(kit: Kit) -> None:
    kit.fail()
    with pytest.raises(Unavailable) as caught:
        await ask(kit.police, "测试员")
    assert caught.value.retryable
    assert (await ask(kit.police, "测试员")).match is Answer.YES


@pytest.mark.parametrize(
    ("name", "id_no", "photo"),
    [
        ("", number("测试员"), None),
        ("测" * 61, number("测试员"), None),
        ("测\n试", number("测试员"), None),
        ("测试员", "11010519491231002", None),
        ("测试员", "测试员", None),
        ("测试员", number("测试员"), b""),
        ("测试员", number("测试员"), b"%PDF-1.7 no photo"),
        ("测试员", number("测试员"), PHOTO + bytes(MAX_PHOTO_BYTES)),
    ],
)
async def test_what_cannot_be_a_person_is_refused(
    kit: Kit, name: str, id_no: str, photo: bytes | None
) -> None:
    with pytest.raises(Rejected) as caught:
        await kit.police.verify(name=name, id_no=id_no, photo=photo, key="k1")
    assert not id_no or id_no not in str(caught.value)


# —— the gateway ——


def data(**changed: Any) -> httpx.Response:
    right = {"result": "yes", "photoScore": 0.9, "reference": "r1", "at": AS_OF.isoformat()}
    return httpx.Response(200, json={"code": "0", "data": right | changed})


@pytest.mark.parametrize(
    "instead",
    [
        *NO_SENSE,
        data(photoScore=None),
        data(photoScore=1.2),
        data(photoScore=-0.1),
        data(photoScore="high"),
        data(photoScore=True),
        data(photoScore="0.9"),
        data(reference=""),
        data(reference="x" * 65),
        data(reference=None),
        data(at="2026-11-22T10:00:00"),
        data(at=None),
    ],
)
async def test_no_sensible_answer_is_never_taken_for_yes_or_no(instead: Any) -> None:
    authority = Authority(instead=[instead] * 3)
    with pytest.raises(Unavailable) as caught:
        await ask(HttpPolice(gateway(authority)), "测试员", photo=PHOTO)
    assert number("测试员") not in repr(caught.value)


async def test_the_answer_that_the_others_are_variants_of_is_taken() -> None:
    answer = await ask(HttpPolice(gateway(Authority(instead=[data()]))), "测试员", photo=PHOTO)
    assert answer == PoliceAnswer(Answer.YES, 0.9, "r1", AS_OF)


@pytest.mark.parametrize("instead", REFUSALS)
async def test_a_refusal_is_final(instead: httpx.Response) -> None:
    authority = Authority(instead=[instead])
    with pytest.raises(Rejected):
        await ask(HttpPolice(gateway(authority)), "测试员")
    assert len(authority.requests) == 1


async def test_only_the_body_tells_who_it_is_about() -> None:
    authority = Authority()
    await ask(HttpPolice(gateway(authority)), "测试员", photo=PHOTO, key=number("测试员"))
    (request,) = authority.requests
    assert str(request.url) == "https://share.example.gov.cn/api/persons/verify"
    assert number("测试员") not in str(request.headers)
    sent = json.loads(request.content)
    assert sent["name"] == "测试员" and base64.b64decode(sent["photo"]) == PHOTO
