/* palette.js — jump to a page: combobox and listbox, words in any order. */
(() => {
  "use strict";
  const palette = () => document.querySelector("#palette");
  const options = () => [...palette().querySelectorAll("[role=option]:not([hidden])")];

  const select = option => {
    palette().querySelectorAll("[aria-selected=true]").forEach(one => one.setAttribute("aria-selected", "false"));
    const input = palette().querySelector("input");
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  };
  const filter = text => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    palette().querySelectorAll("[role=option]").forEach(one => { const has = one.textContent.toLowerCase(); one.hidden = !words.every(word => has.includes(word)); });
    palette().querySelectorAll("[role=group]").forEach(group => { group.hidden = !group.querySelector("[role=option]:not([hidden])"); });
    const found = options();
    palette().querySelector("[data-none]").hidden = found.length > 0;
    select(found[0]);
    document.dispatchEvent(new CustomEvent("say", { detail: palette().dataset.results.replace("0", found.length) }));
  };
  const open = () => {
    if (!palette() || palette().open) return;
    palette().showModal();
    const input = palette().querySelector("input");
    input.value = "";
    filter("");
    input.focus();
  };
  const go = (option, tab) => {
    if (!option) return;
    if (tab) { window.open(option.dataset.href, "_blank", "noopener"); return; }
    palette().close();
    const link = document.querySelector(`.side a[href="${option.dataset.href}"]`);
    if (link) link.click(); else location.assign(option.dataset.href);
  };

  document.addEventListener("click", event => {
    if (event.target.closest("[data-do=palette]")) open();
    const option = event.target.closest("#palette [role=option]");
    if (option) go(option, event.metaKey || event.ctrlKey);
  });
  document.addEventListener("input", event => { if (event.target.closest("#palette")) filter(event.target.value); });
  document.addEventListener("keydown", event => {
    if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k" && palette()) { event.preventDefault(); open(); return; }
    if (!event.target.closest?.("#palette")) return;
    const all = options(), at = all.findIndex(one => one.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); select(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]); }
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); go(all[at], event.metaKey || event.ctrlKey); }
  });
})();
