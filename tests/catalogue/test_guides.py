"""What leads to the right item: every name, question and situation of the catalogue arrives."""

from pathlib import Path

import pytest
import yaml

from backoffice.dialogue.questions import known_question
from backoffice.understanding import normalise
from bootstrap.settings import ROOT
from catalogue.guides import load_guides
from catalogue.loader import Catalogue, load_catalogue
from catalogue.phrases import pattern_of, said_phrase


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "data" / "items")


def _guides(folder: Path, **files: object) -> list[str]:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return [str(fault) for fault in load_guides(folder, {"a", "b"})[1]]


def test_a_phrase_spans_a_few_characters_but_no_clause() -> None:
    pattern = pattern_of(["生…孩子"])
    assert pattern.search("生了个孩子") and pattern.search("生孩子")
    assert not pattern.search("生病了，孩子没人带")
    assert not pattern.search("生完以后过了很久很久才有孩子")
    assert pattern_of([]).search("") is None
    assert said_phrase(["居住证", "居住证签注"], "办居住证签注") == "居住证签注"


def test_every_item_is_in_a_topic(catalogue: Catalogue) -> None:
    assert {one for topic in catalogue.guides.topics for one in topic.items} == set(catalogue.items)


def test_every_name_leads_to_its_item(catalogue: Catalogue) -> None:
    wrong = [
        (name, item.code)
        for item in catalogue.items.values()
        for name in (item.name, item.title, *item.aliases)
        if catalogue.names.named_in(normalise(name)) != [item.code]
    ]
    assert not wrong


def test_the_longest_name_wins(catalogue: Catalogue) -> None:
    assert catalogue.names.named_in("我要办居住证签注") == ["residence_permit_endorse"]
    assert catalogue.names.named_in("居住证和社保卡") == [
        "residence_permit_apply",
        "social_card_apply",
    ]
    assert catalogue.names.named_in("今天天气怎么样") == []


def test_every_known_question_has_its_own_answer(catalogue: Catalogue) -> None:
    """Asked in its own words, with the item known, no other answer of the item wins."""
    lost = [
        (item.code, question)
        for item in catalogue.items.values()
        for faq in item.faq
        for question in (faq.q, *faq.also)
        if known_question(normalise(question), [item]) is not faq
    ]
    assert not lost


def test_words_of_a_label_decide_for_it(catalogue: Catalogue) -> None:
    """Who reads a label aloud, with more around it, is not asked again for another option."""
    for group in catalogue.guides.near:
        for option in group.options:
            decided = {one.item for one in group.decided_by(option.label)}
            assert decided <= {option.item} or option.item in decided, (group.name, option.label)


def test_other_offices_only_for_what_is_asked_of_them(catalogue: Catalogue) -> None:
    for text in ("我要办护照", "去哪里补办身份证", "我想取公积金", "怎么考驾照"):
        assert catalogue.only_elsewhere(text) is not None, text
    for text in (
        "备案要拿房产证原件还是复印件", "身份证过期了能办老人卡吗", "离婚证要带吗", "孩子打疫苗看牙都要自己付，有报销吗",
        "租客说要提公积金付房租，缺一样房东去办的东西",
    ):  # fmt: skip
        assert catalogue.only_elsewhere(text) is None, text


def test_faults_are_told(tmp_path: Path) -> None:
    option = {"item": "a", "label": "甲", "words": ["第一次"]}
    faults = _guides(
        tmp_path,
        near__x={
            "groups": [
                {"name": "x", "ask": "哪个？", "options": [option, {**option, "item": "c"}]},
            ]
        },
        situations__x={
            "situations": [
                {
                    "name": "s",
                    "say": "好",
                    "cues": ["下雨"],
                    "examples": ["下雨了", "出太阳"],
                    "plan": [{"item": "a", "why": "先办"}],
                }
            ]
        },
        next_steps={"after": {"a": [{"item": "nothing", "say": "接着办"}]}},
    )
    told = "\n".join(faults)
    assert "没有“c”这个事项" in told
    assert "没有“nothing”这个事项" in told
    assert "“第一次”写在两个选项里" in told
    assert "例子“出太阳”认不出来" in told
    assert "下雨了" not in told


def test_where_to_go_elsewhere_names_sources_that_exist(catalogue: Catalogue) -> None:
    known = set(yaml.safe_load((ROOT / "data" / "sources.yml").read_text("utf-8"))["sources"])
    for other in catalogue.guides.elsewhere:
        assert set(other.sources) <= known, other.name
        assert (other.status == "assumed") == (not other.sources), other.name
