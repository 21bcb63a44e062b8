"""The conversation tests in the gate: one name a test, however they were played."""

from pathlib import Path

import pytest

from trainer import conversations
from trainer.engine import EngineFailed

_JUNIT = """<testsuites><testsuite name="pytest">
<testcase name="test_quick[sqlite-elder_card_办]"/>
<testcase name="test_quick[sqlite-elder_card_错]@processes"><failure message="x"/></testcase>
<testcase name="test_quick[sqlite-elder_card_问]@processes"><skipped/></testcase>
<testcase name="tests.conversations.test_card_reader"><error/></testcase>
</testsuite></testsuites>"""


def test_a_group_of_processes_is_no_part_of_a_tests_name(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(_JUNIT, "utf-8")
    assert conversations.outcomes(report) == {
        "test_quick[sqlite-elder_card_办]": "passed",
        "test_quick[sqlite-elder_card_错]": "failed",
        "test_quick[sqlite-elder_card_问]": "skipped",
        "tests.conversations.test_card_reader": "failed",
    }


def test_the_trainer_is_told_the_file_of_a_test() -> None:
    assert conversations.title("test_quick[sqlite-elder_card_办]") == "elder_card_办"
    assert conversations.title("test_alone") == "test_alone"


def test_tests_that_did_not_run_are_not_taken_for_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations.subprocess, "run", lambda *_, **__: None)
    with pytest.raises(EngineFailed, match="没有跑起来"):
        conversations.run_all(tmp_path)
    assert not (tmp_path / conversations.RESULTS).exists()
