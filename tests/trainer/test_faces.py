"""Rates, intervals and warnings of the face calibration; the models run once, on three portraits."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from integrations.ports import FaceTemplate
from integrations.vision.face_rule import MODELS, FaceRule
from trainer.faces import PicturesUnusable, curve, encode_folder, pair_up, rates
from trainer.faces_report import calibrate, summary
from trainer.rates import interval, people_interval

PICTURES = Path(__file__).resolve().parents[1] / "fixtures" / "pictures"


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # from published tables of the Clopper–Pearson interval
    [(0, 100, 0.0, 0.036217), (5, 100, 0.016432, 0.112835), (100, 100, 0.963783, 1.0)],
)
def test_the_interval_of_a_rate(count: int, of: int, low: float, high: float) -> None:
    found = interval(count, of)
    assert found["low"] == pytest.approx(low, abs=1e-5)
    assert found["high"] == pytest.approx(high, abs=1e-5)


def test_one_look_alike_counts_once_however_often_photographed() -> None:
    # 10 persons, 1000 pairs of other people, the 100 wrong ones all between two of them
    people = np.array([(0, 1)] * 100 + [(i, i + 1) for i in range(2, 8)] * 150, dtype=np.int64)
    hits = np.array([True] * 100 + [False] * 900)
    low, high = people_interval(hits, people, 10)
    by_pair = interval(100, 1000)
    assert low < by_pair["low"] and high > by_pair["high"]


def test_the_curve_counts_what_is_at_or_below_the_threshold() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    thresholds, accepted, rejected = curve(scores, np.array([True, False, True, False]))
    assert list(thresholds) == [0.1, 0.2, 0.3, 0.4]
    assert list(accepted) == [0, 0.5, 0.5, 1] and list(rejected) == [0.5, 0.5, 0, 0]


def people(count: int, pictures: int = 2) -> list[tuple[str, FaceTemplate]]:
    random, found = np.random.default_rng(2), []
    for i in range(count):
        centre = random.normal(size=(2, 128))
        for _ in range(pictures):
            vectors = centre + 0.2 * random.normal(size=(2, 128))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            found.append((f"p{i:03d}", FaceTemplate(MODELS, vectors.astype(np.float32))))
    return found


def test_every_pair_is_counted_and_small_data_is_called_small() -> None:
    found = rates(pair_up(people(12), ["p1/bad.jpg"], FaceRule()))
    assert found["pairs"] == {"genuine": 12, "impostor": 12 * 11 * 2}
    assert found["rule"]["genuine"]["alike"]["count"] == 12
    assert found["rule"]["impostor"]["alike"]["count"] == 0
    assert found["rule"]["impostor"]["alike"]["high"] > 0.01
    assert found["models"]["joint"]["eer"] == 0
    for wanted in found["models"]["sface"]["proposed"]:
        assert wanted["far"]["rate"] <= wanted["wanted_far"]
    text = summary(found)
    assert "p1/bad.jpg" in text and "只有 12 个人" in text and "Only 264 impostor pairs" in text


def test_one_person_alone_says_nothing() -> None:
    with pytest.raises(PicturesUnusable):
        pair_up(people(1), [], FaceRule())
    with pytest.raises(PicturesUnusable):
        pair_up(people(5, pictures=1), [], FaceRule())


def test_a_folder_is_measured_and_only_rates_are_left_behind(tmp_path: Path) -> None:
    folder, out = tmp_path / "people", tmp_path / "out"
    for name in ("person_b_1", "person_b_2", "impostor_1"):
        person = folder / name.rsplit("_", 1)[0]
        person.mkdir(parents=True, exist_ok=True)
        shutil.copy(PICTURES / f"{name}.jpg", person)
    shutil.copy(PICTURES / "back.png", folder / "impostor")
    (folder / "impostor" / "notes.txt").write_text("no picture")
    text = calibrate(folder, out, FaceRule())
    assert "impostor/back.png" in text and "1/1 = 100.000%" in text
    assert sorted(one.name for one in out.iterdir()) == ["calibration.json", "det.png"]
    found = json.loads((out / "calibration.json").read_text("utf-8"))
    assert found["pairs"] == {"genuine": 1, "impostor": 2}
    assert (out / "det.png").read_bytes().startswith(b"\x89PNG")
    assert "vectors" not in (out / "calibration.json").read_text("utf-8")
    assert len(encode_folder(folder)[0]) == 3
