/* lists.js — tables: select all, the marked row, a click on a row opens it, sections of the side bar stay as left. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const mark = box => box.closest("tr")?.setAttribute("aria-selected", String(box.checked));
  const count = table => {
    const bulk = document.querySelector("[data-bulk]"), some = table.querySelectorAll("tbody input[type=checkbox]:checked").length;
    if (bulk) { bulk.hidden = some === 0; const says = $("[data-count]", bulk); if (says) says.textContent = String(some); }
    const all = $("[data-all]", table), every = table.querySelectorAll("tbody input[type=checkbox]").length;
    if (all) { all.checked = some > 0 && some === every; all.indeterminate = some > 0 && some < every; }
  };
  document.addEventListener("change", event => {
    const box = event.target, table = box.closest?.("table");
    if (!table || box.type !== "checkbox") return;
    if (box.matches("[data-all]")) table.querySelectorAll("tbody input[type=checkbox]").forEach(one => { one.checked = box.checked; mark(one); });
    else if (box.closest("tbody")) mark(box);
    count(table);
  });
  document.addEventListener("click", event => {
    const row = event.target.closest("tbody[data-cursor] > tr");
    if (!row || event.target.closest("a, button, input, select, label, summary, [popover]") || String(getSelection())) return;
    $("th a", row)?.click();
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
