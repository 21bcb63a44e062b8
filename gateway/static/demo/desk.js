// The demonstration's desk: lays cards and fingers on, and plays the clerk of the online window.
"use strict";

const EVERY_MS = 2000;
const body = document.body;

async function send(address, what) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(what),
  }).catch(() => null);
  document.getElementById("fault").hidden = Boolean(answer?.ok);
  return Boolean(answer?.ok);
}

for (const tray of document.querySelectorAll(".tray")) {
  for (const button of tray.querySelectorAll("button")) {
    button.addEventListener("click", async () => {
      const { name } = button.dataset;
      const done = await send(tray.dataset.address, name ? { [tray.dataset.what]: name } : { remove: true });
      if (!done) return;
      for (const one of tray.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
    });
  }
}

function row(call) {
  const line = document.createElement("li");
  line.dataset.session = call.session;
  const time = new Date(call.since).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai" });
  const since = document.createElement("span");
  since.textContent = body.dataset.since.replace("{time}", time);
  line.append(since);
  for (const [confirmed, title] of [[true, body.dataset.yes], [false, body.dataset.no]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title;
    button.addEventListener("click", () => send("/demo/video", { session: call.session, confirmed }).then(calls));
    line.append(button);
  }
  return line;
}

async function calls() {
  const answer = await fetch("/demo/video").catch(() => null);
  if (!answer?.ok) return;
  const waiting = (await answer.json()).calls;
  const list = document.getElementById("calls");
  const shown = [...list.children].map((line) => line.dataset.session).join();
  if (shown !== waiting.map((one) => one.session).join()) list.replaceChildren(...waiting.map(row));
  document.getElementById("nobody").hidden = waiting.length > 0;
}

calls();
setInterval(calls, EVERY_MS);
