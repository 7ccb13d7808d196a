/* copy.js — a button that copies what stands in a field. Without script there is no button, and the field is selectable. */
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      try { await navigator.clipboard.writeText(field.value); } catch { return; }
      button.textContent = button.dataset.copied;
      document.dispatchEvent(new CustomEvent("say", { detail: button.dataset.copied }));
    });
  }
})();
