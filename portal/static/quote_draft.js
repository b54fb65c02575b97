/* Keeps a draft while it is written: a moment after the last key, and when the page is left.
   Without this script the buttons of the page keep it just as well. The form is looked for each
   time: a page that refuses a file takes the place of this one, form and all. */
const find = () => document.querySelector("form[data-autosave]");
const tell = (words) => document.getElementById("enregistrement")?.replaceChildren(words);
const PAUSE = 2000;
let waiting = 0;
let dirty = false;
let conflict = false;
let sent = null;
let saving = null;

function save() {
  const form = find();
  if (!form || !dirty || conflict || form === sent) return saving;
  // Files are on their way with what was typed before: the rest is kept when they have arrived.
  if (form.dataset.sending) return schedule();
  dirty = false;
  saving = keep(form).finally(() => { saving = null; });
  return saving;
}

async function keep(form) {
  const data = new FormData(form);
  data.set("do", "autosave");
  data.delete("files");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) {
      form.elements.revision.value = (await answer.json()).revision;
      const time = new Date().toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit" }).replace(":", " h ");
      tell(`Enregistré à ${time}.`);
    } else if (answer.status === 409) {
      conflict = true;
      tell("Quelqu’un d’autre a enregistré ce brouillon : enregistrez pour comparer. Rien n’est perdu.");
    } else {
      throw new Error(String(answer.status));
    }
  } catch {
    dirty = true;
    tell("Pas encore enregistré : nouvel essai dans un instant.");
    schedule();
  }
}

function schedule() {
  clearTimeout(waiting);
  waiting = setTimeout(save, PAUSE);
}

document.addEventListener("input", ({ target }) => {
  if (target.type === "file" || !target.form || target.form !== find()) return;
  dirty = true;
  sent = null; // whoever still types has not left
  schedule();
});
// Before whatever else sends the form, files with their progress for one.
document.addEventListener("submit", async (event) => {
  const form = find();
  if (event.target !== form) return;
  clearTimeout(waiting);
  sent = form;
  conflict = false; // the page that comes compares
  if (saving === null) return;
  // What is on its way arrives first: the page is sent with the revision that it makes.
  event.preventDefault();
  event.stopImmediatePropagation();
  await saving;
  form.requestSubmit(event.submitter);
}, true);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save();
});
