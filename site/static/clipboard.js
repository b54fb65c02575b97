// Copies a text; where the browser refuses, shows it selected in a dialog.
import { h } from "./dom.js";

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    showSelected(text);
    return false;
  }
}

function showSelected(text) {
  const field = h("textarea", { rows: "4", readonly: true, "aria-label": "Texte à copier" });
  field.value = text;
  const title = h("h2", { id: "copy-title" }, "Copiez ce texte");
  const dialog = h("dialog", { class: "copy-dialog", "aria-labelledby": "copy-title" },
    title,
    h("p", {}, "Votre navigateur n’a pas permis la copie\u00a0: le texte est sélectionné, copiez-le avec Ctrl\u00a0+\u00a0C."),
    field,
    h("form", { method: "dialog" }, h("button", { type: "submit" }, "Fermer")));
  const opener = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  field.select();
}
