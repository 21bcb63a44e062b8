"""A signature stands under exactly what was signed, and nothing else."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

import backoffice.audit.models
import backoffice.outbox.models
import backoffice.results.models
import backoffice.uploads.models  # noqa: F401
from backoffice.applications.models import AnswerRow, Application, MaterialRow
from backoffice.db import Sessions
from backoffice.identity.alarms import AlarmKind
from backoffice.signatures.models import Signature
from backoffice.signatures.services import (
    SignatureBroken,
    Standing,
    require_standing,
    sign,
    standing,
)
from backoffice.signatures.strokes import StrokesUnusable, read_strokes
from backoffice.uploads.models import Upload

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FIELD = "signature"
STROKES = [[[float(n), float(n * 2 % 7), 10.0 * n, 0.5] for n in range(9)]]


async def _upload(session: Any, application: str, id: str, kind: str = "signature") -> Upload:
    upload = Upload(
        id=id, conversation_id="c", application_id=application, widget_id="w", kind=kind,
        mime="image/png", size=3, digest=f"digest of {id}", analysis={"strokes": STROKES},
        created_at=NOW, expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    session.add(upload)
    await session.flush()
    return upload


@pytest.fixture
async def signed(sessions: Sessions) -> str:
    """An application with answers, a paper and a signature; its id."""
    async with sessions.begin() as session:
        one = Application(
            item_code="residence_permit_apply", item_version="1", channel="phone", progress={},
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(one)
        await session.flush()
        await _upload(session, one.id, "paper", "document")
        upload = await _upload(session, one.id, "sign")
        answers = {"name": "李小梅", "id_no": "430121199207154022", "n": 3, FIELD: "sign"}
        for field, value in answers.items():
            session.add(
                AnswerRow(application_id=one.id, field=field, value=value, source="typed", at=NOW)
            )
        session.add(
            MaterialRow(
                application_id=one.id, material="lease", state="given", upload_id="paper", at=NOW
            )
        )
        await session.flush()
        await sign(
            session, one, field=FIELD, upload=upload, shown=[("姓名", "李**")],
            signer="430121199207154022", for_other=False, actor="citizen:1", now=NOW,
        )  # fmt: skip
        return one.id


async def worth(sessions: Sessions, id: str, answer: str = "sign") -> Standing:
    async with sessions.begin() as session:
        return await standing(session, await session.get_one(Application, id), FIELD, answer)


async def test_a_signature_stands_under_what_was_signed(sessions: Sessions, signed: str) -> None:
    assert await worth(sessions, signed) == Standing.STANDS
    assert await worth(sessions, signed, "window") == Standing.AT_WINDOW
    async with sessions.begin() as session:
        row = (await session.scalars(select(Signature))).one()
        await require_standing(session, await session.get_one(Application, signed), [FIELD])
    assert row.strokes == STROKES
    assert row.document["shown"] == [["姓名", "李**"]]
    assert json.loads(row.document["content"])["answers"]["name"] == "李小梅"


async def _answer(session: Any, id: str) -> None:
    row = await session.get(AnswerRow, (id, "name"))
    row.value = "王建军"


async def _new_answer(session: Any, id: str) -> None:
    session.add(AnswerRow(application_id=id, field="x", value="1", source="typed", at=NOW))


async def _paper(session: Any, id: str) -> None:
    await _upload(session, id, "paper 2", "document")
    session.add(
        MaterialRow(application_id=id, material="lease", state="given", upload_id="paper 2", at=NOW)
    )


async def _picture_of_a_paper(session: Any, id: str) -> None:
    await session.execute(update(Upload).where(Upload.id == "paper").values(digest="other"))


@pytest.mark.parametrize("change", [_answer, _new_answer, _paper, _picture_of_a_paper])
async def test_whatever_is_changed_afterwards_demands_a_new_signature(
    sessions: Sessions, signed: str, change: Callable[[Any, str], Awaitable[None]]
) -> None:
    async with sessions.begin() as session:
        await change(session, signed)
    assert await worth(sessions, signed) == Standing.CHANGED
    async with sessions.begin() as session:
        with pytest.raises(SignatureBroken) as told:
            await require_standing(session, await session.get_one(Application, signed), [FIELD])
    assert told.value.alarm is None


async def test_what_a_clerk_saw_at_the_window_was_not_signed(
    sessions: Sessions, signed: str
) -> None:
    async with sessions.begin() as session:
        session.add(
            MaterialRow(
                application_id=signed, material="lease", state="seen", upload_id=None, at=NOW
            )
        )
    assert await worth(sessions, signed) == Standing.STANDS


TAMPERED: list[dict[str, Any]] = [
    {"content_hash": "0" * 64},
    {"upload_id": "paper"},
    {"signer_hash": "0" * 64},
    {"for_other": True},
    {"picture_digest": "other"},
    {"signed_at": NOW + timedelta(minutes=1)},
    {"strokes": [[[1.0, 1.0, 0.0, 0.0]]]},
    {"document": {"content": "{}", "shown": []}},
    {"form_version": "2"},
    {"seal": "0" * 64},
]


@pytest.mark.parametrize("values", TAMPERED, ids=lambda one: next(iter(one)))
async def test_a_row_changed_by_another_hand_is_refused(
    sessions: Sessions, signed: str, values: dict[str, Any]
) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Signature).values(**values))
    assert await worth(sessions, signed) == Standing.BROKEN
    async with sessions.begin() as session:
        with pytest.raises(SignatureBroken) as told:
            await require_standing(session, await session.get_one(Application, signed), [FIELD])
    assert told.value.alarm == AlarmKind.SIGNATURE_BROKEN


async def test_another_picture_in_its_place_is_refused(sessions: Sessions, signed: str) -> None:
    async with sessions.begin() as session:
        await _upload(session, signed, "other")
    assert await worth(sessions, signed, "other") == Standing.BROKEN
    async with sessions.begin() as session:
        await session.execute(update(Upload).where(Upload.id == "sign").values(digest="other"))
    assert await worth(sessions, signed) == Standing.BROKEN


async def test_a_signature_of_another_application_is_none(sessions: Sessions, signed: str) -> None:
    async with sessions.begin() as session:
        two = Application(
            item_code="residence_permit_apply", item_version="1", channel="phone", progress={},
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(two)
        await session.flush()
        await session.execute(update(Signature).values(application_id=two.id))
        id = two.id
    assert await worth(sessions, id) == Standing.BROKEN
    assert await worth(sessions, signed) == Standing.MISSING


def pad(points: list[tuple[float, float, float]]) -> str:
    given = [{"x": x, "y": y, "time": t, "pressure": 0.3} for x, y, t in points]
    return json.dumps([{"penColor": "black", "points": given}])


def test_strokes_are_read_as_the_page_records_them() -> None:
    (stroke,) = read_strokes(pad([(n, n * n, 1_000 + 20 * n) for n in range(12)]))
    assert stroke[0] == [0.0, 0.0, 0.0, 0.3] and stroke[-1][2] == 220.0


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", "[[[[", "[" * 5000,
        pad([(1, 1, 0)] * 20),
        pad([(n, n, -n) for n in range(12)]),
        pad([(n, n, 100 - n) for n in range(12)]),
        pad([(n, n, n) for n in range(4)]),
        pad([(n, n, n) for n in range(9_000)]),
        pad([(float("nan"), n, n) for n in range(12)]),
        pad([(1e9 + n, n, n) for n in range(12)]),
    ],
)  # fmt: skip
def test_what_is_no_movement_of_a_pen_is_refused(text: str) -> None:
    with pytest.raises(StrokesUnusable):
        read_strokes(text)


@given(st.text(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.text(max_size=6), one, max_size=4),
).map(json.dumps))  # fmt: skip
def test_whatever_is_sent_only_one_fault_is_told(text: str) -> None:
    try:
        read_strokes(text)
    except StrokesUnusable:
        pass
