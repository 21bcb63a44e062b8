"""What the trainers' commands ask of this side: honest folds, close sentences."""

from __future__ import annotations

import shutil

import pytest

from bot_server.crossval import WithoutSome, deal
from bot_server.importer import GROUP, TOLD, Sentence, TrainingFileError, read_sentences
from bot_server.neighbours import NEARLY_SAME, report
from bot_server.train import data_folders, importer_of, train
from conftest import ROOT


def test_no_fold_knows_its_sentences_nor_what_was_made_of_them():
    written = read_sentences(data_folders(ROOT))
    folds = deal(written, range(len(written)), 3)
    assert sum(map(len, folds)) == len(written)
    assert not (folds[0] & folds[1] or folds[1] & folds[2] or folds[0] & folds[2])
    importer = importer_of(ROOT, WithoutSome)
    whole = importer.get_nlu_data()
    asked = {written[n].text for n in folds[0]}
    importer.whole, importer.held_out, importer.asked = whole, folds[0], frozenset(asked)
    kept = importer.get_nlu_data().training_examples
    assert 0 < len(kept) < len(whole.training_examples)
    assert not {m.get(GROUP) for m in kept} & folds[0]
    assert not {m.get(TOLD) for m in kept} & folds[0]
    assert not [m.get("text") for m in kept if m.get("text") in asked]
    acts = [{written[n].act for n in fold} for fold in folds]
    assert acts[0] == acts[1] == acts[2]


def test_a_sentence_that_stands_twice_is_asked_in_one_fold():
    written = [Sentence("多少钱", "ask_fee", "none"), Sentence("你好", "greet", "none")] * 3
    folds = deal(written, range(6), 2)
    assert sorted(map(sorted, folds)) == [[0, 2, 4], [1, 3, 5]]


def test_contradictions_and_near_sentences_are_found():
    sentences = [
        Sentence("积分入户怎么弄", "ask_process", "a"),
        Sentence("积分入户怎么弄", "out_of_scope", "none"),
        Sentence("我想申请老人坐车的那张卡片", "apply_item", "a"),
        Sentence("我想申请老人坐车的那张卡片呀", "apply_item", "b"),
        Sentence("完全不同的一句话", "ask_what", "c"),
    ]
    found = report(sentences)
    assert [one["text"] for one in found["faults"]] == ["积分入户怎么弄"]
    near = [one for one in found["warnings"] if {one["item"], one["other_item"]} == {"a", "b"}]
    assert len(near) == 1 and near[0]["close"] >= NEARLY_SAME
    assert found["items"]["a"][0]["label"] == "b" and "c" not in found["items"]
    assert found["counts"]["a"] == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("item: another\nsentences:\n  greet: [好]\n", "要和文件名一样"),
        ("item: some_item\nsentences:\n  greet: [好\n", "第 4 行附近看不懂"),
    ],
)
def test_a_faulty_file_is_told_before_training_in_words_a_trainer_can_use(text, told, tmp_path):
    place = tmp_path / "data" / "nlu" / "items"
    place.mkdir(parents=True)
    (place / "some_item.yml").write_text(text, "utf-8")
    for one in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / one, tmp_path)
    with pytest.raises(TrainingFileError, match=f"some_item.yml.*{told}"):
        train(tmp_path, tmp_path / "models")
