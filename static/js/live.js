/* live.js, loaded where something is live — one stream a page, of what changed and never of what it is: [data-live] says
   where, since when and where its ticket comes from, and hears "live" with the records, or null when everything may have.
   The mark [data-live-mark] is green while the page hears, amber after 5 s without, and a notice comes after a minute. A
   page that nobody looks at listens to nothing: it catches up when it is looked at again. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const page = () => $("[data-live]");
  let stream = null, of = null, since = "", wait = 1000, timers = [], begun = 0;

  const mark = state => {
    const box = $("[data-live-mark]"), notice = $("[data-live-lost]");
    if (box) {
      box.hidden = false;
      box.classList.toggle("lost", state !== "live");
      box.textContent = state === "live" ? box.dataset.on : box.dataset.off;
    }
    if (notice) notice.hidden = state !== "gone";
  };
  const alone = () => {
    if (timers.length) return;
    timers = [setTimeout(() => mark("lost"), 5000), setTimeout(() => mark("gone"), 60000)];
  };
  const heard = () => { timers.forEach(clearTimeout); timers = []; wait = 1000; mark("live"); };
  const close = () => { begun++; stream?.close(); stream = null; };
  const again = () => {
    close();
    alone();
    const mine = begun;
    setTimeout(() => { if (mine === begun) open(); }, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, 30000);
  };
  const open = async () => {
    close();
    const mine = begun, box = page();
    if (!box || document.hidden) return;
    of = box;
    since = since || box.dataset.since;
    let answer = null;
    try {
      answer = await fetch(box.dataset.ticket, { headers: { "HX-Request": "true" }, redirect: "error", signal: AbortSignal.timeout(10000) });
    } catch { answer = null; }
    if (mine !== begun) return;
    if (!answer || answer.status !== 204) { again(); return; }
    stream = new EventSource(`${box.dataset.live}?since=${since}`);
    stream.addEventListener("listening", heard);
    stream.addEventListener("changed", event => {
      since = event.lastEventId;
      box.dispatchEvent(new CustomEvent("live", { bubbles: true, detail: JSON.parse(event.data).records }));
    });
    /* The browser would come back by itself, but with a ticket that may have run out: we do, from where we are */
    stream.addEventListener("error", again);
  };
  const begin = () => {
    const box = page();
    if (box === of) return;
    since = "";
    of = box;
    if (box) open(); else { close(); timers.forEach(clearTimeout); timers = []; }
  };

  document.addEventListener("visibilitychange", () => { if (!page()) return; if (document.hidden) close(); else open(); });
  document.addEventListener("htmx:afterSettle", begin);
  addEventListener("pagehide", close);
  addEventListener("pageshow", event => { if (event.persisted) open(); });
  begin();
})();
