/* keys.js — one key handler for the whole product. Single keys are off in inputs and dialogs, with any modifier, and
   where the person switched them off (WCAG 2.1.4), so that the browser's own keys stay the browser's. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const rows = () => [...document.querySelectorAll("[data-cursor] > *")].filter(row => row.offsetParent);
  const at = all => all.findIndex(row => row.classList.contains("cur"));

  let seat = "";
  const name = row => row.id || $("a[href]", row)?.getAttribute("href") || "";
  const move = (all, to) => {
    const row = all[Math.max(0, Math.min(to, all.length - 1))];
    all[at(all)]?.classList.remove("cur");
    row.classList.add("cur");
    row.scrollIntoView({ block: "nearest" });
    ($("th a:not([data-peek])", row) || $("a, button", row) || row).focus({ preventScroll: true });
    seat = name(row);
    /* Kept in the address, so that it is still there after Back */
    if (seat) history.replaceState(history.state, "", "#" + encodeURI(seat));
  };
  const restore = () => {
    const all = rows(), there = location.hash.length > 1 && all.find(row => name(row) === decodeURI(location.hash.slice(1)));
    if (there) move(all, all.indexOf(there));
  };
  addEventListener("pageshow", restore);
  /* A list that was drawn anew has the cursor where it was */
  document.addEventListener("htmx:afterSettle", () => { const all = rows(); if (seat && at(all) < 0) all.find(row => name(row) === seat)?.classList.add("cur"); });

  const tick = (row, range) => { const box = $("input[type=checkbox]", row); if (box) document.dispatchEvent(new CustomEvent("tick", { detail: { box, range } })); };

  const filter = () => $("[data-filter]") || $("#main [role=search] :is(input:not([type=hidden]), select)");

  let chord = 0;
  document.addEventListener("keydown", event => {
    const target = event.target;
    if (event.altKey || event.isComposing || event.defaultPrevented || $("dialog[open]")) return;
    if (event.metaKey || event.ctrlKey) {
      /* All rows shown, in a list with the cursor; anywhere else the key stays the browser's */
      const all = rows(), table = at(all) >= 0 && all[at(all)].contains(target) && all[at(all)].closest("table"), head = table && $("[data-all]", table);
      if (event.key.toLowerCase() === "a" && head && !event.shiftKey) { event.preventDefault(); if (!head.checked) head.click(); }
      return;
    }
    if (document.documentElement.dataset.keys === "off") return;
    if (target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;

    if (Date.now() - chord < 900) {
      chord = 0;
      const link = $(`.side [data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); link.click(); return; }
    }
    if (key === "g") { chord = Date.now(); return; }

    const all = rows(), current = at(all);
    if (key === "j" && all.length) move(all, current + 1);
    else if (key === "k" && all.length) move(all, current < 0 ? 0 : current - 1);
    else if (key === "x" && current >= 0) tick(all[current], event.shiftKey);
    else if (key === "Enter" && current >= 0 && (target === document.body || target.id === "main" || target === all[current])) ($("th a:not([data-peek])", all[current]) || $("a", all[current]))?.click();
    else if (key === "w" && current >= 0 && $("[data-peek]", all[current])) { event.preventDefault(); $("[data-peek]", all[current]).click(); }
    else if ((key === "ArrowRight" || key === "ArrowLeft") && current >= 0 && $("[data-twig]", all[current])) {
      const twig = $("[data-twig]", all[current]), shut = twig.getAttribute("aria-expanded") === "false";
      if (shut === (key === "ArrowRight")) { event.preventDefault(); twig.click(); }
    }
    else if (key === "/" && filter()) { event.preventDefault(); filter().focus(); }
    else if (key === "z") document.dispatchEvent(new CustomEvent("undo"));
    else if (key === "?") $("#keys")?.showModal();
    else if (key === "Escape") { if (!$("[popover]:popover-open")) document.querySelectorAll("[data-cursor] input[type=checkbox]:checked").forEach(box => box.click()); }
    else {
      const named = `[data-key="${CSS.escape(key)}"]`;
      /* The keys of the bar work on one row, too: the one with the cursor */
      if (current >= 0 && $(`[data-bulk] ${named}`) && !$("[data-cursor] input[type=checkbox]:checked")) tick(all[current], false);
      /* What the row with the cursor offers comes before what the page does */
      const own = current >= 0 ? [...all[current].querySelectorAll(named)] : [];
      const button = [...own, ...document.querySelectorAll(`#main ${named}, .top ${named}`)].find(one => one.checkVisibility());
      if (button) { event.preventDefault(); button.click(); }
    }
  });
})();
