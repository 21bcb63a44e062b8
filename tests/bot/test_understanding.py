"""Sentences files, features, classifiers, and the accuracy on sentences never trained on."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import numpy as np
import pytest
import yaml
from bot_server.acts import ACTS
from bot_server.importer import TrainingFileError, read_sentences, training_sentences
from bot_server.nlu.features import SAID, FeatureSpace, analyse, normalise, sounds, words
from bot_server.nlu.model import LinearModel
from bot_server.nlu.shapes import UNKNOWN, WordShapes
from bot_server.nlu.weights import SMALLEST, Weights
from bot_server.parse import _parse
from bot_server.train import fingerprint, train
from conftest import ROOT
from scipy.sparse import csr_matrix

HERE = ROOT / "tests" / "bot"
DATA = [ROOT / "data" / "nlu", ROOT / "build" / "nlu"]
ANSWERS = {"inform", "affirm", "deny"}
#: Floors a little under what was measured when written. Below them the data or the components
#: have got worse. held_out was looked at while the data were improved, blind was not.
FLOORS = {"held_out": (0.93, 0.92), "blind": (0.87, 0.84)}
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
    shapes = WordShapes(sentences, ["ask_fee", "ask_fee", "out_of_scope", "ask_fee"])
    space = FeatureSpace((*SAID, (shapes, 1.0)))
    rows = space.fit_transform(sentences)
    for sentence, row in zip(sentences, rows):
        columns, values = space.row(sentence)
        assert dict(zip(columns, values)) == pytest.approx(dict(zip(row.indices, row.data)), rel=1e-4)
    assert len(space.row(analyse("𠀀"))[0]) == len(space.row(analyse("𠀀"))[1])


def test_weights_of_one_sentence_are_those_of_many():
    random = np.random.default_rng(7)
    learnt = [
        (np.array([0, 2, 5], dtype=np.int32), np.array([0.5, -1.0, SMALLEST / 2]), -0.25),
        (np.array([1, 2], dtype=np.int32), np.array([2.0, 0.1]), 0.5),
        (np.zeros(0, dtype=np.int32), np.zeros(0), -3.0),
    ]
    weights = Weights(6, learnt)
    assert weights.table.nnz == 4
    rows = csr_matrix((random.random((4, 6)) > 0.5) * random.random((4, 6)))
    each = [weights.of(row.indices, row.data) for row in rows]
    assert np.array(each) == pytest.approx(weights.of_all(rows))
    assert weights.of(np.zeros(0, dtype=np.int64), np.zeros(0)) == pytest.approx([-0.25, 0.5, -3])


def test_few_of_the_others_tell_labels_apart_and_training_is_the_same_each_time():
    names = {"a": "居住证", "b": "低保", "c": "敬老卡"}
    frames = ["{}多少钱", "办{}", "我要{}", "{}在哪里办", "{}是什么", "{}怎么申请", "想问下{}"]
    said = [(code, frame.format(n)) for frame in frames for code, n in names.items()]
    sentences = [analyse(text, number) for number, (_, text) in enumerate(said)]
    labels = [code for code, _ in said]
    model, again = (LinearModel.fit(sentences, labels, nearest=8) for _ in range(2))
    asked = ["请问敬老卡要多久", "居住证过期了", "低保能不能办"]
    answers = model.probabilities(asked)
    assert list(model.labels[answers.argmax(axis=1)]) == ["c", "a", "b"]
    assert (answers == again.probabilities(asked)).all()


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
    of_elsewhere = [
        s for s in made if "护照" in s.text and not {s.group, s.told} & named_by_people
    ]
    assert of_elsewhere and {s.act for s in of_elsewhere} == {"out_of_scope"}


def test_a_question_at_the_end_of_a_story_is_still_the_question():
    written = read_sentences(DATA)
    told = [s for s in training_sentences(DATA) if s.told is not None]
    assert len(told) > 1000
    assert "describe_need" not in {s.act for s in told}
    for s in told:
        story, asked = written[s.told], written[s.group]
        assert story.act == "describe_need" and s.text.endswith(asked.text)
        assert (s.act, s.item) == (asked.act, asked.item)


@pytest.mark.parametrize("name", ["held_out", "held_out_3", "blind", "blind_forty", "in_form"])
def test_what_measures_is_never_trained_on(name):
    trained = {s.text for s in training_sentences(DATA)}
    asked = [a["text"] for a in (in_form() if name == "in_form" else sentences_of(name))]
    assert len(asked) > 100
    assert [text for text in asked if text in trained] == []


def in_form():
    """What is said while the form waits: {text, in_form, answer}."""
    content = yaml.safe_load((HERE / "in_form.yml").read_text("utf-8"))
    others = [text for texts in content["others"].values() for text in texts]
    said = [(text, True) for text in content["answers"]] + [(text, False) for text in others]
    return [{"text": text, "in_form": True, "answer": answer} for text, answer in said]


def parsed(asked, models, tmp_path):
    """What the trained model understands of {text, in_form?}."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(json.dumps(a, ensure_ascii=False) for a in asked), "utf-8")
    assert asyncio.run(_parse(source, target, models)) == len(asked)
    return [json.loads(line) for line in target.read_text("utf-8").splitlines()]


def sentences_of(name):
    content = yaml.safe_load((HERE / f"{name}.yml").read_text("utf-8"))
    if isinstance(content, list):
        # one sentence by itself, or all that one imagined person says
        labelled = [
            one
            for entry in content
            for one in entry.get("says") or [(entry["act"], entry.get("item"), entry["text"])]
        ]
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
    asked = in_form()
    answers_taken, others_left = [], []
    for a, b in zip(asked, parsed(asked, models, tmp_path)):
        taken = b["act"] in ANSWERS
        (answers_taken if a["answer"] else others_left).append(taken == a["answer"])
    answers = sum(answers_taken) / len(answers_taken)
    left = sum(others_left) / len(others_left)
    with capsys.disabled():
        print(f"\n  in the form: {answers:.1%} of answers taken, {left:.1%} of others left")
    assert answers >= ANSWERS_TAKEN_FLOOR
    assert left >= OTHERS_LEFT_FLOOR
