/* layers.js — popovers beside what opened them, reasons on hover and focus, menus by arrows, dialogs. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);

  /* Palette and key list lie in a template until somebody touches the page: no page carries what nobody opened */
  const wake = () => {
    ["pointerdown", "keydown", "click"].forEach(name => document.removeEventListener(name, wake, true));
    const asleep = $("template#layers");
    if (asleep) asleep.replaceWith(asleep.content);
  };
  ["pointerdown", "keydown", "click"].forEach(name => document.addEventListener(name, wake, true));

  const opener = layer => {
    if (layer.id === "why") return asked;
    const all = [...document.querySelectorAll(`[popovertarget="${layer.id}"]`)];
    return all.find(one => one.matches(":hover, :focus")) || all.find(one => one.offsetParent) || all[0];
  };

  const place = layer => {
    const button = opener(layer);
    if (!button) return;
    const at = button.getBoundingClientRect(), width = layer.offsetWidth, height = layer.offsetHeight;
    const above = at.bottom + height + 12 > innerHeight && at.top > height;
    layer.style.left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8)) + "px";
    layer.style.top = Math.max(8, above ? at.top - height - 6 : Math.min(at.bottom + 6, innerHeight - height - 8)) + "px";
  };
  document.addEventListener("toggle", event => {
    const layer = event.target;
    if (!layer.popover || layer.hasAttribute("data-sheet")) return;
    opener(layer)?.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "open") place(layer); else pinned = pinned === layer ? null : pinned;
  }, true);
  document.addEventListener("htmx:afterSettle", event => { const layer = event.target.closest?.("[popover]:popover-open"); if (layer && !layer.hasAttribute("data-sheet")) place(layer); });

  /* Reasons open on hover and on keyboard focus too; a click pins them */
  let pinned = null, timer = 0, asked = null, pressed = null;
  const layerOf = button => document.getElementById(button.getAttribute("popovertarget") || button.dataset.peek);
  const peek = button => {
    const layer = layerOf(button);
    if (!layer || (layer.matches(":popover-open") && opener(layer) === button)) return;
    if (button.href) {
      /* All the scores of a page share one layer, which asks anew for each */
      if (layer.matches(":popover-open")) layer.hidePopover();
      if (asked !== button || !layer.firstElementChild) {
        asked?.removeAttribute("aria-expanded");
        asked = button;
        layer.replaceChildren();
        htmx.ajax("GET", button.href, { source: layer, target: layer, swap: "innerHTML" });
      }
    }
    layer.showPopover({ source: button });
  };
  const leave = layer => { clearTimeout(timer); timer = setTimeout(() => { if (layer !== pinned && layer.matches(":popover-open") && !layer.matches(":hover, :focus-within")) layer.hidePopover(); }, 250); };
  document.addEventListener("pointerover", event => {
    const button = event.target.closest?.("[data-peek]");
    if (!button || event.pointerType !== "mouse") return;
    clearTimeout(timer);
    timer = setTimeout(() => { if (button.matches(":hover")) peek(button); }, 180);
  });
  document.addEventListener("pointerout", event => {
    const button = event.target.closest?.("[data-peek]"), layer = button ? layerOf(button) : event.target.closest?.("[popover]");
    if (layer && event.pointerType === "mouse" && document.querySelector(`[data-peek][popovertarget="${layer.id}"]`)) leave(layer);
  });
  document.addEventListener("focusin", event => { const button = event.target.closest("[data-peek]"); if (button?.matches(":focus-visible") && !layerOf(button)?.contains(event.relatedTarget)) peek(button); });
  document.addEventListener("focusout", event => { const button = event.target.closest("[data-peek]"), layer = button && layerOf(button); if (layer && !layer.contains(event.relatedTarget)) leave(layer); });
  /* The press closes an open layer, and its `toggle` may come before the click or after: what was pinned is noted first */
  document.addEventListener("pointerdown", () => { pressed = asked && pinned === layerOf(asked) ? asked : null; }, true);
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-peek]"), layer = button && layerOf(button);
    if (!layer) return;
    clearTimeout(timer); /* the click decides, not the pointer that came along */
    if (!button.href) {
      if (layer.matches(":popover-open") && pinned !== layer) event.preventDefault();
      pinned = layer;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; /* another tab, as with any link */
    event.preventDefault();
    event.stopPropagation();
    /* The click itself has closed what was open: a second one on the same score leaves it so */
    const again = event.detail ? pressed === button : pinned === layer && asked === button;
    pinned = again ? null : layer;
    if (again) return;
    peek(button);
    if (!event.detail) layer.focus(); /* by key: into the reasons; Esc leads back */
  }, true);

  /* Menus answer the arrows */
  document.addEventListener("keydown", event => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const button = event.target.closest?.("[popovertarget]"), menu = event.target.closest?.(".menu") || (button && layerOf(button));
    if (!menu?.matches(".menu:popover-open")) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll("a, button")], at = items.indexOf(document.activeElement);
    items[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + items.length) % items.length]?.focus();
  });

  /* Dialogs: opened and closed by buttons that say so; a click beside one closes it */
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-do]");
    if (button?.dataset.do === "dialog") document.getElementById(button.dataset.id)?.showModal();
    if (button?.dataset.do === "close") button.closest("dialog")?.close();
    if (button?.dataset.do === "print") print();
    if (event.target.matches("dialog[open]")) event.target.close();
  });
  /* A page that goes takes its layers with it */
  document.addEventListener("htmx:beforeSwap", event => {
    if (!event.detail.boosted) return;
    document.querySelectorAll("dialog[open]").forEach(one => one.close());
    document.querySelectorAll("[popover]:popover-open").forEach(one => one.hidePopover());
  });
})();
