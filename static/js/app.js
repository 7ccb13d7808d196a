/* app.js — what the page does around HTMX: where a boosted answer goes, focus, errors, busy buttons.
   All the scripts are delegated from document, so swapped-in HTML needs no initialisation; they talk to each other
   through events on document ("say", "toast", "preference") and run under script-src 'self'. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);

  /* One polite line for people who hear the page */
  document.addEventListener("say", event => {
    const line = $("#say");
    if (!line) return;
    line.textContent = "";
    requestAnimationFrame(() => { line.textContent = event.detail; });
  });

  /* A boosted answer replaces #main; the navigation follows out of band. What has no shell, or another
     organisation's, is loaded whole. */
  let held = "";
  document.addEventListener("htmx:beforeSwap", event => {
    const d = event.detail;
    if (!d.boosted) return;
    const main = $("main[data-shell]");
    held = document.activeElement?.closest("#main") ? document.activeElement.id : "";
    if (main && d.xhr.responseText.includes(`data-shell="${main.dataset.shell}"`)) {
      d.target = main;
      d.selectOverride = "main[data-shell]";
      d.swapOverride = "outerHTML show:window:top";
      d.shouldSwap = true;
      d.isError = false;
    } else if (d.xhr.status < 400 || d.requestConfig.verb === "get") {
      d.shouldSwap = false;
      d.isError = false;
      location.assign(d.xhr.responseURL || d.pathInfo.finalRequestPath);
    } else {
      d.shouldSwap = true;
      d.isError = false;
      d.selectOverride = "unset";
    }
  });

  /* After a swap focus never falls to <body>: first error, else the control that had it, else #main */
  document.addEventListener("htmx:afterSettle", event => {
    const main = $("#main");
    const wrong = main && $("[data-first-error], [aria-invalid=true]", main);
    if (wrong && event.detail.requestConfig?.verb !== "get") { wrong.focus(); return; }
    if (!event.detail.boosted || !main) return;
    ((held && $(`#${CSS.escape(held)}`, main)) || main).focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("say", { detail: document.title }));
  });
  $("#main form[method=post] :is([data-first-error], [aria-invalid=true])")?.focus();

  /* What only one page does comes with it */
  const fetchNeeds = () => document.querySelectorAll("[data-needs]").forEach(one => one.dataset.needs.split(" ").forEach(src => {
    if ($(`script[src="${src}"]`)) return;
    const script = document.createElement("script");
    script.src = src;
    document.head.append(script);
  }));
  fetchNeeds();
  document.addEventListener("htmx:afterSettle", fetchNeeds);

  /* A request that failed says so where the person works, in the words of the server's template */
  const complain = name => {
    const words = $(`template#${name}`), main = $("#main");
    if (!words || !main) return;
    $("[data-complaint]", main)?.remove();
    main.prepend(words.content.cloneNode(true));
    $("[data-complaint]", main)?.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:responseError", () => complain("request-failed"));
  document.addEventListener("htmx:sendError", () => complain("request-lost"));
  document.addEventListener("htmx:timeout", () => complain("request-lost"));
  document.addEventListener("click", event => { event.target.closest("[data-dismiss]")?.closest("[data-complaint]")?.remove(); });

  /* A pressed button keeps its width, says what it does and can't be pressed twice */
  const busy = button => {
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    button.style.minWidth = button.offsetWidth + "px";
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) { button.dataset.rest = button.innerHTML; button.textContent = button.dataset.busy; }
  };
  const rest = () => document.querySelectorAll("button[aria-disabled=true]").forEach(button => {
    button.removeAttribute("aria-disabled");
    if ("rest" in button.dataset) { button.innerHTML = button.dataset.rest; delete button.dataset.rest; }
  });
  document.addEventListener("submit", event => {
    if (event.submitter?.getAttribute("aria-disabled") === "true") { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
  addEventListener("submit", event => { if (!event.defaultPrevented) { busy(event.submitter); setTimeout(rest, 10000); } });
  document.addEventListener("htmx:beforeRequest", event => busy(event.detail.requestConfig?.triggeringEvent?.submitter));
  document.addEventListener("htmx:afterRequest", rest);
  addEventListener("pageshow", rest);
})();
