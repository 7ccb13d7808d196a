/* keys.js — one key handler for the whole product. Single keys are off in inputs and dialogs, with any modifier, and
   where the person switched them off (WCAG 2.1.4), so that the browser's own keys stay the browser's. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const rows = () => [...document.querySelectorAll("[data-cursor] > *")].filter(row => row.offsetParent);
  const at = all => all.findIndex(row => row.classList.contains("cur"));

  const move = (all, to) => {
    const row = all[Math.max(0, Math.min(to, all.length - 1))];
    all[at(all)]?.classList.remove("cur");
    row.classList.add("cur");
    row.scrollIntoView({ block: "nearest" });
    ($("th a, a, button", row) || row).focus({ preventScroll: true });
    /* Kept in the address, so that it is still there after Back */
    if (row.id) history.replaceState(history.state, "", "#" + row.id);
  };
  const restore = () => {
    const row = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.parentElement?.matches("[data-cursor]")) move(rows(), rows().indexOf(row));
  };
  addEventListener("pageshow", restore);

  let chord = 0;
  document.addEventListener("keydown", event => {
    const target = event.target;
    if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (document.documentElement.dataset.keys === "off" || $("dialog[open]")) return;
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
    else if (key === "x" && current >= 0) $("input[type=checkbox]", all[current])?.click();
    else if (key === "Enter" && current >= 0 && (target === document.body || target === all[current])) $("th a, a", all[current])?.click();
    else if (key === "/" && $("[data-filter]")) { event.preventDefault(); $("[data-filter]").focus(); }
    else if (key === "z") document.dispatchEvent(new CustomEvent("undo"));
    else if (key === "?") $("#keys")?.showModal();
    else if (key === "Escape") document.querySelectorAll("[data-cursor] input[type=checkbox]:checked").forEach(box => box.click());
    else {
      const button = $(`#main [data-key="${CSS.escape(key)}"], .top [data-key="${CSS.escape(key)}"]`);
      if (button) { event.preventDefault(); button.click(); }
    }
  });
})();
