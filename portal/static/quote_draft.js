/* Keeps a draft while it is written: a moment after the last key, and when the page is left.
   Without this script the buttons of the page keep it just as well. */
const form = document.querySelector("form[data-autosave]");
const told = document.getElementById("enregistrement");
const PAUSE = 2000;
let waiting = 0;
let dirty = false;
let stopped = false;
let saving = null;

function save() {
  if (!dirty || stopped) return saving;
  dirty = false;
  saving = keep().finally(() => { saving = null; });
  return saving;
}

async function keep() {
  const data = new FormData(form);
  data.set("do", "autosave");
  data.delete("files");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) {
      form.elements.revision.value = (await answer.json()).revision;
      const time = new Date().toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit" }).replace(":", " h ");
      told.textContent = `Enregistré à ${time}.`;
    } else if (answer.status === 409) {
      stopped = true;
      told.textContent = "Quelqu’un d’autre a enregistré ce brouillon : enregistrez pour comparer. Rien n’est perdu.";
    } else {
      throw new Error(String(answer.status));
    }
  } catch {
    dirty = true;
    told.textContent = "Pas encore enregistré : nouvel essai dans un instant.";
    schedule();
  }
}

function schedule() {
  clearTimeout(waiting);
  waiting = setTimeout(save, PAUSE);
}

form.addEventListener("input", (event) => {
  if (event.target.type === "file") return;
  dirty = true;
  schedule();
});
form.addEventListener("submit", async (event) => {
  clearTimeout(waiting);
  stopped = true;
  if (saving === null) return;
  // What is on its way arrives first: the page is sent with the revision that it makes.
  event.preventDefault();
  await saving;
  form.requestSubmit(event.submitter);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save();
});
