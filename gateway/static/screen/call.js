// The call screen: asks every second and a half, shows who is called, and has new calls announced.
"use strict";

const EVERY_MS = 1500;
const FRESH_MS = 10000; // a call older than this was announced before the page was opened
const LOST_AFTER = 4;
const part = (id) => document.getElementById(id);
const known = new Set();
let first = true;
let failures = 0;

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function showCalls(calls) {
  part("quiet").hidden = calls.length > 0;
  const rows = calls.map((call) => {
    const row = element("li", call.state, "");
    row.append(element("span", "", call.number), element("span", "", `${call.window} 号`));
    if (fresh.has(call.key)) row.classList.add("new");
    return row;
  });
  part("calls").replaceChildren(...rows);
}

const fresh = new Set();

function announce(calls, now) {
  for (const call of [...calls].reverse()) {
    if (call.state !== "called" || known.has(call.key)) continue;
    known.add(call.key);
    if (first && now - Date.parse(call.at) > FRESH_MS) continue;
    fresh.add(call.key);
    setTimeout(() => fresh.delete(call.key), 5000);
    announcer.say(call.say);
  }
  first = false;
}

function showLines(lines) {
  const rows = lines.map((one) => {
    const row = element("li", "", "");
    row.append(
      element("span", "name", one.name),
      element("span", "count", String(one.count)),
      element("span", "wait", one.wait),
    );
    return row;
  });
  part("lines").replaceChildren(...rows);
}

let drawn = "";

async function look() {
  try {
    const answer = await fetch("/api/v1/queue/screen", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const state = await answer.json();
    const now = Date.parse(state.now);
    announce(state.calls, now);
    const drawing = JSON.stringify([state.calls.map((c) => [c.key, c.state]), state.lines, state.missed]);
    if (drawing !== drawn) {
      drawn = drawing;
      showCalls(state.calls);
      showLines(state.lines);
      part("missed-box").hidden = state.missed.length === 0;
      part("missed").textContent = state.missed.join("　");
    }
    part("clock").textContent = new Date(now).toLocaleTimeString("zh-CN", {
      timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false,
    });
    failures = 0;
  } catch {
    failures += 1;
  }
  part("lost").hidden = failures < LOST_AFTER;
  part("sound").hidden = announcer.adapter.ready();
  setTimeout(look, EVERY_MS);
}

part("sound").addEventListener("click", () => {
  announcer.adapter.wake();
  part("sound").hidden = true;
});
look();
