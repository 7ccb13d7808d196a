/* board.js, loaded where a board is shown — a card moves at once by drag, [ ] or its menu; what the server says counts:
   true sums and Undo when it is kept, back with the reason when it is refused or no answer comes. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const patience = 10000;
  const board = () => $("#board");
  const columns = () => [...document.querySelectorAll(".kcol[data-stage]:not([data-retired])")];
  const say = words => document.dispatchEvent(new CustomEvent("say", { detail: words }));
  const current = () => document.activeElement?.closest?.(".kcard") || $(".kcard.cur");
  let chosen = null;

  const complain = (card, words) => {
    $("[data-why]", card)?.remove();
    const note = document.createElement("p");
    note.className = "xs bad wrap";
    note.dataset.why = "";
    note.setAttribute("role", "alert");
    note.textContent = words;
    card.append(note);
  };
  const words = name => $(`template#${name}`)?.content.textContent.trim() || "";
  const heads = answer => ["board-says", ...[...answer.querySelectorAll("header[id]")].map(one => one.id)].forEach(id => {
    const now = document.getElementById(id), next = answer.getElementById(id);
    if (now && next) now.replaceWith(document.importNode(next, true));
  });
  document.addEventListener("board-heads", event => heads(event.detail));
  const put = html => {
    const answer = new DOMParser().parseFromString(html, "text/html");
    heads(answer);
    const place = $("ul[data-into]", answer), next = place && document.importNode($("li", place), true);
    return { refusal: $("[data-refusal]", answer)?.textContent, done: $("[data-done]", answer), place: place?.dataset.into, next };
  };
  const list = stage => $(`.kcol[data-stage="${CSS.escape(stage)}"] > ul`);
  const focus = card => $("a", card)?.focus({ preventScroll: true });

  const move = async (card, stage, reason = "") => {
    if (!card || !stage || card.dataset.busy !== undefined || !card.draggable) return;
    const from = card.parentElement, next = card.nextElementSibling, to = list(stage), had = card.contains(document.activeElement) || card.classList.contains("cur");
    if (to === from) return;
    const version = card.dataset.v, back = () => { from.insertBefore(card, next?.parentElement === from ? next : from.firstElementChild); card.hidden = false; };
    card.dataset.busy = "";
    $("[data-why]", card)?.remove();
    if (to) { to.prepend(card); card.classList.add("moved"); if (had) focus(card); } else card.hidden = true;
    const body = new URLSearchParams({ stage, version, lost_reason: reason });
    let answer = null, text = "";
    try {
      const headers = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
      answer = await fetch(`${board().dataset.at}${card.id.slice(5)}/move/${location.search}`, { method: "POST", body, headers: { ...headers, "HX-Request": "true" }, signal: AbortSignal.timeout(patience), redirect: "error" });
      text = await answer.text();
    } catch { answer = null; }
    delete card.dataset.busy;
    if (!board()) return;
    const told = answer && [200, 409, 422].includes(answer.status) ? put(text) : null;
    let shown = card;
    if (told?.done) {
      if (told.next) { shown = told.next; card.replaceWith(shown); shown.classList.add("moved"); if (had) shown.classList.add("cur"); } else card.remove();
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: told.done.textContent, undo: told.done.dataset.undo } }));
      say(told.done.textContent);
    } else {
      back();
      card.classList.remove("moved");
      if (told?.next) { shown = told.next; card.replaceWith(shown); const there = list(told.place); if (there && there !== from) there.prepend(shown); } else if (told && answer.status === 409) shown.classList.add("late");
      complain(shown, told?.refusal || words(answer ? "board-failed" : "board-lost"));
    }
    if (had && shown.isConnected) focus(shown);
  };
  const step = (card, by) => {
    const all = columns(), at = all.indexOf(card?.closest(".kcol"));
    if (card && at >= 0 && all[at + by]) move(card, all[at + by].dataset.stage);
  };

  document.addEventListener("keydown", event => {
    if ((event.key !== "[" && event.key !== "]") || event.ctrlKey || event.metaKey || event.isComposing || $("dialog[open]") || document.documentElement.dataset.keys === "off") return;
    if (!board() || event.target.closest?.("input, textarea, select, [contenteditable]") || !current()) return;
    event.preventDefault();
    step(current(), event.key === "]" ? 1 : -1);
  });
  document.addEventListener("click", event => {
    const opener = event.target.closest("[data-card]"), item = event.target.closest("[data-card-menu] :is([data-by], [data-to])");
    if (opener) chosen = opener.closest(".kcard");
    if (!item) return;
    $("#card-menu").hidePopover();
    if (item.dataset.by) step(chosen, Number(item.dataset.by)); else move(chosen, item.dataset.to);
  }, true);
  document.addEventListener("submit", event => {
    const form = event.target.closest?.("form[data-lose]");
    if (!form) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    $("#card-menu").hidePopover();
    move(chosen, form.dataset.lose, new FormData(form).get("lost_reason"));
    form.reset();
  }, true);

  let dragged = null;
  const ends = show => { const box = $("[data-ends]"); if (box) box.hidden = !show; };
  document.addEventListener("dragstart", event => {
    dragged = event.target.closest?.(".kcard[draggable]") || null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
    dragged.classList.add("dragging");
    setTimeout(() => ends(true));
  });
  const target = event => dragged && event.target.closest?.(".kcol[data-stage]:not([data-retired]), [data-end]");
  document.addEventListener("dragover", event => {
    const over = target(event);
    document.querySelectorAll(".over").forEach(one => one !== over && one.classList.remove("over"));
    if (over) { event.preventDefault(); over.classList.add("over"); }
  });
  document.addEventListener("drop", event => {
    const over = target(event), card = dragged;
    if (!over) return;
    event.preventDefault();
    if (over.dataset.asks === undefined) { move(card, over.dataset.stage || over.dataset.end); return; }
    chosen = card;
    $("[data-card]", card)?.click();
    setTimeout(() => $(`form[data-lose="${CSS.escape(over.dataset.end)}"] input`)?.focus());
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("dragging");
    document.querySelectorAll(".over").forEach(one => one.classList.remove("over"));
    dragged = null;
    ends(false);
  });
})();
