/* preferences.js — theme, density and single keys: shown at once, stored on the user by the server. */
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const show = (name, value) => {
    if (value) root.dataset[name] = value; else delete root.dataset[name];
    document.querySelectorAll(`form[data-preference] button[name="${name}"][aria-pressed]`).forEach(button => {
      button.setAttribute("aria-pressed", String(button.value === value));
    });
  };

  const store = (form, name, value) => {
    const before = root.dataset[name] || "";
    show(name, value);
    const body = new FormData(form);
    body.delete("theme"); body.delete("density"); body.delete("keys");
    body.set(name, value);
    fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } })
      .then(answer => { if (!answer.ok) throw new Error(String(answer.status)); })
      .catch(() => show(name, before));
  };

  document.addEventListener("submit", event => {
    const form = event.target.closest("form[data-preference]"), button = event.submitter;
    if (!form || !button?.name) return;
    event.preventDefault();
    store(form, button.name, "toggle" in button.dataset ? (dark() ? "light" : "dark") : button.value);
  });
  document.addEventListener("change", event => {
    const box = event.target.closest("form[data-preference] input[type=checkbox]");
    if (box) store(box.form, box.name, box.checked ? "" : "off");
  });
})();
