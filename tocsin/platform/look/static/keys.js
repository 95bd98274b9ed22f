// Keys in every queue (docs/reference/keyboard.md). Pages work without this file.
(() => {
  "use strict";
  const OFF = "tocsin-keys-off";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const seen = (element) => element.getClientRects().length > 0;
  const rows = () => all("table[data-queue] tbody tr, ol[data-queue] > li").filter((row) => link(row));
  const link = (row) => row.querySelector("a.row-link, a");
  let last = -1; // where the list stands, kept when a fragment replaces it
  let anchor = -1; // where a range of selected rows begins
  let going = 0; // until when a digit after g means a room

  function here() {
    const found = rows().findIndex((row) => row.contains(document.activeElement));
    return found >= 0 ? found : last;
  }
  function move(step) {
    const list = rows();
    if (!list.length) return;
    last = Math.min(Math.max(here() + step, 0), list.length - 1);
    link(list[last]).focus();
    list[last].scrollIntoView({ block: "nearest" });
  }
  function box(row) {
    return row && row.querySelector("input[name=selected]");
  }
  function tick(input, on) {
    if (!input || input.checked === on) return;
    input.checked = on;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function select(range) {
    const list = rows();
    const at = here();
    const input = box(list[at]);
    if (!input) return;
    const on = range || !input.checked;
    const from = range && anchor >= 0 ? Math.min(anchor, at) : at;
    list.slice(from, Math.max(range ? anchor : at, at) + 1).forEach((row) => tick(box(row), on));
    anchor = at;
  }
  function press(key) {
    const row = rows()[here()];
    const inRow = row && row.querySelector(`[data-key="${CSS.escape(key)}"]`);
    const target = inRow || all(`[data-key="${CSS.escape(key)}"]`).find((element) => seen(element) && !element.closest("tbody"));
    if (!target) return false;
    if (target.matches("input:not([type=checkbox]), select, textarea")) target.focus();
    else target.click();
    return true;
  }
  function search() {
    const input = all("input[type=search]").find(seen);
    if (input) input.select(), input.focus();
    return Boolean(input);
  }
  function help() {
    const dialog = document.getElementById("keys");
    if (!dialog || dialog.open) return;
    const list = dialog.querySelector("[data-page-keys]");
    list.replaceChildren();
    all("[data-needs]", dialog).forEach((term) => {
      term.hidden = term.nextElementSibling.hidden = !document.querySelector(term.dataset.needs);
    });
    all("[data-key-label]").forEach((element) => {
      const key = document.createElement("kbd");
      key.textContent = element.dataset.key;
      const term = document.createElement("dt");
      term.append(key);
      const meaning = document.createElement("dd");
      meaning.textContent = element.dataset.keyLabel;
      if (![...list.children].some((child) => child.textContent === meaning.textContent)) list.append(term, meaning);
    });
    dialog.showModal();
  }
  const plain = {
    j: () => move(1),
    k: () => move(-1),
    x: () => select(false),
    X: () => select(true),
    "/": search,
    "?": help,
    g: () => (going = Date.now() + 1500),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(OFF)) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable], dialog")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const room = Date.now() < going && document.querySelector(`[data-goto="${CSS.escape(event.key)}"]`);
    going = 0;
    if (room) room.click();
    else if (plain[event.key]) plain[event.key]();
    else if (event.key.length !== 1 || !press(event.key)) return;
    event.preventDefault();
  });

  function count() {
    const chosen = all("input[name=selected]:checked").length;
    all("[data-selected-count]").forEach((element) => (element.textContent = chosen));
  }
  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("[data-select-all]")) {
      all("input[name=selected]", target.closest("table")).forEach((input) => (input.checked = target.checked));
    }
    if (target.matches("[data-submit]")) target.form.requestSubmit();
    if (target.matches("[data-keys-on]")) {
      if (target.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    }
    count();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) help();
    const row = event.target.closest("table[data-queue] tbody tr, ol[data-queue] > li");
    if (row) last = rows().indexOf(row);
    const cell = event.target.closest("[data-matrix] td[class^='r-']");
    if (cell) {
      const code = cell.closest("table").tHead.rows[0].cells[cell.cellIndex].dataset.code;
      location.href = `${cell.closest("[data-matrix]").dataset.matrix}${cell.parentElement.dataset.row}/?at=${code}`;
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    all("[data-keys], [data-select-all]").forEach((element) => (element.hidden = false));
    all("[data-keys-on]").forEach((element) => (element.checked = !localStorage.getItem(OFF)));
    all("nav [aria-current]").forEach((element) => element.scrollIntoView({ block: "nearest", inline: "center" }));
    count();
  });
  document.addEventListener("htmx:afterSwap", () => {
    last = anchor = -1;
    all("[data-select-all]").forEach((element) => (element.hidden = false));
    count();
  });
})();
