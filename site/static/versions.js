// "Quelle version le JJ/MM/AAAA ?": answers from the list of versions that the page carries.
// Page: #page-data {root, versions}, form #which with input #jour and #jour-error, #which-answer.
import { byId, h, pageData } from "./dom.js";
import { longDate, shortDate } from "./french.js";
import { typedDate } from "./typed-date.js";

const data = pageData("page-data");
const form = byId("which");
const input = byId("jour");
const given = data.versions.filter(({ status }) => status !== "draft");

// The version in force on a day: the last one that had come into force; undefined before the first.
export const inForceOn = (versions, day) => versions.findLast(({ from }) => from <= day);

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
  const end = version.to ? ` au ${longDate(version.to)}` : "";
  return [
    `Le ${longDate(day)}\u00a0: `,
    h("a", { href: `${data.root}/cgv/${version.slug}/` }, `CGV du ${longDate(version.from)}`),
    version.to
      ? `, en vigueur du ${longDate(version.from)}${end} inclus.`
      : `, en vigueur depuis le ${longDate(version.from)}.`,
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
    if (day) history.replaceState(null, "", `?jour=${day}`);
    else input.focus();
  });
}
