// Numbers, durations and days as French readers write them.

const NARROW = "\u202f";
const NBSP = "\u00a0";
const MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
  "septembre", "octobre", "novembre", "décembre"];
const WEEKDAYS = ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"];

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, NARROW);

// A whole number of 10^-places, as a BigInt: scaled(123456n, 2) -> "1 234,56".
export function scaled(value, places) {
  const digits = value.toString().padStart(places + 1, "0");
  const cut = digits.length - places;
  return grouped(digits.slice(0, cut)) + (places ? `,${digits.slice(cut)}` : "");
}

export const money = (cents) => `${scaled(cents, 2)}${NBSP}€`;
// "0.60" -> "0,60", "88" -> "88".
export const decimal = (text) => {
  const [whole, part] = text.split(".");
  return grouped(whole) + (part ? `,${part}` : "");
};
export const points = (value) => {
  const text = scaled(value, 2).replace(/,00$/, "");
  return `${text}${NBSP}${value < 200n ? "point" : "points"}`;
};

export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (!hours) return `${minutes}${NBSP}min`;
  const shown = `${grouped(String(hours))}${NBSP}h`;
  return rest ? `${shown}${NBSP}${String(rest).padStart(2, "0")}` : shown;
}

export function longDate(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  return `${day === 1 ? "1er" : day}${NBSP}${MONTHS[month - 1]}${NBSP}${year}`;
}

const weekdayName = (iso) => WEEKDAYS[new Date(`${iso}T00:00:00Z`).getUTCDay()];
export const weekdayDate = (iso) => `${weekdayName(iso)} ${longDate(iso)}`;
export const shortDate = (iso) => iso.split("-").reverse().join("/");
