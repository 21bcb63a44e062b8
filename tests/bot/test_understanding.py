"""Sentences files, features, classifiers, and the accuracy on sentences never trained on."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest
import yaml
from bot_server.acts import ACTS
from bot_server.importer import TrainingFileError, read_sentences, training_sentences
from bot_server.nlu.features import FeatureSpace, analyse, normalise, sounds, words
from bot_server.nlu.shapes import UNKNOWN, WordShapes
from bot_server.parse import _parse
from bot_server.train import fingerprint, train
from conftest import ROOT

HERE = ROOT / "tests" / "bot"
DATA = [ROOT / "data" / "nlu", ROOT / "build" / "nlu"]
ANSWERS = {"inform", "affirm", "deny"}
#: Floors a little under what was measured when written. Below them the data or the components
#: have got worse. held_out was looked at while the data were improved, blind was not.
FLOORS = {"held_out": (0.94, 0.92), "blind": (0.87, 0.84)}
ANSWERS_TAKEN_FLOOR = 0.93
OTHERS_LEFT_FLOOR = 0.92


def test_a_code_outside_the_catalogue_counts_as_other(tmp_path):
    (tmp_path / "ask_fee.yml").write_text(
        "act: ask_fee\nsentences:\n  none: [多少钱]\n  a_code: [甲多少钱]\n  b_code: [乙多少钱]\n", "utf-8"
    )
    compiled = {"examples": [{"text": "办甲", "act": "apply_item", "item": "a_code"}]}
    (tmp_path / "items.yml").write_text(yaml.safe_dump(compiled, allow_unicode=True), "utf-8")
    found = {s.text: s.item for s in read_sentences([tmp_path])}
    assert found == {"多少钱": "none", "甲多少钱": "a_code", "乙多少钱": "other", "办甲": "a_code"}


@pytest.mark.parametrize(
    "content",
    [
        "act: no_such_act\nsentences:\n  none: [你好]\n",
        "act: greet\nsentences:\n  some_code: [你好]\n",
        "act: greet\nsentences:\n  none: [no]\n",
        "examples: [{text: 你好, act: greet}]\n",
    ],
)
def test_faulty_files_are_named(tmp_path, content):
    (tmp_path / "bad.yml").write_text(content, "utf-8")
    with pytest.raises(TrainingFileError, match=r"bad\.yml"):
        read_sentences([tmp_path])


def test_every_act_has_sentences_and_none_stands_twice_with_different_labels():
    sentences = read_sentences([ROOT / "data" / "nlu"])
    assert {s.act for s in sentences} == ACTS
    labels = {}
    for s in sentences:
        assert labels.setdefault(s.text, (s.act, s.item)) == (s.act, s.item), s.text


def test_features_see_through_script_width_dialect_and_homophones():
    assert normalise("居住證，１２３！") == "居住证 0"
    assert set(words(analyse("几多钱"))) & set(words(analyse("多少钱")))
    assert set(sounds(analyse("居住政"))) == set(sounds(analyse("居住证")))
    assert "姓名" in normalise("[姓名]")


def test_nothing_changed_trains_nothing(models, tmp_path):
    assert train(ROOT, models) is False
    before = fingerprint(ROOT)
    (tmp_path / "data" / "nlu").mkdir(parents=True)
    (tmp_path / "data" / "nlu" / "x.yml").write_text("act: greet\n")
    assert fingerprint(tmp_path) != before


def test_one_sentence_is_read_as_in_training():
    said = ["居住证要多少钱", "多少钱", "护照要多少钱", "多少钱多少钱"]
    sentences = [analyse(text, n) for n, text in enumerate(said)]
    space = FeatureSpace(WordShapes(sentences, ["ask_fee", "ask_fee", "out_of_scope", "ask_fee"]))
    rows = space.fit_transform(sentences)
    for sentence, row in zip(sentences, rows):
        columns, values = space.row(sentence)
        assert dict(zip(columns, values)) == pytest.approx(dict(zip(row.indices, row.data)), rel=1e-4)
    assert len(space.row(analyse("𠀀"))[0]) == len(space.row(analyse("𠀀"))[1])


def test_words_of_other_business_are_unknown():
    sentences = [analyse(t, n) for n, t in enumerate(["居住证多少钱", "办居住证", "护照多少钱", "多少钱"])]
    shapes = WordShapes(sentences, ["ask_fee", "apply_item", "out_of_scope", "ask_fee"])
    assert UNKNOWN + "2" in shapes(analyse("护照多少钱"))
    assert not any(UNKNOWN in s for s in shapes(analyse("居住证多少钱")))
    # a word that only one written sentence has is unknown to that sentence itself
    assert any(UNKNOWN in s for s in shapes(sentences[1]))


def test_variants_are_the_same_each_time_and_never_contradict_what_is_written():
    written = {s.text: (s.act, s.item) for s in read_sentences(DATA)}
    made = training_sentences(DATA)
    assert made == training_sentences(DATA)
    assert len(made) > 1.5 * len(written)
    assert len({s.text for s in made}) == len(made)
    assert {s.text: (s.act, s.item) for s in made if s.text in written} == written
    # people also name a passport in what they want of this hall ("拿护照的，办生育登记要什么")
    named_by_people = {s.group for s in made if "护照" in s.text and s.text in written}
    of_elsewhere = [s for s in made if "护照" in s.text and s.group not in named_by_people]
    assert of_elsewhere and {s.act for s in of_elsewhere} == {"out_of_scope"}


def parsed(asked, models, tmp_path):
    """What the trained model understands of {text, in_form?}, none of which it was trained on."""
    trained = {s.text for s in training_sentences(DATA)}
    assert not [a["text"] for a in asked if a["text"] in trained]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(json.dumps(a, ensure_ascii=False) for a in asked), "utf-8")
    assert asyncio.run(_parse(source, target, models)) == len(asked)
    return [json.loads(line) for line in target.read_text("utf-8").splitlines()]


def sentences_of(name):
    content = yaml.safe_load((HERE / f"{name}.yml").read_text("utf-8"))
    if isinstance(content, list):
        labelled = [one for voice in content for one in voice["says"]]
    else:
        labelled = [
            (act, item, text)
            for act, items in content.items()
            for item, texts in items.items()
            for text in texts
        ]
    return [{"act": act, "item": item, "text": text} for act, item, text in labelled]


@pytest.mark.parametrize("name", ["held_out", "blind"])
def test_sentences_never_trained_on(models, tmp_path, capsys, name):
    asked = sentences_of(name)
    answers = parsed(asked, models, tmp_path)
    known = {s.item for s in read_sentences(DATA)}
    right, total, both = Counter(), Counter(), 0
    for a, b in zip(asked, answers):
        item = b["items"][0] if b["items"] else "other" if b["other"] else "none"
        meant = a["item"] if a["item"] in known else "other"
        # a label "other" is out of date once the catalogue holds the item that is meant
        newer = a["item"] == "other" and item not in ("none", "residence_permit_apply")
        item_right = item == meant or newer
        total[a["act"]] += 1
        right[a["act"]] += a["act"] == b["act"]
        both += a["act"] == b["act"] and item_right
    act, both = sum(right.values()) / len(asked), both / len(asked)
    with capsys.disabled():
        weak = [f"{a} {right[a]}/{total[a]}" for a in sorted(total) if right[a] < total[a]]
        print(f"\n  {name}: act {act:.1%}, act and item {both:.1%}; not all right: {', '.join(weak)}")
    act_floor, both_floor = FLOORS[name]
    assert act >= act_floor
    assert both >= both_floor


def test_in_the_form_answers_are_taken_and_questions_are_not(models, tmp_path, capsys):
    content = yaml.safe_load((HERE / "in_form.yml").read_text("utf-8"))
    said = content["answers"]
    others = [text for texts in content["others"].values() for text in texts]
    asked = [{"text": text, "in_form": True} for text in said + others]
    taken = [b["act"] in ANSWERS for b in parsed(asked, models, tmp_path)]
    answers = sum(taken[: len(said)]) / len(said)
    left = 1 - sum(taken[len(said) :]) / len(others)
    with capsys.disabled():
        print(f"\n  in the form: {answers:.1%} of answers taken, {left:.1%} of others left")
    assert answers >= ANSWERS_TAKEN_FLOOR
    assert left >= OTHERS_LEFT_FLOOR
