// What is being written is kept in this tab until it is sent: a session that ends, a reload, a way back lose nothing.
// A form says under which name by data-draft; the page that confirms says so by data-draft-sent.

const key = (name) => `brouillon:${name}`;
const kept = (field) => field.name && !["hidden", "file", "password"].includes(field.type) && field.tagName !== "BUTTON";

function held(name) {
  try {
    return JSON.parse(sessionStorage.getItem(key(name)) ?? "null");
  } catch {
    return null;
  }
}

function save(form) {
  const values = {};
  for (const field of [...form.elements].filter(kept)) {
    if (["radio", "checkbox"].includes(field.type)) {
      values[`${field.name}=${field.value}`] = field.checked;
    } else {
      values[field.name] = field.value;
    }
  }
  try {
    sessionStorage.setItem(key(form.dataset.draft), JSON.stringify(values));
  } catch {
    // No room, or none allowed: the page works without it.
  }
}

function restore(form) {
  // A page that the server gives back holds what was typed: it knows better.
  if (document.querySelector("#erreurs, .message.bad")) return;
  // A ready answer was asked for: it is what the field is to hold.
  if (new URLSearchParams(location.search).has("reponse")) return;
  const values = held(form.dataset.draft);
  if (!values) return;
  let restored = false;
  for (const field of [...form.elements].filter(kept)) {
    if (["radio", "checkbox"].includes(field.type)) {
      const name = `${field.name}=${field.value}`;
      // Consent is given anew each time.
      if (name in values && field.name !== "accepts") field.checked = values[name];
    } else if (values[field.name] && values[field.name] !== field.value) {
      field.value = values[field.name];
      restored = true;
    }
  }
  for (const details of form.querySelectorAll("details")) {
    if ([...details.querySelectorAll("input[type=text], textarea")].some((field) => field.value)) details.open = true;
  }
  if (restored) {
    const note = document.createElement("p");
    note.className = "note";
    note.setAttribute("role", "status");
    note.textContent = "Ce que vous aviez commencé à écrire est revenu. Les fichiers sont à joindre de nouveau.";
    form.prepend(note);
  }
}

for (const sent of document.querySelectorAll("[data-draft-sent]")) {
  sessionStorage.removeItem(key(sent.dataset.draftSent));
}
for (const form of document.querySelectorAll("form[data-draft]")) restore(form);
// On the document: a page that refuses a file takes the place of this one, form and all.
document.addEventListener("input", ({ target }) => {
  if (target.form?.matches("[data-draft]")) save(target.form);
});
document.addEventListener("submit", ({ target }) => {
  if (target.matches("[data-draft]")) save(target);
});
