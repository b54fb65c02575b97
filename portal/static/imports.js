// Sends the files of the import page one by one, and says of each what became of it as soon as it is known.
// Without this script the form sends them all at once and the page that comes back is the report.

const form = document.querySelector("form[data-import]");
const box = document.querySelector("[data-progress]");

function add(list, { status, label, file, number, buyer, reason }) {
  const item = document.createElement("li");
  const part = (name, text, kind = "") => Object.assign(document.createElement(name), { textContent: text, className: kind });
  item.append(part("span", label, `status ${status}`), " ", part("b", file));
  if (number) item.append(`, facture ${number}`);
  if (buyer) item.append(`, pour ${buyer}`);
  if (reason) item.append(document.createElement("br"), part("span", reason, "soft"));
  list.append(item);
}

async function send(file) {
  const body = new FormData(form);
  body.delete("files");
  body.append("files", file);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!answer.ok) {
    throw new Error(answer.status === 413 ? "Trop lourd\u00a0: importez ce fichier par la ligne de commande." : "Le serveur n'a pas répondu\u00a0: recommencez.");
  }
  return answer.json();
}

form?.addEventListener("submit", async (event) => {
  const files = [...form.elements.files.files];
  if (!files.length) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const [title, list, bar, count] = ["h2", "ul", "progress", "[data-count]"].map((name) => box.querySelector(name));
  list.replaceChildren();
  box.hidden = false;
  document.querySelector("[data-left]")?.remove();
  button.disabled = true;
  bar.max = files.length;
  title.textContent = "Envoi en cours";
  for (const [index, file] of files.entries()) {
    bar.value = index;
    count.textContent = `${index + 1} sur ${files.length}`;
    try {
      for (const answer of await send(file)) add(list, answer);
    } catch (error) {
      add(list, { status: "failed", label: "non envoyée", file: file.name, reason: error.message });
    }
  }
  bar.value = files.length;
  title.textContent = "Envoi terminé";
  button.disabled = false;
  form.reset();
});
