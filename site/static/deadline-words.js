// What is said of a deadline: the answer, what is left of it, why that day, and what one can do.
import { h } from "./dom.js";
import { longDate, weekdayDate } from "./french.js";
import { addDays } from "./rules.js";

const NB = "\u00a0";
const DAY = 86_400_000;
const bold = (text) => h("strong", {}, text);
const isPast = (last, now) => now > last;

// What each period lets one do: the answer, and the entry of a calendar.
const WORDS = {
  quote_validity: {
    answer: (event, last, past) => [
      `Votre devis reçu le ${longDate(event)} ${past ? "a expiré" : "expire"} le `, bold(`${weekdayDate(last)}${past ? "" : " inclus"}`), ".",
    ],
    entry: (event) => `Dernier jour pour accepter le devis reçu le ${longDate(event)}`,
  },
  invoice_dispute: {
    answer: (event, last, past) => [
      `Votre facture du ${longDate(event)} ${past ? "pouvait" : "peut"} être contestée jusqu’au `, bold(`${weekdayDate(last)} inclus`), ".",
    ],
    entry: (event) => `Dernier jour pour contester la facture du ${longDate(event)}`,
  },
  formal_notice: {
    answer: (event, last, past) => [
      `Mise en demeure reçue le ${longDate(event)}${NB}: résiliation possible ${past ? "depuis le" : "à partir du"} `,
      bold(weekdayDate(addDays(last, 1))),
      `, si rien n’${past ? "a été" : "est"} fait jusqu’au ${weekdayDate(last)} inclus.`,
    ],
    entry: (event) => `Dernier jour pour remédier à la mise en demeure reçue le ${longDate(event)}`,
  },
};

export const sentence = (key, event, last, now) => WORDS[key].answer(event, last, isPast(last, now));
export const entryTitle = (key, event) => WORDS[key].entry(event);

// How long is left on the day it is.
export function left(last, now) {
  if (isPast(last, now)) return `Ce délai est passé depuis le ${weekdayDate(addDays(last, 1))}.`;
  const days = (Date.parse(last) - Date.parse(now)) / DAY;
  if (!days) return "C’est aujourd’hui le dernier jour.";
  return days === 1 ? `Il reste 1${NB}jour.` : `Il reste ${days}${NB}jours.`;
}

const convention = (key, data, words) => h("a", { href: `${data.root}/conventions/#${key}` }, words ?? data.conventions[key]);

// Which version answers, and where its rule stands.
export function source({ days, article, url }, version, data, key) {
  return h("p", {},
    `${days}${NB}jours d’après l’`, h("a", { href: data.root + url }, `article ${article} des CGV du ${longDate(version.from)}`),
    ", qui s’appliquent à cette date.",
    ...(key === "invoice_dispute"
      ? [` Non précisé par les CGV, convention du site${NB}: `, convention("invoice_version", data), "."] : []));
}

// The days jumped over follow each other: they are told together.
function closed(passed) {
  const [{ day, holiday }] = passed;
  if (passed.length === 1) return `Le ${weekdayDate(day)} ${holiday ? `est férié (${holiday})` : "tombe en fin de semaine"}`;
  const reasons = [...new Set(passed.map((each) => each.holiday ?? "fin de semaine"))];
  return `Du ${weekdayDate(day)} au ${weekdayDate(passed.at(-1).day)}, aucun jour n’est ouvrable (${reasons.join(", ")})`;
}

export function why(days, { nominal, last, passed }, data) {
  const counted = `Les ${days}${NB}jours commencent le lendemain et s’achèvent le ${weekdayDate(nominal)}.`;
  if (!passed.length) return [h("p", {}, `${counted} C’est un jour ouvrable.`)];
  return [
    h("p", {}, `${counted} ${closed(passed)}${NB}: le délai court jusqu’au ${weekdayDate(last)}.`),
    h("p", {}, convention("extended_day", data, "Cette prolongation est une convention du site"),
      `${NB}: les CGV ne la précisent pas.`),
  ];
}

// How an invoice is disputed, and what becomes of a dispute sent too late.
export function howToDispute({ dispute }, last, now, data) {
  const late = isPast(last, now)
    ? h("p", {}, `Une contestation envoyée maintenant est une réclamation hors délai. Non précisé par les CGV, convention du site${NB}: `,
      convention("late_dispute", data), ".")
    : null;
  if (!dispute) return [late].filter(Boolean);
  return [
    late,
    h("p", {}, `Une facture se conteste `, h("q", {}, dispute.words), " (",
      h("a", { href: data.root + dispute.url }, `art.${NB}${dispute.article}`), `). Par courriel${NB}: `,
      h("a", { href: `mailto:${data.mail}` }, data.mail), ". ",
      `Non précisé par les CGV, convention du site${NB}: `, convention("dispute_address", data), "."),
  ].filter(Boolean);
}
