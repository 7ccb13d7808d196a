/* palette.js, loaded by jump.js when it is first asked for — search or jump: a combobox whose options the server sends; without an organisation it filters the pages.
   The browser remembers addresses that were visited, never names: the server says what they are, to whom may see them. */
(() => {
  "use strict";
  const WAIT = 80, VISITED = 10;
  const palette = () => document.querySelector("#palette");
  const part = selector => palette().querySelector(selector);
  const options = () => [...palette().querySelectorAll("[role=option]:not([hidden])")];
  const say = words => document.dispatchEvent(new CustomEvent("say", { detail: words }));

  const kept = key => { try { return JSON.parse(localStorage.getItem(key)) || []; } catch { return []; } };

  const select = option => {
    palette().querySelectorAll("[aria-selected=true]").forEach(one => one.setAttribute("aria-selected", "false"));
    const input = part("input");
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    (option === options()[0] ? option.parentElement : option).scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  };
  const chosen = () => part("[role=option][aria-selected=true]");

  /* The pages, filtered here: outside an organisation, and when the search does not answer */
  let pages = null;
  const filter = text => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    part("#pal-list").replaceChildren(pages.cloneNode(true));
    palette().querySelectorAll("[role=option]").forEach(one => { const has = one.textContent.toLowerCase(); one.hidden = !words.every(word => has.includes(word)); });
    palette().querySelectorAll("[role=group]").forEach(group => { group.hidden = !group.querySelector("[role=option]:not([hidden])"); });
    show(palette().dataset.results.replace("0", options().length));
  };
  const show = words => {
    const found = options(), text = part("input").value.trim().toLowerCase();
    part("[data-none]").hidden = found.length > 0;
    select((text && found.find(one => one.textContent.trim().toLowerCase().startsWith(text))) || found[0]);
    say(words);
  };

  /* The question that was asked last is the only one whose answer counts */
  let timer = 0, asked = 0, answered = 0, asking = null, onward = null;
  const ask = () => {
    const dialog = palette(), text = part("input").value, mine = ++asked;
    asking?.abort();
    asking = new AbortController();
    const query = new URLSearchParams({ q: text, here: location.pathname });
    if (!text.trim()) kept(dialog.dataset.memory).filter(one => one !== location.pathname).slice(0, VISITED).forEach(one => query.append("visited", one));
    part("#pal-list").setAttribute("aria-busy", "true");
    fetch(`${dialog.dataset.url}?${query}`, { signal: asking.signal, headers: { "HX-Request": "true" } })
      .then(answer => { if (!answer.ok || answer.redirected) throw new Error(String(answer.status)); return answer.text(); })
      .then(html => { if (mine === asked) settle(() => { part("#pal-list").innerHTML = html; const says = part("[data-says]"), words = says.textContent; says.remove(); show(words); }, false); })
      .catch(error => { if (mine === asked && error.name !== "AbortError") settle(() => filter(text), true); });
  };
  const settle = (draw, broken) => {
    answered = asked;
    part("#pal-list").removeAttribute("aria-busy");
    draw();
    part("[data-broken]").hidden = !broken;
    if (broken) part("[data-none]").hidden = true;
    if (onward) { const go_on = onward; onward = null; if (palette().open) go_on(); }
  };
  const changed = wait => {
    clearTimeout(timer);
    onward = null;
    if (!palette().dataset.url) { filter(part("input").value); return; }
    asked++;
    timer = setTimeout(ask, wait);
  };

  /* Typed faster than answered: go when the answer to these words is here */
  const hurry = tab => {
    if (palette().dataset.url && answered !== asked && part("input").value.trim()) onward = () => go(chosen(), tab);
    else go(chosen(), tab);
  };

  const open = event => {
    const dialog = palette();
    if (!pages || pages.of !== dialog) { pages = document.createDocumentFragment(); pages.append(...[...part("#pal-list").children].map(one => one.cloneNode(true))); pages.of = dialog; }
    part("[data-broken]").hidden = true;
    filter(part("input").value);
    changed(0);
    if (event.detail) hurry(false);
  };
  const go = (option, tab) => {
    if (!option) return;
    const href = option.dataset.href;
    if (tab) { window.open(href, "_blank", "noopener"); return; }
    palette().close();
    /* A link like any other, so that the page is swapped and not loaded whole */
    document.querySelector("#pal-go")?.remove();
    const link = document.createElement("a");
    link.href = href; link.id = "pal-go"; link.hidden = true;
    document.body.append(link);
    window.htmx?.process(link);
    link.click();
  };

  document.addEventListener("palette", open);
  document.addEventListener("click", event => {
    const option = event.target.closest("#palette [role=option]");
    if (option) go(option, event.metaKey || event.ctrlKey);
  });
  document.addEventListener("pointermove", event => {
    const option = event.pointerType === "mouse" && event.target.closest?.("#palette [role=option]");
    if (option && option.getAttribute("aria-selected") !== "true" && (event.movementX || event.movementY)) select(option);
  });
  document.addEventListener("input", event => { if (event.target.closest("#palette")) changed(WAIT); });
  document.addEventListener("keydown", event => {
    if (!event.target.closest?.("#palette") || event.isComposing) return;
    const all = options(), at = all.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); if (all.length) select(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]); }
    if (event.key === "Enter") {
      event.preventDefault();
      const tab = event.metaKey || event.ctrlKey;
      hurry(tab);
    }
  });
})();
