// The civil day it is where IMS Partners works, whatever the visitor's clock is set to: "2026-11-23".
const PARIS = new Intl.DateTimeFormat("en-CA", {
  timeZone: "Europe/Paris", year: "numeric", month: "2-digit", day: "2-digit",
});

export function today(now = new Date()) {
  const parts = Object.fromEntries(PARIS.formatToParts(now).map(({ type, value }) => [type, value]));
  return `${parts.year}-${parts.month}-${parts.day}`;
}
