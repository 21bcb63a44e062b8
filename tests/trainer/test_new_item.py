"""A new item's files pass the check from the first moment, and say what is still open."""

from pathlib import Path

import pytest
import yaml

from catalogue.loader import Catalogue, load_catalogue
from trainer.new_item import QUESTIONS, AnswersUnusable, asked, read_answers, still_open, write

ANSWERS = {
    "code": "trial_allowance",
    "name": "试办补贴申请",
    "short_name": "试办补贴",
    "aliases": "试办补贴、试试看的补贴",
    "department": "mzj",
    "authority": "禅城区民政局",
    "who": "佛山户籍、60岁以上的困难老人: 要评估",
    "about": "政府出钱，请人上门照顾老人。",
    "papers": "身份证、户口簿",
    "questions": "老人能不能自己吃饭、现在谁照顾",
    "near": "elder_allowance",
}


def answers_file(folder: Path, **change: object) -> Path:
    path = folder / "answers.yml"
    path.write_text(yaml.safe_dump({**ANSWERS, **change}, allow_unicode=True), "utf-8")
    return path


def test_what_is_written_passes_the_check(catalogue: Catalogue, data: Path, tmp_path: Path) -> None:
    answers = read_answers(answers_file(tmp_path), catalogue)
    write(answers, catalogue, data)
    item = load_catalogue(data / "items").items["trial_allowance"]
    assert item.applicants.summary == ANSWERS["who"]
    assert item.aliases == ("试办补贴", "试试看的补贴")
    assert item.number == max(one.number for one in catalogue.items.values()) + 1
    # nothing unknown is written as if it were known
    assert item.fee.yuan is None and item.fee.status == "assumed"
    left = still_open(data, "trial_allowance")
    assert len(left) > 20 and all("第" in line for line in left)
    sentences = yaml.safe_load((data / "nlu/items/trial_allowance.yml").read_text("utf-8"))
    assert sentences["item"] == "trial_allowance" and sentences["sentences"]["apply_item"]
    with pytest.raises(AnswersUnusable, match="已经有这个文件"):
        write(answers, catalogue, data)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "Home"}, "英文小写"),
        ({"code": "elder_card"}, "已经有这个代码"),
        ({"department": "nowhere"}, "可以写：.*mzj 民政"),
        ({"near": "nowhere"}, "这个事项，请写"),
        ({"aliases": "敬老卡"}, "已经是"),
        ({"name": ""}, "这一项要写"),
        ({"surprise": "x"}, "没有这一问"),
    ],
)
def test_answers_that_cannot_be_used_are_told(
    catalogue: Catalogue, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    with pytest.raises(AnswersUnusable, match=said):
        read_answers(answers_file(tmp_path, **change), catalogue)


def test_departments_and_items_may_be_given_by_name(catalogue: Catalogue, tmp_path: Path) -> None:
    answers = read_answers(
        answers_file(tmp_path, department="残疾人联合会", near="高龄津贴、elder_card"), catalogue
    )
    assert answers["department"] == "cl"
    assert answers["near"] == ["elder_allowance", "elder_card"]


def test_at_the_terminal_a_wrong_answer_is_asked_for_again(catalogue: Catalogue) -> None:
    replies = iter(["BAD", "", *[str(ANSWERS.get(key, "")) for key in QUESTIONS]])
    heard: list[str] = []

    def ask(question: str) -> str:
        heard.append(question)
        return next(replies)

    answers = asked(ask, catalogue)
    assert answers["code"] == "trial_allowance"
    assert any("按回车再答一次" in question for question in heard)
