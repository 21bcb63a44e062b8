"""Models are kept whole; one pointer says which answers."""

import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.loader import Catalogue
from tests.trainer.test_gate import group
from trainer import evaluate, publish
from trainer.engine import write_lines
from trainer.items import _contradictions
from trainer.judged import Judged
from trainer.publish import Refused, SwapFailed, go_live, publish_first, rollback
from trainer.registry import MODEL_NAME, Registry, RegistryError

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def trained(registry: Registry, fingerprint: str, program: str = "p1") -> None:
    folder = registry.models / "candidate"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_NAME).write_bytes(fingerprint.encode())
    (folder / "xiaozheng.fingerprint").write_text(fingerprint)
    (folder / "program.fingerprint").write_text(program)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the running bot was told to answer with."""
    swapped: list[str] = []
    monkeypatch.setattr(publish, "tell_bot", lambda id: swapped.append(id) or True)
    return swapped


def test_nothing_trained_is_told(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="make train"):
        registry.candidate()
    assert registry.live() is None and registry.history() == []


def test_the_first_model_and_a_new_program_are_published_by_themselves(registry: Registry) -> None:
    trained(registry, "aaaaaaaa")
    publish_first(registry)
    first = registry.live()
    assert first is not None and first.file.read_bytes() == b"aaaaaaaa"
    trained(registry, "bbbbbbbb")
    publish_first(registry)
    assert registry.live() == first  # new data wait for make publish
    trained(registry, "cccccccc", program="p2")
    publish_first(registry)
    live = registry.live()
    assert live is not None and live.fingerprint == "cccccccc"
    assert [one.fingerprint for one in registry.history()] == ["aaaaaaaa", "cccccccc"]


def test_rollback_goes_to_what_was_replaced_and_by_name_anywhere(
    registry: Registry, told: list[str]
) -> None:
    made = []
    for number, fingerprint in enumerate(("aaaaaaaa", "bbbbbbbb", "cccccccc")):
        trained(registry, fingerprint)
        now = NOW + timedelta(minutes=number)
        one = registry.add(registry.candidate(), None, now=now, by="x", note="", verdict="")
        go_live(registry, one)
        made.append(one.id)
    assert rollback(registry, None).id == made[1] and registry.live().id == made[1]  # type: ignore[union-attr]
    assert rollback(registry, None).id == made[0]
    with pytest.raises(RegistryError, match="退不回去"):
        rollback(registry, None)
    assert rollback(registry, made[2]).id == made[2]
    assert told == [*made, made[1], made[0], made[2]]
    with pytest.raises(RegistryError, match="没有发布过"):
        rollback(registry, "nowhere")


def test_a_bot_that_cannot_change_keeps_the_old_model(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(registry, "aaaaaaaa")
    publish_first(registry)
    before = registry.live()
    trained(registry, "bbbbbbbb")
    made = registry.add(registry.candidate(), None, now=NOW, by="x", note="", verdict="")

    def refuse(id: str) -> bool:
        raise SwapFailed("no")

    monkeypatch.setattr(publish, "tell_bot", refuse)
    with pytest.raises(SwapFailed):
        go_live(registry, made)
    assert registry.live() == before


def test_what_is_live_is_not_published_again(
    registry: Registry, catalogue: Catalogue, told: list[str]
) -> None:
    trained(registry, "aaaaaaaa")
    publish_first(registry)
    assert publish.publish(registry, catalogue, "") == registry.live()
    assert len(registry.history()) == 1 and told == []


def test_the_evaluation_is_kept_with_the_model(registry: Registry, tmp_path: Path) -> None:
    trained(registry, "aaaaaaaa")
    (tmp_path / "report.html").write_text("x")
    (tmp_path / "predictions.jsonl").write_text("")
    (tmp_path / "own-aaaaaaaa.jsonl").write_text("the same again")
    made = registry.add(registry.candidate(), tmp_path, now=NOW, by="x", note="n", verdict="v")
    names = {path.name for path in made.folder.iterdir()}
    assert {"report.html", "predictions.jsonl", "about.json", MODEL_NAME} <= names
    assert "own-aaaaaaaa.jsonl" not in names
    assert registry.history()[0].note == "n"


def test_only_what_was_judged_is_published(
    registry: Registry, catalogue: Catalogue, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judging takes long enough for somebody to train another one."""
    trained(registry, "aaaaaaaa")
    publish_first(registry)
    live = registry.live()
    trained(registry, "bbbbbbbb")

    def judged(*_: object) -> str:
        trained(registry, "cccccccc")
        return "good"

    monkeypatch.setattr(publish.items, "check", lambda: ("", True))
    monkeypatch.setattr(publish, "judge", judged)
    with pytest.raises(RegistryError, match="又训练了"):
        publish.publish(registry, catalogue, "")
    assert registry.live() == live and len(registry.history()) == 1 and told == []


@pytest.mark.parametrize(("lost", "settled"), [(20, True), (8, True), (7, False)])
def test_held_out_sentences_alone_may_settle_it(
    lost: int,
    settled: bool,
    registry: Registry,
    catalogue: Catalogue,
    told: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is hopeless is refused before the long part, with a report; the live model stays."""
    trained(registry, "aaaaaaaa")
    publish_first(registry)
    live = registry.live()
    assert live is not None
    trained(registry, "bbbbbbbb")
    before, after = group(lost, 0)

    def heard(model: Path, *_: object) -> list[Judged]:
        return before if model == live.file else after

    class LongPart(Exception):
        pass

    def evaluated(*_: object, **__: object) -> None:
        raise LongPart

    monkeypatch.setattr(publish.items, "check", lambda: ("", True))
    monkeypatch.setattr(publish, "held_out", heard)
    monkeypatch.setattr(publish, "evaluate", evaluated)
    monkeypatch.setattr(publish, "REPORTS", tmp_path / "publish")
    monkeypatch.setattr(publish, "FOLDER", tmp_path / "evaluation")
    with pytest.raises(Refused if settled else LongPart) as refused:
        publish.publish(registry, catalogue, "")
    assert registry.live() == live and told == []
    if settled:
        assert "没有再考" in str(refused.value)
        assert "不能上线" in (tmp_path / "publish" / "publish.html").read_text("utf-8")


def test_contradicting_sentences_are_refused_before_anything_is_measured(
    registry: Registry, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(registry, "aaaaaaaa")
    text = "一、必须改的\n“办卡”写了 2 处\n\n二、几乎一样\n没有。"
    monkeypatch.setattr(publish.items, "check", lambda: (text, False))
    monkeypatch.setattr(publish.items, "REPORT", tmp_path / "build" / "check-items.txt")
    with pytest.raises(Refused, match="“办卡”写了 2 处$") as refused:
        publish.publish(registry, catalogue, "")
    assert refused.value.report.read_text("utf-8") == text + "\n"
    assert registry.live() is None


def test_a_passage_copied_into_another_file_is_told_once(catalogue: Catalogue) -> None:
    labels = [{"act": "apply_item", "item": code} for code in ("social_card_apply", "elder_card")]
    copied = [{"text": f"第{n}句", "labels": labels} for n in range(30)]
    lines = _contradictions(copied, catalogue)
    assert len(lines) == 4 and "一共 30 句" in lines[-1] and "社保卡" in lines[-1]
    assert len(_contradictions(copied[:5], catalogue)) == 5


def test_a_model_that_was_never_examined_is_examined_on_what_it_was_trained_on(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first start publishes unjudged; what comes after is compared all the same, and once."""
    trained(registry, "aaaaaaaa")
    (tmp_path / "kept.yml").write_text("sentences")
    with tarfile.open(registry.models / "candidate" / "trained_on.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "kept.yml", "data/nlu/greet.yml")
    publish_first(registry)
    live = registry.live()
    assert live is not None
    asked = []

    def crossval(module: str, target: Path, _root: str, root: str) -> None:
        asked.append((module, (Path(root) / "data/nlu/greet.yml").read_text()))
        heard = {"act": "greet", "items": [], "confidence": 0.9, "other": False, "ranking": []}
        write_lines(target, [{"text": "你好", "gold_act": "greet", "gold_item": "none", **heard}])

    monkeypatch.setattr(evaluate, "run", crossval)
    rows = evaluate.own_of(live)
    assert [row.right for row in rows] == [True] and asked == [("crossval", "sentences")]
    assert evaluate.own_of(live) == rows and len(asked) == 1


def test_a_model_that_kept_nothing_has_no_sentences_of_its_own(registry: Registry) -> None:
    trained(registry, "aaaaaaaa")
    publish_first(registry)
    live = registry.live()
    assert live is not None and evaluate.own_of(live) == []
