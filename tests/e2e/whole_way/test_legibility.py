"""Letters, targets and contrasts on every screen, as the browser has computed them."""

from typing import Any

import pytest
from playwright.sync_api import Page

from ops.stack import Stack
from tests.e2e.whole_way.citizen import Citizen
from tests.e2e.whole_way.clerk import Clerk

# WCAG 2.2: 1.4.3 contrast of text, 2.5.5 size of targets; letters by the guide for the old
# (GB/T 37668-2019 asks for scalable text; 16 px is the smallest that we print to citizens).
CITIZENS = {"letters": 16, "targets": 44}
STAFF = {"letters": 12, "targets": 24}
CONTRAST, CONTRAST_LARGE, LARGE_PX = 4.5, 3.0, 24

MEASURE = """() => {
  const rgb = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n }
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3]))
  const light = (c) => { const [r, g, b] = c.map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b }
  const ground = (e) => { const layers = []
    for (let at = e; at; at = at.parentElement) {
      const style = getComputedStyle(at)
      if (style.backgroundImage !== 'none') return null  // a drawing: not to be computed
      const colour = rgb(style.backgroundColor)
      if (colour[3] > 0) layers.push(colour)
      if (colour[3] === 1) break
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]) }
  const shown = (e) => { const r = e.getBoundingClientRect()
    return r.width > 1 && r.height > 1 && e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) }
  const texts = [], targets = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node; (node = walk.nextNode()); ) {
    const e = node.parentElement, words = node.textContent.trim()
    if (!words || ['SCRIPT', 'STYLE', 'OPTION', 'NOSCRIPT'].includes(e.tagName) || !shown(e)) continue
    const style = getComputedStyle(e), behind = ground(e)
    let contrast = null
    if (behind) { const a = light(over(rgb(style.color), behind)), b = light(behind)
      contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) }
    const off = e.closest('[aria-disabled=true],:disabled') !== null
    texts.push({ words: words.slice(0, 30), px: parseFloat(style.fontSize), contrast: off ? null : contrast })
  }
  for (const e of document.querySelectorAll('[role=button],[role=link],button,select,input:not([type=hidden]):not([type=checkbox]):not([type=file]),textarea,summary')) {
    if (!shown(e) || getComputedStyle(e).opacity === '0') continue
    const r = e.getBoundingClientRect()
    targets.push({ words: (e.textContent || e.ariaLabel || e.name || '').trim().slice(0, 30), px: Math.min(r.width, r.height) })
  }
  return { texts, targets, wide: document.documentElement.scrollWidth - document.documentElement.clientWidth }
}"""


def faults(page: Page, least: dict[str, int]) -> list[str]:
    """What cannot be read or hit on this screen, one line each."""
    found: dict[str, Any] = page.evaluate(MEASURE)
    assert len(found["texts"]) > 3, "nothing was measured"
    lines = []
    for text in found["texts"]:
        if text["px"] < least["letters"]:
            lines.append(f"{text['words']}: letters of {text['px']} px")
        needed = CONTRAST_LARGE if text["px"] >= LARGE_PX else CONTRAST
        if text["contrast"] is not None and text["contrast"] < needed:
            lines.append(f"{text['words']}: contrast {text['contrast']:.1f}")
    lines += [
        f"{target['words']}: target of {target['px']:.0f} px"
        for target in found["targets"]
        if target["px"] < least["targets"]
    ]
    if found["wide"] > 0:
        lines.append(f"{found['wide']} px wider than the screen")
    return lines


@pytest.mark.parametrize("large", [False, True], ids=["standard", "large"])
def test_citizens_screens_can_be_read_and_pressed(citizen: Citizen, large: bool) -> None:
    page = citizen.page
    least = {"letters": 20, "targets": 56} if large else CITIZENS
    if large:
        page.get_by_role("button", name="大字").click()
    found = {"greeting": faults(page, least)}
    citizen.say("我要办居住证", "是给您自己办")
    citizen.press("本人", "您在佛山办过居住登记吗")
    found["choices"] = faults(page, least)
    citizen.press("已登记满半年", "身份证的正面")
    page.get_by_role("button", name="拍身份证人像面").click()
    found["capture"] = faults(page, least)
    citizen.picture(f"50-capture-{'large' if large else 'standard'}")
    page.get_by_role("button", name="关闭").last.click()
    for tab in ("我的办件", "我的结果"):
        citizen.go(tab)
        page.get_by_role("button", name="去登录").wait_for()
        found[tab] = faults(page, least)
        citizen.picture(f"51-{tab}-{'large' if large else 'standard'}")
    assert {screen: lines for screen, lines in found.items() if lines} == {}


def test_verification_page_can_be_read_and_pressed(stack: Stack, stranger: Page) -> None:
    for path in ("/v/", "/v/nothing"):
        stranger.goto(f"{stack.url}{path}")
        assert faults(stranger, CITIZENS) == [], path


def test_staff_pages_can_be_read_and_pressed(
    stack: Stack, desk: Page, clerks_password: str
) -> None:
    desk.goto(f"{stack.url}/staff/login")
    assert faults(desk, STAFF) == []
    Clerk(desk, stack.url).log_in(clerks_password)
    for path in ("/staff", "/staff/tasks"):
        desk.goto(f"{stack.url}{path}")
        assert faults(desk, STAFF) == [], path
