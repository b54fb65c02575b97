// A day as a person types it: JJ/MM/AAAA, and the other ways that leave no doubt.
import { realDay } from "./rules.js";

const EXAMPLE = "16/12/2026";
const WAYS = [
  [/^(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})$/, ([, day, month, year]) => [year, month, day]],
  [/^(\d{2})(\d{2})(\d{4})$/, ([, day, month, year]) => [year, month, day]],
  [/^(\d{4})-(\d{1,2})-(\d{1,2})$/, ([, year, month, day]) => [year, month, day]],
];

// {value: "2026-12-16"}, or {error: a sentence}; neither where nothing is typed.
export function typedDate(typed) {
  const text = typed.replace(/\s+/g, " ").trim();
  if (!text) return {};
  for (const [pattern, order] of WAYS) {
    const match = pattern.exec(text);
    if (!match) continue;
    const value = realDay(...order(match).map(Number));
    return value ? { value } : { error: `Le ${text} n’existe pas dans le calendrier. Vérifiez le jour et le mois.` };
  }
  return { error: `Cette date n’est pas lisible. Écrivez le jour, le mois et l’année\u00a0: ${EXAMPLE}.` };
}
