// The deadlines page: a typed day, the last day to act, and why.
import { wholeDay } from "./calendar.js";
import { copy } from "./clipboard.js";
import { entryTitle, howToDispute, left, sentence, source, why } from "./deadline-words.js";
import { announcer, byId, download, h, pageData } from "./dom.js";
import { longDate, shortDate } from "./french.js";
import { inForceOn } from "./in-force.js";
import { addDays, deadline } from "./rules.js";
import { today } from "./today.js";
import { typedDate } from "./typed-date.js";

const NB = "\u00a0";
const data = pageData("page-data");
const say = announcer(byId("status"));

function outside(day) {
  return day < data.first || day > data.last;
}

// The rule of the version in force on the typed day; {error} where there was none.
function ruleOf(key, day) {
  const version = inForceOn(data.versions, day);
  if (!version) {
    return { error: `Le ${longDate(day)}, aucune version publiée ici n’était en vigueur${NB}: la première date du ${longDate(data.versions[0].from)}.` };
  }
  const rule = version.deadlines[key];
  return rule ? { version, rule } : { error: `Les CGV du ${longDate(version.from)}, qui s’appliquent à cette date, ne donnent pas ce délai.` };
}

// The answer to one typed text: {nodes, words} or {error}; neither where nothing is typed.
function answer(key, typed) {
  const { value, error } = typedDate(typed);
  if (!value) return { error };
  const { version, rule, error: refusal } = ruleOf(key, value);
  if (!rule) return { error: refusal };
  const far = `Choisissez une date entre le ${shortDate(data.versions[0].from)} et le ${shortDate(addDays(data.last, -rule.days - 7))}${NB}: les jours fériés des autres années ne sont pas connus de cette page.`;
  if (outside(value)) return { error: far };
  const found = deadline(value, rule.days, data.holidays);
  if (outside(found.last)) return { error: far };
  const now = today();
  const said = sentence(key, value, found.last, now);
  const words = said.map((part) => part.textContent ?? part).join("");
  const remaining = left(found.last, now);
  const save = h("button", { type: "button", class: "quiet" }, "Ajouter à mon agenda (.ics)");
  save.addEventListener("click", () => download("delai.ics", "text/calendar;charset=utf-8", wholeDay({
    day: found.last, title: entryTitle(key, value), text: `${words} (art.${NB}${rule.article} des CGV du ${longDate(version.from)})`,
    address: location.href, now: new Date(),
  })));
  return {
    words: `${words} ${remaining}`,
    nodes: [
      h("p", { class: "big" }, said), h("p", {}, h("strong", {}, remaining)), source(rule, version, data, key),
      ...why(rule.days, found, data),
      ...(key === "invoice_dispute" ? howToDispute(version, found.last, now, data) : []),
      ...(now > found.last ? [] : [h("p", {}, save)]),
    ],
  };
}

const parts = [...document.querySelectorAll("[data-deadline]")].map((section) => ({
  key: section.dataset.deadline,
  form: section.querySelector("form"),
  input: section.querySelector("input"),
  error: section.querySelector(".error"),
  found: section.querySelector("[data-found]"),
}));

function tell({ input, error }, message) {
  error.textContent = message ?? "";
  error.hidden = !message;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  const hint = `${input.id}-hint`;
  input.setAttribute("aria-describedby", message ? `${hint} ${error.id}` : hint);
}

// `insist`: the person is done typing, so that a fault is told.
function show(part, insist) {
  const { error, nodes = [], words } = answer(part.key, part.input.value);
  if (insist || !error) tell(part, error);
  part.found.replaceChildren(...nodes);
  part.found.hidden = !nodes.length;
  if (words) say(words);
  return words;
}

function remember() {
  const query = new URLSearchParams();
  for (const { input } of parts) {
    const text = input.value.trim();
    if (text) query.set(input.name, typedDate(text).value ?? text);
  }
  const search = query.size ? `?${query}` : location.pathname;
  history.replaceState(null, "", search);
}

const given = new URLSearchParams(location.search);
for (const part of parts) {
  const { form, input } = part;
  const { value } = typedDate(given.get(input.name) ?? "");
  input.value = value ? shortDate(value) : given.get(input.name) ?? "";
  if (input.value) show(part, true);
  input.addEventListener("input", () => show(part, false));
  input.addEventListener("change", () => { show(part, true); remember(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const found = show(part, true);
    if (!input.value.trim()) tell(part, "Indiquez une date.");
    remember();
    (found ? part.found : input).focus();
  });
}

byId("copy").addEventListener("click", async () => {
  remember();
  if (await copy(location.href)) byId("status").textContent = "Lien copié.";
});
