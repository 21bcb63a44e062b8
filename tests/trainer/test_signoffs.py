"""In production only what a department stands for is applied for."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from catalogue.loader import Catalogue, CatalogueError, load_catalogue
from catalogue.signoffs import FILE, Standing, item_fingerprint, load_signoffs, standing
from trainer.signed import sign, today, waiting_text

CODE = "elder_card"


def test_signed_as_it_reads_until_the_review(catalogue: Catalogue, data: Path) -> None:
    item = catalogue.items[CODE]
    assert standing(item, load_signoffs(data / FILE, catalogue), today()) == Standing.UNSIGNED
    sign(catalogue, CODE, "陈某，科长", None, data)
    signoffs = load_signoffs(data / FILE, catalogue)
    review = signoffs[CODE].review
    assert signoffs[CODE].by == "陈某，科长"
    assert standing(item, signoffs, review - timedelta(days=1)) == Standing.SIGNED
    assert standing(item, signoffs, review) == Standing.OVERDUE
    assert (data / FILE).read_text("utf-8").startswith("#")


def test_any_change_of_the_facts_takes_the_signature_away(data: Path) -> None:
    before = load_catalogue(data / "items")
    sign(before, CODE, "陈某，科长", None, data)
    shared = data / "shared" / "fields.yml"
    content = yaml.safe_load(shared.read_text("utf-8"))
    content["fields"]["phone"]["ask"] = "请留一个手机号，好吗？"
    shared.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    after = load_catalogue(data / "items")
    signoffs = load_signoffs(data / FILE, after)
    # not even its own file changed: a field that it shares did
    assert standing(after.items[CODE], signoffs, today()) == Standing.CHANGED
    assert item_fingerprint(before.items[CODE]) != item_fingerprint(after.items[CODE])


def test_the_list_says_what_waits_for_whom(catalogue: Catalogue, data: Path) -> None:
    department = catalogue.items[CODE].department
    assert CODE in waiting_text(catalogue, data)
    sign(catalogue, CODE, "陈某，科长", date(2999, 1, 1), data)
    text = waiting_text(catalogue, data)
    assert CODE not in text and catalogue.departments[department] in text
    assert f"{len(catalogue.items)} 个事项，{len(catalogue.items) - 1} 个等签字" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"item": "no_such_item"}, "没有这个事项"),
        ({"department": "scjg"}, "管，要由它来签字"),
        ({"review": "2026-01-01"}, "晚于"),
        ({"fingerprint": "x"}, "fingerprint"),
    ],
)
def test_faults_are_told(
    catalogue: Catalogue, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    item = catalogue.items[CODE]
    entry = {
        "item": CODE, "department": item.department, "by": "陈某", "on": "2026-11-01",
        "review": "2027-05-01", "fingerprint": item_fingerprint(item),
    }  # fmt: skip
    path = tmp_path / FILE
    path.write_text(yaml.safe_dump({"signoffs": [entry]}, allow_unicode=True), "utf-8")
    assert load_signoffs(path, catalogue)[CODE].by == "陈某"
    path.write_text(yaml.safe_dump({"signoffs": [entry | change]}, allow_unicode=True), "utf-8")
    with pytest.raises(CatalogueError, match=said):
        load_signoffs(path, catalogue)
