/* jump.js — the keys and buttons that open the palette, and what it offers first: the pages that were visited. Kept for
   this person in this organisation, as addresses without names, and forgotten at sign-out. */
(() => {
  "use strict";
  const VISITED = 11;
  const palette = () => document.querySelector("#palette") || document.querySelector("template#layers")?.content.querySelector("#palette");
  let loaded = false, eager = false;
  const open = () => {
    const dialog = palette(), input = dialog.querySelector("input");
    if (dialog.open) return;
    /* Open before the rest is there: what is typed meanwhile is kept */
    dialog.showModal();
    input.value = "";
    input.focus();
    if (loaded) { document.dispatchEvent(new CustomEvent("palette")); return; }
    const script = document.createElement("script");
    script.src = dialog.dataset.script;
    script.onload = () => { loaded = true; document.dispatchEvent(new CustomEvent("palette", { detail: eager })); };
    document.head.append(script);
  };
  document.addEventListener("keydown", event => {
    if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k" && palette()) { event.preventDefault(); open(); }
    else if (event.key === "Enter" && !loaded && palette()?.open) eager = true;
  });
  document.addEventListener("click", event => {
    if (!event.target.closest("[data-do=palette]") || !palette() || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });

  const remember = () => {
    const key = palette()?.dataset.memory;
    if (!key || !location.pathname.startsWith(`/${key.split(":")[1]}/`)) return;
    try {
      const before = JSON.parse(localStorage.getItem(key)) || [];
      localStorage.setItem(key, JSON.stringify([location.pathname, ...before.filter(one => one !== location.pathname)].slice(0, VISITED)));
    } catch { /* private mode */ }
  };
  remember();
  document.addEventListener("htmx:pushedIntoHistory", remember);
  document.addEventListener("submit", event => {
    if (!event.target.action?.includes("/auth/logout")) return;
    try { Object.keys(localStorage).filter(key => key.startsWith("visited:")).forEach(key => localStorage.removeItem(key)); } catch { /* private mode */ }
  });
})();
