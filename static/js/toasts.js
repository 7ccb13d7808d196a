/* toasts.js — one short line that something is done. Never for an error. Stays while hovered or focused. */
(() => {
  "use strict";
  const seconds = 8, left = new WeakMap();
  document.addEventListener("toast", event => {
    const box = document.querySelector("#toasts"), text = event.detail?.value || event.detail?.text || event.detail;
    if (!box || typeof text !== "string") return;
    const toast = document.createElement("div"), words = document.createElement("span");
    toast.className = "toast";
    words.textContent = text;
    toast.append(words);
    box.replaceChildren(toast);
  });
  setInterval(() => document.querySelectorAll("#toasts > .toast").forEach(toast => {
    if (toast.matches(":hover, :focus-within")) return;
    const rest = (left.get(toast) ?? seconds) - 1;
    left.set(toast, rest);
    if (rest <= 0) toast.remove();
  }), 1000);
})();
