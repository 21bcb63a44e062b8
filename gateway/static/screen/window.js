// The display over one window: its number, or that it is free.
"use strict";

const EVERY_MS = 1500;
const LOST_AFTER = 4;
const body = document.body;
let failures = 0;

async function look() {
  try {
    const answer = await fetch("/api/v1/queue/screen", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const mine = (await answer.json()).windows[body.dataset.window];
    document.getElementById("number").textContent = mine ? mine.number : "—";
    document.getElementById("state").textContent = mine ? body.dataset[mine.state] : body.dataset.free;
    body.classList.toggle("called", mine?.state === "called");
    failures = 0;
  } catch {
    failures += 1;
  }
  document.getElementById("lost").hidden = failures < LOST_AFTER;
  setTimeout(look, EVERY_MS);
}
look();
