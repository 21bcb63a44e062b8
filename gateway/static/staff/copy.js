// Copying a case field by field: each press takes one answer and leads to the next.
"use strict";

(function copying() {
  const card = document.getElementById("copy");
  if (!card) return;
  const said = document.getElementById("copied");
  const buttons = [...card.querySelectorAll("[data-copy]")];
  const copy = async (button) => {
    const row = button.closest("tr");
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // Without https there is no clipboard: the answer is marked, and Ctrl+C takes it.
      getSelection().selectAllChildren(row.querySelector(".value"));
      said.textContent = card.dataset.failed;
      said.className = "notice warn";
      return;
    }
    row.classList.add("copied");
    said.className = "unseen";
    said.textContent = `${row.querySelector("th").textContent}${card.dataset.done}`;
    const next = buttons[buttons.indexOf(button) + 1];
    if (next) next.focus();
  };
  for (const button of buttons) button.addEventListener("click", () => copy(button));
  buttons[0].focus();
})();
