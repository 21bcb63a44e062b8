// The calling bar: its keys, and its refresh while nobody is using it. Works without keys too.
"use strict";

(function callingBar() {
  const bar = document.getElementById("queue");
  if (!bar || !window.htmx) return;
  const EVERY_MS = 4000;
  const inUse = () =>
    bar.querySelector("details[open], select:focus, .htmx-request") !== null;
  setInterval(() => {
    if (!inUse() && document.visibilityState === "visible") htmx.trigger(bar, "refresh");
  }, EVERY_MS);
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input:not([type=radio]), textarea, select, dialog")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toUpperCase();
    const button = [...document.querySelectorAll("button[data-key]")].find(
      (one) => one.dataset.key === key && !one.disabled,
    );
    if (!button) return;
    event.preventDefault();
    htmx.process(bar); // a key may come before a new bar's buttons have been made to work
    button.click();
    if (bar.contains(button)) button.disabled = true; // the bar comes anew with the answer
  });
  for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => window.print());
  }
})();
