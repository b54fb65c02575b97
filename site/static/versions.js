// "Quelle version le JJ/MM/AAAA ?": answers from the list of versions that the page carries.
// Page: #page-data {root, versions}, form #which with input #jour and #jour-error, #which-answer.
import { citation } from "./citation.js";
import { copy } from "./clipboard.js";
import { byId, h, pageData } from "./dom.js";
import { longDate, shortDate } from "./french.js";
import { inForceOn } from "./in-force.js";
import { today } from "./today.js";
import { typedDate } from "./typed-date.js";

const data = pageData("page-data");
const form = byId("which");
const input = byId("jour");
const given = data.versions.filter(({ status }) => status !== "draft");

function tell(message) {
  const error = byId("jour-error");
  error.textContent = message ?? "";
  error.hidden = !message;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function answer(day) {
  const version = inForceOn(given, day);
  if (!version) {
    return [`Le ${longDate(day)}, aucune version publiée ici n’était en vigueur\u00a0: la première date du ${longDate(given[0].from)}.`];
  }
  const start = longDate(version.from);
  const days = version.to
    ? `en vigueur du ${start} au ${longDate(version.to)} inclus`
    : `en vigueur ${version.from > today() ? "à partir du" : "depuis le"} ${start}`;
  return [
    `Le ${longDate(day)}\u00a0: `, h("a", { href: `${data.root}/cgv/${version.slug}/` }, `CGV du ${start}`), `, ${days}.`,
    ...proof(version),
  ];
}

// The hash and the files stand in the list below: they are shown again beside the answer.
function proof({ slug, from }) {
  const address = `${data.root}/cgv/${slug}/`;
  const item = document.querySelector(`.timeline h3 a[href="${address}"]`)?.closest("li");
  const sha256 = item?.querySelector("code")?.textContent.trim();
  if (!sha256) return [];
  const pdf = item.querySelector('a[href$=".pdf"]')?.getAttribute("href");
  const cite = h("button", { type: "button", class: "quiet" }, "Citer cette version");
  cite.addEventListener("click", async () => {
    const company = document.querySelector(".brand").textContent.trim();
    if (await copy(citation({ company, from, address: new URL(address, location.href).href, sha256 }))) {
      cite.textContent = "Citation copiée";
    }
  });
  return [
    h("span", { class: "soft proved" }, "SHA-256\u00a0: ", h("code", {}, sha256)),
    h("span", { class: "soft proved" },
      h("a", { href: `${data.root}/cgv/${slug}/` }, "Lire le texte"), ...(pdf ? [" · ", h("a", { href: pdf }, "PDF")] : []),
      " · ", h("a", { href: `${data.root}/cgv/${slug}.md` }, "Markdown"), " · ", cite),
  ];
}

function show(insist) {
  const { value, error } = typedDate(input.value);
  if (insist || !error) tell(insist && !value ? error ?? "Indiquez une date." : undefined);
  byId("which-answer").replaceChildren(...(value ? answer(value) : []));
  return value;
}

if (form) {
  const asked = new URLSearchParams(location.search).get("jour") ?? "";
  const { value } = typedDate(asked);
  input.value = value ? shortDate(value) : asked;
  if (asked) show(true);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const day = show(true);
    // What was typed stays in the address, wrong or not: a reload shows the same thing.
    const typed = day ?? input.value.trim();
    history.replaceState(null, "", typed ? `?jour=${encodeURIComponent(typed)}` : location.pathname);
    if (!day) input.focus();
  });
}
