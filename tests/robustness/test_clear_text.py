"""A whole application of one distinctive citizen; afterwards nothing of him is anywhere in clear."""

import base64
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from PIL import Image
from pypdf import PdfReader

from tests.robustness.citizen import Citizen, Facts, valid_number
from tests.robustness.conftest import House

FACTS = Facts(
    name="欧阳霁衡",
    id_no=valid_number("441823", __import__("datetime").date(1987, 3, 9), 417),
    phone="13726481935",
    address="跃进路86号6座1203房",
    hukou="广东省阳山县阳城镇北门路57号",
    landlord="司马国梁",
    landlord_phone="13684027195",
    typed={
        "name": "我叫欧阳霁衡，身份证号回头再说",
        "phone": "幺三七 二六四八 一九三五",
        "sign_in_phone": "137-2648-1935",
        "landlord_phone": "１３６８４０２７１９５",
        "id_no": "4418 2319 8703 09" + valid_number("441823", __import__("datetime").date(1987, 3, 9), 417)[14:],
        "current_address": "我住跃进路86号6座1203房",
    },
)  # fmt: skip
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
_SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def _numbers(value: str) -> set[str]:
    spaced = {f"{value[:3]}{sep}{value[3:7]}{sep}{value[7:]}" for sep in " -.　"}
    by_four = {sep.join(re.findall(".{1,4}", value)) for sep in " -"}
    words = {value.translate(table) for table in (_DIGITS, _SPOKEN, _WIDE)}
    return {value, value[::-1], " ".join(value), *spaced, *by_four, *words}


def traces() -> dict[str, bytes]:
    """What must not be found: each thing in every dress that it could wear in a file."""
    words = {
        "name": {FACTS.name},
        "given name": {FACTS.name[2:]},
        "landlord": {FACTS.landlord},
        "address": {"跃进路86号", "6座1203"},
        "household address": {"北门路57号"},
        "phone": _numbers(FACTS.phone),
        "landlord's phone": _numbers(FACTS.landlord_phone),
        "identity number": _numbers(FACTS.id_no),
        # tails alone would be found by chance; the middle of a number is as telling
        "part of the phone": {FACTS.phone[3:]},
        "part of the identity number": {FACTS.id_no[6:14] + FACTS.id_no[14:17]},
    }
    found: dict[str, bytes] = {}
    for what, forms in words.items():
        for form in forms:
            for how, data in _dressed(form):
                if len(data) >= 6:
                    found[f"{what} ({how}) {len(found)}"] = data
    return found


def _dressed(form: str) -> Iterator[tuple[str, bytes]]:
    utf8 = form.encode()
    yield "UTF-8", utf8
    yield "UTF-16 LE", form.encode("utf-16-le")
    yield "UTF-16 BE", form.encode("utf-16-be")
    yield "GB 18030", form.encode("gb18030")
    yield "JSON", form.encode("unicode_escape")
    yield "URL", quote(form).encode()
    yield "hex", utf8.hex().encode()
    for shift in range(3):  # base64 of a text that holds it anywhere
        whole = base64.b64encode(b"\0" * shift + utf8)
        yield f"base64+{shift}", whole[4 * bool(shift) : -4]


@pytest.fixture(scope="module")
def finished(house: House) -> Citizen:
    """The application from the first word to the result, with personal data at every wrong place."""
    citizen = house.citizen(facts=FACTS)
    citizen.say(f"你好，我是{FACTS.name}，电话{FACTS.phone}，要办居住证")
    citizen.say(f"{FACTS.name}办居住证要带什么？我的身份证是{FACTS.id_no}")
    citizen.turn(event={"type": "silence"})
    citizen.say("我要办居住证")
    asked = set()
    for _ in range(60):
        if citizen.awaiting is None:
            break
        if citizen.awaiting not in asked:  # a side question with somebody's data in it, once each
            asked.add(citizen.awaiting)
            if len(asked) % 4 == 0:
                citizen.say(f"我朋友{FACTS.landlord}（{FACTS.landlord_phone}）也能办吗？")
        citizen.answer()
    assert "已经提交" in citizen.text, citizen.text
    _decide(house, citizen)
    return citizen


def _decide(house: House, citizen: Citizen) -> None:
    """A clerk looks at the case, its pictures too, and approves."""
    password = house.secrets()["XZ_DEMO_CLERK_PASSWORD"]
    with httpx.Client(base_url=house.url, timeout=60, trust_env=False) as clerk:
        entered = clerk.post(
            "/api/v1/staff/session", json={"username": "clerk", "password": password}
        )
        clerk.headers["Authorization"] = f"Bearer {entered.json()['token']}"
        # the list shows applicants masked; the case is known by the number the citizen was told
        cases = clerk.get("/api/v1/staff/cases").json()["cases"]
        (case,) = [one for one in cases if one["number"] and one["number"] in citizen.text]
        seen = clerk.get(f"/api/v1/staff/cases/{case['id']}").json()
        assert FACTS.id_no in str(seen), "the clerk does not see what was given"
        for decision in ("accept", "approve"):
            path = f"/api/v1/staff/cases/{case['id']}/decision"
            answer = clerk.post(path, json={"decision": decision, "reason": "齐全"})
            assert answer.status_code == 200, answer.text


def _result(citizen: Citizen) -> dict:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = citizen.http.get("/api/v1/me/results", headers=citizen.headers).json()["results"]
        if found:
            return dict(found[0])
        time.sleep(0.5)
    raise AssertionError("no result was issued")


def test_what_was_given_is_kept_although_it_is_nowhere_in_clear(
    house: House, finished: Citizen
) -> None:
    (draft,) = house.drafts_of(finished)
    stored = draft.answers
    wanted = FACTS.expected()
    assert {slug: stored.get(slug) for slug in wanted} == wanted


def test_the_search_finds_what_is_in_clear(tmp_path: Path) -> None:
    """A search that cannot find would prove nothing."""
    for text in (FACTS.name, FACTS.phone, "137 2648 1935", FACTS.id_no, FACTS.address):
        for encoding in ("utf-8", "utf-16-le"):
            (tmp_path / "file").write_bytes(b"\x01\x02" + text.encode(encoding) + b"\xff")
            assert list(_hits(tmp_path)), (text, encoding)
    (tmp_path / "file").write_bytes(base64.b64encode(f'{{"name": "{FACTS.name}"}}'.encode()))
    assert list(_hits(tmp_path))


def _hits(folder: Path) -> Iterator[str]:
    wanted = traces()
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for what, trace in wanted.items():
            at = content.find(trace)
            if at >= 0:
                yield f"{path.relative_to(folder)} at {at}: {what}"


def test_no_file_holds_anything_of_the_citizen_in_clear(house: House, finished: Citizen) -> None:
    """Databases with their journals, the tracker, uploads, the inbox, every log."""
    code = _result(finished)["code"]
    finished.inbox()
    files = {path.name for path in house.folder.rglob("*") if path.is_file()}
    for needed in ("xiaozheng.db", "tracker.db", "demo_inbox.db", "gateway.log", "bot.log",
                   "actions.log", "worker.log"):  # fmt: skip
        assert needed in files, f"{needed} was not searched"
    assert any((house.folder / "uploads").rglob("*"))
    assert list(_hits(house.folder)) == []
    assert code  # the result exists, so that its document was searched too


def test_kept_pictures_are_no_pictures_to_anybody_else(house: House, finished: Citizen) -> None:
    for path in (house.folder / "uploads").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            with pytest.raises(Exception):  # noqa: B017 - whatever Pillow says
                Image.open(io.BytesIO(content)).load()
            assert b"%PDF" not in content[:1024]


def test_files_are_for_the_owner_only(house: House, finished: Citizen) -> None:
    for path in house.folder.rglob("*"):
        if path.is_file() and ("uploads" in path.parts or path.suffix in (".json", ".env")):
            assert path.stat().st_mode & 0o077 == 0, path


def test_logs_name_no_path_with_a_persons_id_and_no_traceback(
    house: House, finished: Citizen
) -> None:
    for path in (house.folder / "log").glob("*.log"):
        words = path.read_text("utf-8", "replace")
        assert finished.token not in words, path.name
        assert "Traceback" not in words, path.name


def test_metrics_and_the_list_of_processes_hold_nothing(house: House, finished: Citizen) -> None:
    wanted = traces()
    pages = [
        httpx.get(f"http://127.0.0.1:{house.port(name)}/metrics", trust_env=False).content
        for name in ("XZ_METRICS_PORT", "XZ_WORKER_METRICS_PORT")
    ]
    assert b"xz_requests" in pages[0]
    assert finished.id.encode() not in pages[0], "an identifier is a label"
    for state in house.stack.states().values():
        pages.append(Path(f"/proc/{state['pid']}/cmdline").read_bytes())
    for page in pages:
        assert [what for what, trace in wanted.items() if trace in page] == []


def test_the_public_pages_show_the_holder_masked(house: House, finished: Citizen) -> None:
    code = _result(finished)["code"]
    page = httpx.get(f"{house.url}/v/{code}", trust_env=False)
    asked = httpx.post(f"{house.url}/api/v1/verify", json={"code": code}, trust_env=False)
    assert asked.json()["outcome"] == "genuine"
    for answer in (page, asked):
        assert answer.status_code == 200
        content = answer.content
        shown = [what for what, trace in traces().items() if trace in content]
        assert shown == []
    assert FACTS.id_no[-4:] in page.text


def test_replies_show_numbers_masked_and_addresses_of_results_hold_no_person(
    house: House, finished: Citizen
) -> None:
    for _, reply in finished.turns:
        for secret in (FACTS.id_no, FACTS.phone, FACTS.landlord_phone):
            assert secret not in str(reply)
    result = _result(finished)
    assert not any(secret in str(result) for secret in (FACTS.name, FACTS.id_no, FACTS.phone))


def test_the_document_is_the_holders_own_and_says_who_he_is(
    house: House, finished: Citizen
) -> None:
    result = _result(finished)
    path = f"/api/v1/me/results/{result['id']}/document.pdf"
    deadline = time.monotonic() + 60
    mine = finished.http.get(path, headers=finished.headers)
    while mine.status_code == 409 and time.monotonic() < deadline:  # it is still being sealed
        time.sleep(0.5)
        mine = finished.http.get(path, headers=finished.headers)
    assert mine.status_code == 200, mine.text
    assert "no-store" in mine.headers["cache-control"]
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(mine.content)).pages)
    assert FACTS.name in words.replace("\n", "")
    other = house.citizen()
    assert other.http.get(path, headers=other.headers).status_code in (401, 404)
    assert other.http.get(path).status_code == 404


def test_a_message_by_sms_says_nothing_of_the_business(house: House, finished: Citizen) -> None:
    for one in finished.inbox():
        for secret in (FACTS.name, FACTS.id_no, FACTS.address, "居住证"):
            assert secret not in one["text"]
