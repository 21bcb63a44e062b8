// Keys of the work list and of a case; the calling bar has its own (queue.js). Works without them.
"use strict";

(function keys() {
  const KEPT = "xz.cases";
  const list = document.getElementById("cases");
  const one = document.getElementById("case");
  const links = () => [...document.querySelectorAll("#cases a.open")];

  // The order in which the cases stood on the list, so that a case knows the next one.
  const keep = () =>
    sessionStorage.setItem(KEPT, JSON.stringify(links().map((link) => link.pathname)));
  if (list) {
    keep();
    list.addEventListener("htmx:afterSwap", keep);
  }

  const neighbours = {};
  if (one) {
    const paths = JSON.parse(sessionStorage.getItem(KEPT) || "[]");
    const at = paths.indexOf(one.dataset.path);
    for (const [name, step] of [["next", 1], ["previous", -1]]) {
      const link = one.querySelector(`[data-${name}]`);
      if (at < 0 || !paths[at + step]) continue;
      link.href = paths[at + step];
      link.hidden = false;
      neighbours[name] = link;
    }
    const done = document.querySelector(".notice.good[role=status]");
    if (done && neighbours.next) neighbours.next.focus();
  }

  // A number leads into the form of that decision and decides nothing: that takes a second key.
  const enter = (form) => {
    const details = form.closest("details");
    if (details) details.open = true;
    const boxes = [...document.querySelectorAll("input[type=checkbox][form=supplement]")];
    const first =
      form.id === "supplement"
        ? boxes.find((box) => box.closest(".lacking")) || boxes[0]
        : form.querySelector("select, input[type=checkbox], textarea[required]") ||
          form.querySelector("button");
    if (!first) return;
    first.focus();
    first.scrollIntoView({ block: "center" });
  };

  const among = (boxes, now, step) => {
    const next = boxes[Math.min(Math.max(boxes.indexOf(now) + step, 0), boxes.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  const correcting = (event) => {
    const boxes = [...document.querySelectorAll("input[type=checkbox][form=supplement]")];
    const reason = event.target.closest(".why");
    const box = event.target.closest("input[type=checkbox][form=supplement]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && (reason || box)) {
      event.preventDefault();
      const send = document.querySelector("#supplement button");
      if (!send.disabled) send.focus();
    } else if (event.key === "Enter" && (reason || box)) {
      event.preventDefault(); // Enter after the first reason must not send the request
      if (box) box.click();
      else among(boxes, reason.closest("td").querySelector("input[type=checkbox]"), 1);
    } else if (box && ["ArrowDown", "ArrowUp", "j", "k"].includes(event.key)) {
      event.preventDefault();
      among(boxes, box, ["ArrowDown", "j"].includes(event.key) ? 1 : -1);
    } else {
      return false;
    }
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (one && correcting(event)) return;
    if (event.key === "Escape" && one && !document.querySelector("dialog[open]")) {
      document.activeElement.blur();
      return;
    }
    if (event.target.closest("input, textarea, select, dialog")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      const search = document.getElementById("number");
      if (!search) return;
      event.preventDefault();
      search.focus();
      return;
    }
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (one) {
      const form = document.querySelector(`form[data-number="${event.key}"]`);
      if (form) {
        event.preventDefault();
        enter(form);
      } else if (step) {
        const link = step > 0 ? neighbours.next : neighbours.previous;
        if (link) link.click();
      }
      return;
    }
    const rows = [...document.querySelectorAll("a.open")];
    if (step && rows.length) {
      const now = rows.indexOf(document.activeElement);
      rows[Math.min(Math.max(now + step, 0), rows.length - 1)].focus();
    }
  });
})();
