// A draft is saved while it is typed; without this script, by its button.
// The form is looked for each time: a page that refuses a file takes the place of this one, form and all.
const find = () => document.querySelector("form[data-draft]");
let waiting = 0;
let changed = false;

async function save(leaving) {
  const form = find();
  if (!changed || !form) return;
  changed = false;
  const data = new FormData(form);
  data.delete("files"); // files leave with a button: they may be large
  data.set("faire", "auto");
  let said;
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, keepalive: leaving });
    const { saved } = answer.ok ? await answer.json() : {};
    said = saved
      ? `Brouillon enregistré à ${saved}.`
      : "Le brouillon n'a pas pu être enregistré : utilisez le bouton.";
  } catch {
    changed = true;
    said = "Pas de réseau : le brouillon sera enregistré à la prochaine frappe.";
  }
  find()?.querySelector("[data-saved]").replaceChildren(said);
}

document.addEventListener("input", ({ target }) => {
  if (target.type === "file" || !target.form || target.form !== find()) return;
  changed = true;
  clearTimeout(waiting);
  waiting = setTimeout(save, 1000, false);
});
document.addEventListener("submit", ({ target }) => {
  if (target !== find()) return;
  changed = false;
  clearTimeout(waiting);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save(true);
});
