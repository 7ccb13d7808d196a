/* passkeys.js — asks the browser for a passkey and sends its answer with the form. Without script, or where the browser
   has none, the form stays hidden and a sentence says so. */
(() => {
  "use strict";
  const able = window.isSecureContext && window.PublicKeyCredential?.parseRequestOptionsFromJSON && !/^[\d.]+$|:/.test(location.hostname);

  const optionsOf = async form => {
    if (form.dataset.options) return JSON.parse(form.dataset.options).publicKey;
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).request_options.publicKey;
  };

  const ask = async form => {
    const options = await optionsOf(form);
    return form.dataset.passkey === "make"
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  };

  const show = (form, name) => form.querySelectorAll("[role=alert]").forEach(one => { one.hidden = !(name in one.dataset); });

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!able) continue;
    form.hidden = false;
    form.nextElementSibling.hidden = true;
    form.addEventListener("submit", async event => {
      event.preventDefault();
      const button = form.querySelector("button[type=submit]");
      show(form, "");
      button.setAttribute("aria-disabled", "true");
      try {
        const credential = await ask(form);
        form.elements.credential.value = JSON.stringify(credential.toJSON());
        form.submit();
      } catch (error) {
        show(form, error.name === "InvalidStateError" ? "passkeyUnknown" : "passkeyCancelled");
        button.removeAttribute("aria-disabled");
      }
    });
  }
})();
