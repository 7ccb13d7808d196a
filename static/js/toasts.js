/* toasts.js — one short line that something is done, and the way to take it back. Never for an error. It stays while
   hovered or focused; Undo stays in Z, for as long as the server can (15 minutes), in this tab. */
(() => {
  "use strict";
  const seconds = 8, left = new WeakMap();
  const $ = (selector, root = document) => root.querySelector(selector);
  const undoing = url => {
    const form = $("template#undo")?.content.firstElementChild.cloneNode(true);
    form?.setAttribute("action", url);
    return form;
  };
  const put = (...parts) => {
    const box = $("#toasts"), toast = document.createElement("div");
    toast.className = "toast";
    toast.append(...parts.filter(Boolean));
    box?.replaceChildren(toast);
    if (box) htmx.process(box);
  };
  document.addEventListener("toast", event => {
    const text = event.detail?.value || event.detail?.text || event.detail, words = document.createElement("span");
    if (typeof text !== "string") return;
    words.textContent = text;
    put(words, event.detail.undo && undoing(event.detail.undo));
    remember();
  });
  setInterval(() => document.querySelectorAll("#toasts > .toast").forEach(toast => {
    if (toast.matches(":hover, :focus-within")) return;
    const rest = (left.get(toast) ?? seconds) - 1;
    left.set(toast, rest);
    if (rest <= 0) toast.remove();
  }), 1000);

  /* The last change of this person in this organisation and tab */
  const shown = () => [...document.querySelectorAll("form[data-undo]:not([data-sent])")].at(-1);
  const key = () => `undo ${$("#main")?.dataset.shell} ${$("#main")?.dataset.who}`;
  const keep = url => { try { if (url) sessionStorage.setItem(key(), url); else sessionStorage.removeItem(key()); } catch { /* private mode */ } };
  const kept = () => { try { return sessionStorage.getItem(key()); } catch { return ""; } };
  const remember = () => { if (shown()) keep(shown().getAttribute("action")); };
  document.addEventListener("htmx:afterSettle", remember);
  remember();
  document.addEventListener("undo", () => {
    if (!shown() && kept()) put(undoing(kept()));
    shown()?.requestSubmit($("button", shown()));
  });
  /* A form that is on its way is not remembered again, whatever else settles meanwhile. */
  document.addEventListener("submit", event => {
    if (!event.target.matches("form[data-undo]")) return;
    event.target.dataset.sent = "";
    keep("");
  });
})();
