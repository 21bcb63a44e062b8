"""Parameters, training examples, JSON Schema, and the commands."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from catalogue.cli import main, schema_text
from catalogue.faults import CatalogueError
from catalogue.loader import load_catalogue
from catalogue.parameters import load_hall, load_holidays
from catalogue.training import conflicts, examples, write_training

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = ROOT / "data/parameters"


def test_unknown_facts_about_the_hall_are_null() -> None:
    hall = load_hall(PARAMETERS / "hall.yml")
    assert hall.hours.value is None and hall.phone.value is None
    assert hall.address.value and hall.address.status == "verified" and hall.address.sources
    assert hall.call_back.working_days == 1 and hall.call_back.status == "assumed"


def test_holidays_are_the_announced_ones_and_no_others() -> None:
    years = load_holidays(PARAMETERS / "holidays.yml")
    assert set(years) == {2025, 2026}
    spring = next(one for one in years[2026].holidays if one.name == "春节")
    assert (spring.first, spring.last) == (date(2026, 2, 15), date(2026, 2, 23))
    assert spring.workdays == (date(2026, 2, 14), date(2026, 2, 28))


def test_worked_days_are_weekend_days_and_not_holidays() -> None:
    for year in load_holidays(PARAMETERS / "holidays.yml").values():
        spans = [(one.first, one.last) for one in year.holidays]
        for day in (day for one in year.holidays for day in one.workdays):
            assert day.weekday() >= 5, day
            assert not any(first <= day <= last for first, last in spans), day


@pytest.mark.parametrize(
    ("holiday", "message"),
    [
        ({"name": "春节", "first": "2026-02-20", "last": "2026-02-15"}, "last 不能早于 first"),
        ({"name": "春节", "first": "2025-02-15", "last": "2025-02-16"}, "别的年份的日期"),
        ({"name": "春节", "first": "明天", "last": "2026-02-15"}, "日期要写成"),
    ],
)
def test_a_wrong_holiday_is_explained(tmp_path: Path, holiday: dict, message: str) -> None:
    year = {
        "title": "通知", "doc_no": "文号", "link": "网址", "last_checked": "2026-01-01",
        "status": "verified", "holidays": [holiday],
    }  # fmt: skip
    path = tmp_path / "holidays.yml"
    path.write_text(yaml.safe_dump({"years": {"2026": year}}, allow_unicode=True), "utf-8")
    with pytest.raises(CatalogueError, match=message):
        load_holidays(path)


def test_names_mean_apply(trainer, item) -> None:
    trainer.write(item() | {"aliases": ["借书证"], "wrong_names": [{"text": "图书卡"}]})
    taught = {(one["text"], one["act"]) for one in examples(load_catalogue(trainer.folder))}
    assert taught == {
        ("借书证办理", "apply_item"),
        ("借书证", "apply_item"),
        ("图书卡", "apply_item"),
    }


def test_one_wrong_name_of_two_items_is_a_conflict(trainer, item) -> None:
    trainer.write(item() | {"wrong_names": [{"text": "图书卡"}]})
    trainer.write(item("book_club", "读书会报名") | {"wrong_names": [{"text": "图书卡"}]})
    found = list(conflicts(load_catalogue(trainer.folder)))
    assert len(found) == 1 and "图书卡" in found[0]


def test_the_training_file_is_not_mistaken_for_the_engines_own(tmp_path: Path) -> None:
    path = tmp_path / "nlu/items.yml"
    count = write_training(load_catalogue(ROOT / "data/items"), path)
    content = yaml.safe_load(path.read_text("utf-8"))
    assert len(content) == count >= 12
    assert {frozenset(one) for one in content} == {frozenset({"text", "act", "item"})}
    for line in path.read_text("utf-8").splitlines():
        assert not line.strip().startswith(("nlu:", "responses:", "stories:", "rules:"))


def test_item_files_hold_no_line_that_the_engine_takes_for_training() -> None:
    for path in (ROOT / "data").glob("items/*.yml"):
        for line in path.read_text("utf-8").splitlines():
            assert not line.strip().startswith(("nlu:", "responses:", "stories:", "rules:"))


def test_the_schema_for_editors_is_up_to_date() -> None:
    assert (ROOT / "schemas/service_item.json").read_text("utf-8") == schema_text(), (
        "run: python -m catalogue schema"
    )


def test_the_schema_speaks_of_the_keys_trainers_write() -> None:
    schema = json.loads(schema_text())
    assert "validate" in schema["$defs"]["FormField"]["properties"]
    assert {"all", "any", "not"} <= set(schema["$defs"]["Condition"]["properties"])
    assert schema["additionalProperties"] is False


def test_item_files_point_editors_to_the_schema() -> None:
    for path in (ROOT / "data/items").glob("*.yml"):
        first = path.read_text("utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../../schemas/service_item.json"
        assert (path.parent / first.split("=")[1]).resolve().is_file()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the data to break."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path


def test_check_passes_on_the_real_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "没有问题" in capsys.readouterr().out


def test_check_tells_the_faults_of_items_and_parameters_together(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "data/parameters/hall.yml").write_text("name: 大厅\n", encoding="utf-8")
    permit = project / "data/items/residence_permit_apply.yml"
    permit.write_text(permit.read_text("utf-8") + "\nfees: 0\n", encoding="utf-8")
    assert main(["--root", str(project), "check"]) == 1
    out = capsys.readouterr().out
    assert "residence_permit_apply.yml：fees：不认识的字段" in out
    assert "hall.yml：call_back：缺少这一项" in out


def test_schema_check_fails_when_stale(project: Path) -> None:
    assert main(["--root", str(project), "schema", "--check"]) == 1
    assert main(["--root", str(project), "schema"]) == 0
    assert main(["--root", str(project), "schema", "--check"]) == 0


def test_training_refuses_a_broken_catalogue(project: Path) -> None:
    (project / "data/items/residence_permit_apply.yml").write_text("code: x\n", encoding="utf-8")
    assert main(["--root", str(project), "training"]) == 1
    assert not (project / "build").exists()
