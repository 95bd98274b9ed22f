// News of an open page (docs/why/notifications.md). Pages work without this file; nothing moves unless asked to.
(() => {
  "use strict";
  const SOON = 4500; // between two questions while somebody is there
  const SLOW = 15000; // when nobody has touched the page for a while
  const LONGEST = 60000; // when the house does not answer
  const IDLE = 600000;
  let tag = "";
  let wait = SOON;
  let timer = 0;
  let touched = Date.now();
  let hushed = ""; // what somebody put off until later
  let told = "";
  const news = () => document.getElementById("news");
  const part = (name) => news().querySelector(`[data-${name}]`);

  function address() {
    const { live, since, made } = document.body.dataset;
    return since ? `${live}?since=${encodeURIComponent(since)}&made=${encodeURIComponent(made)}` : live;
  }
  function typed(root) {
    return [...root.querySelectorAll("input, textarea, select")].some((field) => {
      if (field.type === "hidden" || field.type === "search") return false;
      if (field === document.activeElement && !/^(button|submit|checkbox|radio)$/.test(field.type)) return true;
      if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
      if (field.options) return [...field.options].some((one) => one.selected !== one.defaultSelected && [...field.options].some((each) => each.defaultSelected));
      return field.value !== field.defaultValue;
    });
  }
  function line(change) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = change.at;
    item.append(time, ` ${change.who || news().dataset.house}: ${change.what}`);
    return item;
  }
  function announce(answer) {
    const changes = answer.changes || [];
    const key = JSON.stringify(changes);
    if (key === told) return;
    told = key;
    const said = part("said");
    said.replaceChildren();
    if (changes.length && key !== hushed) {
      const head = document.createElement("b");
      const list = document.createElement("ul");
      head.textContent = answer.said;
      list.append(...changes.map(line));
      said.append(head, list);
    }
    show(Boolean(said.firstChild));
  }
  function show(fresh) {
    part("refresh").hidden = part("later").hidden = !fresh;
    news().classList.toggle("fresh", Boolean(part("said").firstChild));
  }
  function say(text) {
    part("said").textContent = text;
    show(false);
  }
  function meet(names) {
    const here = part("here");
    here.hidden = !names || !names.length;
    here.querySelector("span").textContent = (names || []).join(", ");
    news().classList.toggle("met", !here.hidden);
  }
  function ring(count) {
    const badge = document.querySelector("[data-unread]");
    if (!badge) return;
    badge.hidden = !count;
    badge.textContent = count > 99 ? "99+" : count;
    document.title = document.title.replace(/^\(\d+\+?\) /, "");
    if (count) document.title = `(${badge.textContent}) ${document.title}`;
  }

  async function ask() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(address(), { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect") return say(news().dataset.out);
      if (answer.status === 404 && document.body.dataset.live !== "/live/") {
        document.body.dataset.live = "/live/";
        tag = "";
        meet([]);
        say(news().dataset.gone);
      } else if (answer.status === 304) tag = answer.headers.get("ETag") || tag;
      else if (answer.ok) {
        tag = answer.headers.get("ETag") || "";
        const content = await answer.json();
        ring(content.unread);
        if (content.changes) announce(content), meet(content.here);
      } else throw new Error(String(answer.status));
      wait = Date.now() - touched > IDLE ? SLOW : SOON;
    } catch {
      wait = Math.min(wait * 2, LONGEST);
    }
    timer = setTimeout(ask, wait + Math.random() * 500);
  }

  function put(here, there) {
    here.replaceWith(document.adoptNode(there));
    if (window.htmx) window.htmx.process(there);
  }
  function sections(root) {
    return [...root.querySelectorAll("#main > *, #main .cols > * > *")].filter((each) => !each.matches(".cols"));
  }
  function name(element) {
    return element.id || element.getAttribute("aria-labelledby") || element.className || element.tagName;
  }
  function renew(here, there) {
    if (!typed(here)) return put(here, there), true;
    const parts = [...here.children];
    const fresh = [...there.children];
    parts.forEach((each, at) => {
      if (fresh[at] && name(fresh[at]) === name(each) && !typed(each)) put(each, fresh[at]);
    });
    return false;
  }
  function opened(root) {
    return [...root.querySelectorAll("details")].map((each) => each.open);
  }
  function renewAll(page) {
    const main = document.getElementById("main");
    if (!typed(main)) {
      const open = opened(main);
      const fresh = page.getElementById("main");
      const same = fresh.querySelectorAll("details").length === open.length;
      put(main, fresh);
      if (same) [...fresh.querySelectorAll("details")].forEach((each, at) => (each.open = open[at]));
      return true;
    }
    const there = new Map(sections(page).map((each) => [name(each), each]));
    const kept = sections(document).map((each) => !there.has(name(each)) || renew(each, there.get(name(each))));
    return kept.every(Boolean);
  }
  async function refresh() {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page || !page.getElementById("main")) return say(news().dataset.stuck);
    const top = window.scrollY;
    const all = renewAll(page);
    window.scrollTo({ top, behavior: "instant" });
    Object.assign(document.body.dataset, page.body.dataset);
    tag = hushed = "";
    told = "[]"; // so that what is said now stays until there is something new
    say(all ? "" : news().dataset.kept);
    ask();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-refresh]")) refresh();
    if (event.target.closest("[data-later]")) {
      hushed = told;
      say("");
    }
  });
  ["keydown", "pointerdown", "scroll"].forEach((kind) => document.addEventListener(kind, () => (touched = Date.now()), { passive: true }));
  document.addEventListener("visibilitychange", ask);
  document.addEventListener("DOMContentLoaded", () => document.body.dataset.live && news() && ask());
})();
