// Files of a form: chosen, dropped, pasted or photographed, one by one; sent with progress.
// When the server finds something to change, its page takes the place of this one and the files stay chosen.

const SPACE = "\u00a0";
const size = (bytes) =>
  bytes < 1e6
    ? `${Math.max(1, Math.round(bytes / 1e3))}${SPACE}Ko`
    : `${(bytes / 1e6).toFixed(1).replace(".0", "").replace(".", ",")}${SPACE}Mo`;

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

function prepare(holder, kept = []) {
  const input = holder.querySelector("input[type=file]");
  const form = input.form;
  const most = Number(input.dataset.most);
  const limit = Number(input.dataset.limit);
  const together = Number(input.dataset.together);
  let files = [...kept];

  const list = element("ul", { className: "files" });
  const said = element("p", { className: "error" });
  said.setAttribute("role", "status");
  const choose = element("button", { type: "button", className: "quiet", textContent: "Choisir des fichiers" });
  const photograph = element("button", { type: "button", className: "quiet", textContent: "Prendre une photo" });
  photograph.hidden = !matchMedia("(pointer: coarse)").matches;
  const camera = element("input", { type: "file", accept: "image/*", hidden: true });
  camera.setAttribute("capture", "environment");
  camera.setAttribute("aria-label", "Prendre une photo");
  const drop = element(
    "div",
    { className: "drop" },
    element("p", { textContent: "Déposez des fichiers ici, ou collez une capture d'écran." }),
    element("div", { className: "actions" }, choose, photograph),
    list,
    said,
  );
  input.hidden = true;
  input.after(camera, drop);
  const label = holder.querySelector("label");
  label.id ||= `${input.id}-label`;
  drop.setAttribute("role", "group");
  drop.setAttribute("aria-labelledby", label.id);

  function show() {
    const held = new DataTransfer();
    for (const file of files) held.items.add(file);
    input.files = held.files;
    list.replaceChildren(
      ...files.map((file, index) => {
        const remove = element("button", { type: "button", className: "quiet", textContent: "Retirer" });
        remove.append(element("span", { className: "vh", textContent: ` ${file.name}` }));
        remove.addEventListener("click", () => {
          files.splice(index, 1);
          said.textContent = "";
          show();
          choose.focus();
        });
        const words = element("span", { className: "soft", textContent: size(file.size) });
        return element("li", {}, element("span", {}, `${file.name} `, words), remove);
      }),
    );
  }

  function add(chosen) {
    const refused = [];
    for (const file of chosen) {
      const named = `«${SPACE}${file.name}${SPACE}»`;
      if (files.some((held) => held.name === file.name && held.size === file.size)) continue;
      if (file.size > limit) refused.push(`${named} est trop lourd${SPACE}: ${size(limit)} au plus.`);
      else if (file.size === 0) refused.push(`${named} est vide.`);
      else if (files.length >= most) refused.push(`${named} n'est pas joint${SPACE}: ${most} fichiers au plus.`);
      else if (files.reduce((sum, held) => sum + held.size, file.size) > together)
        refused.push(`${named} n'est pas joint${SPACE}: ${size(together)} au plus en tout.`);
      else files.push(file);
    }
    said.textContent = refused.join(" ");
    show();
  }

  choose.addEventListener("click", () => input.click());
  photograph.addEventListener("click", () => camera.click());
  input.addEventListener("change", () => add([...input.files]));
  camera.addEventListener("change", () => add([...camera.files]));
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
  form.addEventListener("paste", (event) => {
    const pasted = [...event.clipboardData.files];
    if (pasted.length) {
      event.preventDefault();
      add(pasted);
    }
  });
  form.addEventListener("submit", (event) => {
    if (files.length) send(event, form, new Map([[input.name, files]]));
  });
  show();
}

// Seconds before a line that broke is tried again by itself: the form's key makes the same sending twice one act.
const PAUSES = [2, 5, 10];

function send(event, form, kept) {
  event.preventDefault();
  if (form.dataset.sending) {
    form.again?.();
    return;
  }
  form.dataset.sending = "1";
  form.querySelector(".sending")?.remove();
  const bar = element("progress", { max: 1, value: 0 });
  const words = element("span", { className: "soft", textContent: "Envoi…" });
  form.append(element("label", { className: "sending" }, words, bar));
  const { submitter } = event;
  let broken = 0;

  const failed = (sentence) => {
    delete form.dataset.sending;
    bar.remove();
    words.textContent = sentence;
    words.className = "error";
    words.setAttribute("role", "alert");
  };
  const lost = () => {
    const pause = PAUSES[broken];
    const offline = navigator.onLine === false;
    if (!offline && !pause) {
      failed(`L'envoi n'a pas abouti. Rien n'est perdu${SPACE}: vérifiez la connexion, puis envoyez de nouveau.`);
      return;
    }
    words.textContent = offline
      ? `Pas de connexion. Rien n'est perdu${SPACE}: l'envoi reprend dès qu'elle revient.`
      : `La connexion a lâché. Rien n'est perdu${SPACE}: nouvel essai dans ${pause}${SPACE}secondes.`;
    words.setAttribute("role", "alert");
    const waits = offline ? 0 : setTimeout(() => form.again?.(), pause * 1000);
    broken += offline ? 0 : 1;
    const online = () => form.again?.();
    addEventListener("online", online);
    form.again = () => {
      clearTimeout(waits);
      removeEventListener("online", online);
      delete form.again;
      attempt();
    };
  };

  function attempt() {
    bar.value = 0;
    const request = new XMLHttpRequest();
    request.open("POST", submitter?.hasAttribute("formaction") ? submitter.formAction : form.action);
    request.setRequestHeader("X-Sent-By", "attachments");
    request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
      if (!lengthComputable) return;
      bar.value = loaded / total;
      words.removeAttribute("role");
      words.textContent = loaded < total ? `Envoi${SPACE}: ${Math.floor((100 * loaded) / total)}${SPACE}%` : "Enregistrement…";
    });
    request.addEventListener("error", lost);
    request.addEventListener("load", () => answered(request, form, kept, failed));
    request.send(new FormData(form, submitter));
  }
  attempt();
}

function answered(request, form, kept, failed) {
  const place = request.getResponseHeader("X-Location");
  if (place) {
    const next = new URL(place, location.href);
    // To a place on this very page one would only be moved: what the server made of it is read anew.
    const here = next.hash !== "" && next.pathname === location.pathname && next.search === location.search;
    location.assign(place);
    if (here) location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const main = page.querySelector("main");
  if (!main?.querySelector("[data-attachments]")) {
    // Not the form again: an expired page, a server that is away. What was typed stays where it is.
    const told = [...(main?.querySelectorAll("h1, p") ?? [])].slice(0, 3).map(({ textContent }) => textContent.trim());
    failed(told.join(". ").replaceAll("..", ".") || `Le serveur n'a pas répondu. Rien n'est perdu${SPACE}: envoyez de nouveau.`);
    return;
  }
  document.title = page.title;
  document.querySelector("main").replaceWith(document.importNode(main, true));
  for (const holder of document.querySelectorAll("[data-attachments]")) {
    prepare(holder, kept.get(holder.querySelector("input[type=file]").name));
  }
  (document.querySelector("#erreurs") ?? document.querySelector("main")).focus();
}

for (const holder of document.querySelectorAll("[data-attachments]")) prepare(holder);
