// Staff pages: picture viewer, correction list, one press per decision. Works without it too.
"use strict";

(function viewer() {
  const dialog = document.getElementById("viewer");
  if (!dialog) return;
  const image = document.getElementById("viewer-image");
  const links = [...document.querySelectorAll("[data-viewer]")];
  let at = 0;
  let turn = 0;
  const show = (index) => {
    at = (index + links.length) % links.length;
    turn = 0;
    image.className = "";
    image.src = links[at].href;
    image.alt = links[at].dataset.label;
    document.getElementById("viewer-label").textContent =
      `${links[at].dataset.label}（${at + 1}/${links.length}，← → 翻看）`;
    if (!dialog.open) dialog.showModal();
  };
  links.forEach((link, index) =>
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      show(index);
    }),
  );
  const zoom = () => image.classList.toggle("large");
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("[data-zoom]").addEventListener("click", zoom);
  dialog.querySelector("[data-turn]").addEventListener("click", () => {
    image.classList.remove(`turn-${turn}`);
    turn = (turn + 90) % 360;
    image.classList.add(`turn-${turn}`);
  });
  image.addEventListener("click", zoom);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(at + 1);
    if (event.key === "ArrowLeft") show(at - 1);
  });
})();

(function correction() {
  const list = document.getElementById("ticked");
  if (!list) return;
  const form = document.getElementById("supplement");
  const button = form.querySelector("button");
  const boxes = [...document.querySelectorAll("input[type=checkbox][form=supplement]")];
  const refresh = () => {
    list.replaceChildren();
    let count = 0;
    for (const box of boxes) {
      const reason = box.closest("td").querySelector(".why");
      reason.required = box.checked;
      if (!box.checked) continue;
      count += 1;
      const item = document.createElement("li");
      const label = box.closest("tr").querySelector("th").firstChild.textContent.trim();
      item.textContent = reason.value ? `${label}：${reason.value}` : `${label}（请写原因）`;
      list.append(item);
    }
    document.getElementById("ticked-count").textContent = count ? `（${count} 项）` : "";
    button.disabled = count === 0;
  };
  for (const box of boxes) {
    box.addEventListener("change", () => {
      refresh();
      if (box.checked) box.closest("td").querySelector(".why").focus();
    });
    box.closest("td").querySelector(".why").addEventListener("input", refresh);
  }
  refresh();
})();

// A second press of a decision's button while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button[data-once]:not([name])");
  if (!button) return;
  button.disabled = true;
  window.addEventListener("pageshow", () => (button.disabled = false), { once: true });
});
