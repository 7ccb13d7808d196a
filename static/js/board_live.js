/* board_live.js, beside board.js — what others change: the stream names deals, the board asks for them with its own rights and
   filters, one question for what came together. Nothing is drawn anew under somebody's hand. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const patience = 10000, everything = "";
  const board = () => $("#board");
  const isBusy = () => $(".kcard:is([data-busy], .dragging)");
  const list = stage => $(`.kcol[data-stage="${CSS.escape(stage)}"] > ul`);
  const focus = card => $("a", card)?.focus({ preventScroll: true });
  const named = new Set();
  let asking = 0, spoke = 0;

  const rank = card => (card.dataset.order || "9999") + card.id;
  const place = (card, to) => {
    const behind = [...to.children].find(one => !one.matches(".kcard") || rank(one) > rank(card));
    /* Beyond the cards that are shown: it comes with More */
    if (!behind || behind.matches(".kcard")) to.insertBefore(card, behind || null);
  };
  const draw = (card, told) => {
    const next = told && $("li", told), to = told && list(told.dataset.into), had = card?.contains(document.activeElement);
    if (!to) {
      const beside = card?.nextElementSibling || card?.previousElementSibling;
      card?.remove();
      if (had && beside) focus(beside);
      return;
    }
    const stays = card?.parentElement === to && card.dataset.order === next.dataset.order;
    if (stays && card.dataset.v === next.dataset.v) return;
    const fresh = document.importNode(next, true);
    fresh.classList.toggle("cur", Boolean(card?.classList.contains("cur")));
    if (stays) card.replaceWith(fresh); else { card?.remove(); place(fresh, to); }
    if (had && fresh.isConnected) focus(fresh);
    fresh.classList.add("moved");
    setTimeout(() => fresh.classList.remove("moved"), 2000);
    if (Date.now() - spoke < 10000) return;
    spoke = Date.now();
    document.dispatchEvent(new CustomEvent("say", { detail: told.dataset.say }));
  };

  const later = (wait = 60 + Math.random() * 120) => { clearTimeout(asking); asking = setTimeout(ask, wait); };
  const ask = async () => {
    if (!board() || !named.size) return;
    if (isBusy()) { later(); return; }
    if (named.has(everything)) {
      named.clear();
      htmx.ajax("GET", location.href, { source: "#board", target: "#board", select: "#board", swap: "outerHTML" });
      return;
    }
    const ids = [...named], address = new URL(`changes/${location.search}`, new URL(board().dataset.at, location));
    named.clear();
    address.searchParams.set("ids", ids.join());
    let text = "";
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(patience), redirect: "error" });
      if (answer.ok) text = await answer.text();
    } catch { text = ""; }
    if (!board()) return;
    if (!text || isBusy()) { ids.forEach(id => named.add(id)); later(text ? undefined : 3000); return; }
    const answer = new DOMParser().parseFromString(text, "text/html");
    const shown = new Map([...answer.querySelectorAll("ul[data-into]")].map(one => [$("li", one).id, one]));
    document.dispatchEvent(new CustomEvent("board-heads", { detail: answer }));
    ids.forEach(id => draw(document.getElementById(`card-${id}`), shown.get(`card-${id}`)));
  };
  document.addEventListener("live", event => { (event.detail || [everything]).forEach(id => named.add(id)); later(); });
})();
