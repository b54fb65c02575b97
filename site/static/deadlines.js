// The deadlines page: a typed day, the last day to act, and why.
import { wholeDay } from "./calendar.js";
import { copy } from "./clipboard.js";
import { announcer, byId, download, h, pageData } from "./dom.js";
import { longDate, shortDate, weekdayDate } from "./french.js";
import { addDays, deadline } from "./rules.js";
import { typedDate } from "./typed-date.js";

const NB = "\u00a0";
const data = pageData("page-data");
const say = announcer(byId("status"));

// What each period lets one do: the answer, and the entry of a calendar.
const WORDS = {
  quote_validity: {
    answer: (event, last) => [`Votre devis reçu le ${longDate(event)} expire le `, bold(`${weekdayDate(last)} inclus`), "."],
    entry: (event) => `Dernier jour pour accepter le devis reçu le ${longDate(event)}`,
  },
  invoice_dispute: {
    answer: (event, last) => [`Votre facture du ${longDate(event)} peut être contestée jusqu’au `, bold(`${weekdayDate(last)} inclus`), "."],
    entry: (event) => `Dernier jour pour contester la facture du ${longDate(event)}`,
  },
  formal_notice: {
    answer: (event, last) => [
      `Mise en demeure reçue le ${longDate(event)}${NB}: résiliation possible à partir du `, bold(weekdayDate(addDays(last, 1))),
      `, si rien n’est fait jusqu’au ${weekdayDate(last)} inclus.`,
    ],
    entry: (event) => `Dernier jour pour remédier à la mise en demeure reçue le ${longDate(event)}`,
  },
};
const bold = (text) => h("strong", {}, text);

function why({ days }, event, { nominal, last, passed }) {
  const counted = `Les ${days}${NB}jours commencent le lendemain et s’achèvent le ${weekdayDate(nominal)}.`;
  if (!passed.length) return [h("p", {}, `${counted} C’est un jour ouvrable.`)];
  const reasons = passed.map(({ day, holiday }) => holiday
    ? `${weekdayDate(day)} est férié (${holiday})`
    : `${weekdayDate(day)} tombe en fin de semaine`);
  return [
    h("p", {}, `${counted} Le ${reasons.join(", le ")}${NB}: le délai court jusqu’au ${weekdayDate(last)}.`),
    h("p", {}, h("a", { href: `${data.root}/conventions/#extended_day` }, "Cette prolongation est une convention du site"),
      `${NB}: les CGV ne la précisent pas.`),
  ];
}

function outside(day) {
  return day < data.first || day > data.last;
}

// The answer to one typed text: {nodes, words} or {error}; neither where nothing is typed.
function answer(key, typed) {
  const { value, error } = typedDate(typed);
  if (!value) return { error };
  const rule = data.deadlines[key];
  const far = `Choisissez une date entre le ${shortDate(data.first)} et le ${shortDate(addDays(data.last, -rule.days - 7))}${NB}: les jours fériés des autres années ne sont pas connus de cette page.`;
  if (outside(value)) return { error: far };
  const found = deadline(value, rule.days, data.holidays);
  if (outside(found.last)) return { error: far };
  const sentence = WORDS[key].answer(value, found.last);
  const words = sentence.map((part) => part.textContent ?? part).join("");
  const save = h("button", { type: "button", class: "quiet" }, "Ajouter à mon agenda (.ics)");
  save.addEventListener("click", () => download("delai.ics", "text/calendar;charset=utf-8", wholeDay({
    day: found.last, title: WORDS[key].entry(value), text: `${words} (art.${NB}${rule.article} des CGV du ${longDate(data.from)})`,
    address: location.href, now: new Date(),
  })));
  return { value, words, nodes: [h("p", { class: "big" }, sentence), ...why(rule, value, found), h("p", {}, save)] };
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
