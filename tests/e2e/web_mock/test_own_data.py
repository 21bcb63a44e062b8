"""我的资料: what is kept of one's face and fingers is seen on the phone, and deleted there."""

import os
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.web_mock.test_citizen_pages import press, sign_in


def test_what_is_kept_is_seen_and_deleted(page: Page, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("XZ_PICTURES", tmp_path))
    sign_in(page)
    page.get_by_role("link", name="我的办件").click()
    page.get_by_role("link", name="我的资料").click()
    expect(page.get_by_text("2 个手指的指纹特征")).to_be_visible()
    expect(page.get_by_text("2027年11月23日", exact=True)).to_be_visible()
    expect(page.get_by_text("办件时的自拍")).to_be_visible()
    page.screenshot(path=pictures / "own_data.png")
    press(page, "看当时的文字")
    expect(page.get_by_text("要让我记住您吗")).to_be_visible()
    press(page, "删除，并撤回同意")
    page.screenshot(path=pictures / "own_data_asked.png")
    press(page, "先不删")
    expect(page.get_by_text("2 个手指的指纹特征")).to_be_visible()
    press(page, "删除，并撤回同意")
    press(page, "确定删除")
    expect(page.get_by_text("已经删掉了")).to_be_visible()
    expect(page.get_by_text("没有留您的人脸和指纹特征")).to_be_visible()
    expect(page.get_by_text("不同意或已撤回")).to_be_visible()
    page.screenshot(path=pictures / "own_data_deleted.png")
