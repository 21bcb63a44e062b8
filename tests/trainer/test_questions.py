"""Files of sentences are read as they are, go the way of production, and are judged fairly."""

import json
from datetime import date
from pathlib import Path

import pytest

from catalogue.loader import Catalogue
from trainer.evaluate import held_out_files
from trainer.figures import asking_back, figures
from trainer.judged import decision, judged
from trainer.questions import Question, QuestionsUnusable, as_said_first, read_questions

TODAY = date(2026, 11, 23)


def test_json_lines_and_the_projects_own_files(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    rows = [
        {"text": "甲", "act": "ask_fee", "items": ["a", "b"], "style": "粤语", "pair": 1},
        {"text": "乙", "items": []},
        {"text": "丙"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    first, second, third = read_questions([path])
    assert (first.items, first.style, first.pair) == (("a", "b"), "粤语", "x:1")
    assert second.items == ("none",) and second.act is None
    assert third.items == ()
    assert len(read_questions(held_out_files())) > 200


def test_a_persons_sentences_and_single_ones_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text(
        "- voice: 老伯\n  style: 啰嗦\n  says:\n    - [ask_fee, a, 甲]\n"
        "- {act: describe_need, item: a, items: [a, b], style: 急, text: 乙}\n",
        "utf-8",
    )
    first, second = read_questions([path])
    assert (first.act, first.items, first.style) == ("ask_fee", ("a",), "啰嗦")
    assert (second.items, second.style) == (("a", "b"), "急")


@pytest.mark.parametrize("content", ["{}", "[1]", '{"text": 1}', "{"])
def test_a_faulty_line_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(QuestionsUnusable, match="x.jsonl"):
        read_questions([path])


def test_personal_data_do_not_reach_the_model(catalogue: Catalogue) -> None:
    said = as_said_first("我要办居住证，电话13800138000", catalogue, TODAY)
    assert "13800138000" not in said["text"] and "居住证" in said["text"]
    assert as_said_first("人工", catalogue, TODAY)["hint"]["act"] == "ask_human"
    assert as_said_first("我不想活了", catalogue, TODAY)["hint"]["act"] == "out_of_scope"


def understood(
    act: str, *items: str, confidence: float = 0.9, other: bool = False
) -> dict[str, object]:
    return {"act": act, "items": list(items), "confidence": confidence, "other": other}


def test_decisions() -> None:
    assert decision(understood("out_of_scope", confidence=0.3)) == "reject"
    assert decision(understood("apply_item", "a")) == "answer"
    assert decision(understood("apply_item", "a", confidence=0.3)) == "clarify"
    assert decision(understood("ask_fee")) == "clarify"
    assert decision(understood("ask_place")) == "answer"


def test_figures_count_what_they_say() -> None:
    def row(text: str, act: str, item: str, heard: dict[str, object], pair: str | None = None):  # type: ignore[no-untyped-def]
        return judged(Question(text, act, (item,), "s", "急", pair), heard)

    rows = [
        row("1", "ask_fee", "a", understood("ask_fee", "a"), "p"),
        row("2", "ask_fee", "b", understood("ask_fee", "a", "b"), "p"),
        row("3", "apply_item", "a", understood("out_of_scope")),
        row("4", "out_of_scope", "none", understood("out_of_scope")),
    ]
    found = figures(rows)
    assert found["act"]["share"] == 0.75 and found["both"]["right"] == 2
    assert found["item_among_three"] == {"right": 2, "of": 3, "share": 0.6667}
    assert found["pairs"] == {"right": 0, "of": 1, "share": 0.0}
    assert found["out_of_scope"]["wrongly_rejected"] == {"right": 1, "of": 3, "share": 0.3333}
    assert found["styles"]["急"]["of"] == 4
    assert found["reliability"]["points"] == [{"confidence": 0.9, "right": 0.75, "sentences": 4}]


def test_what_a_threshold_would_cost_and_save() -> None:
    def row(act: str, meant: str, confidence: float):  # type: ignore[no-untyped-def]
        return judged(Question("…", meant, ("a",), "s"), understood(act, confidence=confidence))

    rows = [
        row("ask_fee", "ask_fee", 0.95),
        row("ask_fee", "ask_time", 0.75),
        row("ask_fee", "ask_fee", 0.45),
        row("ask_fee", "ask_time", 0.35),
        row("out_of_scope", "ask_fee", 0.1),
    ]
    half = next(one for one in asking_back(rows) if one["threshold"] == 0.5)
    assert half["asked"] == {"right": 2, "of": 4, "share": 0.5}
    assert half["in_vain"] == {"right": 1, "of": 2, "share": 0.5}
    assert half["answered"] == {"right": 1, "of": 2, "share": 0.5}
