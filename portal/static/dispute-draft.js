// A draft is saved while it is typed; without this script, by its button.
const form = document.querySelector("form[data-draft]");
const told = form?.querySelector("[data-saved]");
let waiting = 0;
let changed = false;

async function save(leaving) {
  if (!changed) return;
  changed = false;
  const data = new FormData(form);
  data.delete("files"); // files leave with a button: they may be large
  data.set("faire", "auto");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, keepalive: leaving });
    const { saved } = answer.ok ? await answer.json() : {};
    told.textContent = saved
      ? `Brouillon enregistré à ${saved}.`
      : "Le brouillon n'a pas pu être enregistré : utilisez le bouton.";
  } catch {
    changed = true;
    told.textContent = "Pas de réseau : le brouillon sera enregistré à la prochaine frappe.";
  }
}

form?.addEventListener("input", (event) => {
  if (event.target.type === "file") return;
  changed = true;
  clearTimeout(waiting);
  waiting = setTimeout(save, 1000, false);
});
form?.addEventListener("submit", () => {
  changed = false;
  clearTimeout(waiting);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save(true);
});
