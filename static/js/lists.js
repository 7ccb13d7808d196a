/* lists.js — tables: select all, the marked row, a click on a row opens it, sections of the side bar stay as left. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const ticks = table => [...table.querySelectorAll("tbody input[type=checkbox]")];
  const mark = box => box.closest("tr")?.setAttribute("aria-selected", String(box.checked));
  const count = table => {
    const all = ticks(table), some = all.filter(box => box.checked).length, head = $("[data-all]", table);
    document.querySelectorAll("[data-bulk] [data-count]").forEach(says => { says.textContent = String(some); });
    if (head) { head.checked = some > 0 && some === all.length; head.indeterminate = some > 0 && some < all.length; }
  };
  let last = null;
  /* To here: every row between the last one ticked and this one becomes as this one is */
  const span = (box, table) => {
    const all = ticks(table), from = all.indexOf(last), to = all.indexOf(box);
    if (from >= 0) all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(one => { one.checked = box.checked; mark(one); });
  };
  let shift = false;
  document.addEventListener("click", event => { if (event.isTrusted) shift = event.shiftKey; }, true);
  document.addEventListener("change", event => {
    const box = event.target, table = box.closest?.("table");
    if (!table || box.type !== "checkbox") return;
    if (box.matches("[data-all]")) ticks(table).forEach(one => { one.checked = box.checked; mark(one); });
    else if (box.closest("tbody")) { if (shift) span(box, table); mark(box); last = box; }
    shift = false;
    count(table);
  });
  document.addEventListener("tick", event => { shift = event.detail.range; event.detail.box.click(); });
  document.addEventListener("reset", event => setTimeout(() => { if (event.target.matches("[data-bulk]")) document.querySelectorAll("table:has([form=bulk])").forEach(table => { ticks(table).forEach(mark); count(table); }); }));
  document.addEventListener("click", event => {
    const row = event.target.closest("tbody[data-cursor] > tr");
    if (!row || event.target.closest("a, button, input, select, label, summary, [popover]") || String(getSelection())) return;
    $("th a:not([data-peek])", row)?.click();
  });
  /* A select that filters sends its form at once */
  document.addEventListener("change", event => { if (event.target.matches("select[data-send]")) event.target.form?.requestSubmit(); });

  /* What scrolls sideways and holds nothing to focus is a stop of its own for the keyboard */
  const stops = () => document.querySelectorAll(".scrollx, .tablewrap").forEach(box => {
    if (box.scrollWidth > box.clientWidth && !$("a, button, input, select", box)) box.tabIndex = 0; else box.removeAttribute("tabindex");
  });
  stops();
  addEventListener("resize", stops);
  document.addEventListener("htmx:afterSettle", stops);

  const kept = key => `section-${key}`;
  document.addEventListener("toggle", event => {
    const section = event.target.closest?.("details[data-section]");
    if (section) try { sessionStorage.setItem(kept(section.dataset.section), section.open ? "open" : "closed"); } catch { /* private mode */ }
  }, true);
  const restore = () => document.querySelectorAll("details[data-section]").forEach(section => {
    try { if (sessionStorage.getItem(kept(section.dataset.section)) === "closed" && !$("[aria-current]", section)) section.open = false; } catch { /* private mode */ }
  });
  restore();
  document.addEventListener("htmx:afterSettle", restore);
})();
