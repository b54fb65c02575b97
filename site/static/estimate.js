// An estimate: read from and written to the page's address, judged and worked out.
// portal/terms/estimate.py does the same; the tests prove both equal.
import { breakEven, fraction, hoursPrice, intervention, pointsCost, vat } from "./rules.js";

const PROJECT = "project";
const ONSITE = "onsite";
// A comma typed in a field would cut the address's list: it travels as its full-width twin.
const WIDE_COMMA = "\uff0c";
const TEXT_LENGTH = 40;

// --- the address ---

export function readQuery(query) {
  const draft = { version: "", lines: [], vat: "", point: "" };
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === "version") draft.version = value;
    else if (name === "ligne") draft.lines.push(readLine(value));
    else if (name === "tva") draft.vat = value;
    else if (name === "point") draft.point = value;
  }
  return draft;
}

function readLine(text) {
  const line = { entries: [], times: "1", hour: "", km: "" };
  for (const part of text.split(",")) {
    const token = part.replaceAll(WIDE_COMMA, ",");
    const colon = token.indexOf(":");
    const [name, value] = [token.slice(0, colon), token.slice(colon + 1)];
    if (colon >= 0 && name === "km") line.km = value;
    else if (colon >= 0) line.entries.push({ service: name, duration: value });
    else if (token.startsWith("x")) line.times = token.slice(1);
    else if (token) line.hour = token;
  }
  return line;
}

export function writeQuery(draft, limits) {
  const parts = draft.version ? [["version", draft.version]] : [];
  for (const line of draft.lines) parts.push(["ligne", writeLine(line, limits)]);
  if (draft.vat) parts.push(["tva", draft.vat]);
  if (draft.point.trim()) parts.push(["point", shortest(draft.point, readPoint, limits)]);
  return parts.map(([name, value]) => `${name}=${encoded(value)}`).join("&");
}

function writeLine(line, limits) {
  const tokens = line.entries.map(
    ({ service, duration }) => `${inside(service)}:${shortest(duration, readDuration, limits)}`,
  );
  if (line.times !== "1") tokens.push(`x${shortest(line.times, readTimes, limits)}`);
  if (line.hour) tokens.push(inside(line.hour));
  if (line.km.trim()) tokens.push(`km:${shortest(line.km, readKm, limits)}`);
  return tokens.join(",");
}

// Half a surrogate pair cannot be written in an address.
const encoded = (text) => encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, ""))
  .replaceAll("%3A", ":").replaceAll("%2C", ",");
const inside = (text) => text.replaceAll(",", WIDE_COMMA);
const shortest = (text, reader, limits) => {
  const { value, kind } = reader(text, limits);
  return kind || value === null ? inside(text) : String(value);
};

// --- what a person types: each reader gives {value} or {kind}, the name of what is wrong ---

const folded = (text) => text.replace(/\s+/g, " ").trim().toLowerCase();
const MINUTES = /^(\d+) ?(?:min|mn|minutes?)?$/;
const HOURS = /^(\d+) ?(?:h|heures?)(?: ?(\d{1,2})(?: ?(?:min|mn|minutes?))?)?$/;
const DECIMAL_HOURS = /^(\d+)[.,](\d{1,2}) ?(?:h|heures?)$/;
const CLOCK = /^(\d+):(\d{2})$/;

// A folded text as minutes; null where it is none (half a minute is no duration that anybody meant).
function minutesOf(text) {
  const whole = MINUTES.exec(text);
  if (whole) return Number(whole[1]);
  const decimal = DECIMAL_HOURS.exec(text);
  if (decimal) {
    const sixtieths = Number(decimal[1] + decimal[2].padEnd(2, "0")) * 60;
    return sixtieths % 100 ? null : sixtieths / 100;
  }
  const parts = HOURS.exec(text) ?? CLOCK.exec(text);
  const rest = Number(parts?.[2] ?? 0);
  return parts && rest < 60 ? Number(parts[1]) * 60 + rest : null;
}

export function readDuration(typed, limits) {
  const text = folded(typed);
  if (!text) return { kind: "duration_missing" };
  if (text.length > TEXT_LENGTH) return { kind: "duration_unreadable" };
  const minutes = minutesOf(text);
  if (minutes === null) return { kind: "duration_unreadable" };
  if (minutes > limits.minutes) return { kind: "duration_long" };
  return minutes ? { value: minutes } : { kind: "duration_zero" };
}

export function readTimes(typed, limits) {
  const text = folded(typed);
  const times = text.length <= TEXT_LENGTH && /^\d+$/.test(text) ? Number(text) : 0;
  return times >= 1 && times <= limits.times ? { value: times } : { kind: "times_unreadable" };
}

// Decimals stay texts ("12.5"): they become exact fractions, never floating point.
const readDecimal = (pattern, text) => {
  const match = text.length <= TEXT_LENGTH && pattern.exec(text);
  return match ? match[1].replaceAll(" ", "").replace(",", ".").replace(/^0+(?=\d)/, "") : null;
};
const above = (decimal, limit) => {
  const [n, d] = fraction(decimal);
  return n > BigInt(limit) * d;
};

export function readKm(typed, limits) {
  const text = folded(typed);
  const value = text ? readDecimal(/^((?:\d{1,3}(?: \d{3})+|\d+)(?:[.,]\d{1,2})?)(?: ?km)?$/, text) : "0";
  if (value === null) return { kind: "km_unreadable" };
  return above(value, limits.km) ? { kind: "km_large" } : { value };
}

export function readPoint(typed, limits) {
  const text = folded(typed);
  if (!text) return { value: null };
  const value = readDecimal(/^((?:\d{1,3}(?: \d{3})+|\d+)(?:[.,]\d{1,4})?)(?: ?€)?$/, text);
  if (value === null || fraction(value)[0] === 0n) return { kind: "point_unreadable" };
  return above(value, limits.point) ? { kind: "point_large" } : { value };
}

// --- judging: a line with a fault is left out (null), the others stay ---

export function judge(draft, tariff, limits) {
  const problems = [];
  if (!["", "0", "1"].includes(draft.vat)) problems.push({ where: "vat", kind: "vat_unreadable" });
  if (draft.lines.length > limits.lines) problems.push({ where: "lines", kind: "lines_many" });
  const lines = draft.lines.slice(0, limits.lines).map((line, index) => {
    const judged = judgeLine(line, `l${index}`, tariff, limits);
    problems.push(...judged.faults);
    return judged.line;
  });
  const point = readPoint(draft.point, limits);
  if (point.kind) problems.push({ where: "point", kind: point.kind });
  return { lines, vat: draft.vat === "1", point: point.value ?? null, problems };
}

function judgeLine(draft, where, tariff, limits) {
  const faults = [];
  const fault = (at, kind) => faults.push({ where: at, kind });
  if (!draft.entries.length) fault(where, "line_empty");
  if (draft.entries.length > limits.entries) fault(where, "entries_many");
  const kept = draft.entries.slice(0, limits.entries);
  const modes = new Map(tariff.liberty.map((rate) => [rate.key, rate.mode]));
  const mode = lineMode({ ...draft, entries: kept }, tariff);
  const entries = kept.map(({ service, duration }, number) => {
    const at = `${where}.e${number}`;
    if (!modes.has(service)) fault(`${at}.service`, "service_unknown");
    else if (![mode, PROJECT].includes(modes.get(service))) fault(`${at}.service`, "service_mixed");
    const minutes = readDuration(duration, limits);
    if (minutes.kind) fault(`${at}.duration`, minutes.kind);
    return { service, minutes: minutes.value };
  });
  const total = entries.reduce((sum, { minutes }) => sum + (minutes ?? 0), 0);
  if (total > limits.minutes) fault(where, "line_long");
  const times = readTimes(draft.times, limits);
  if (times.kind) fault(`${where}.times`, times.kind);
  const hour = draft.hour || tariff.hourly[0].key;
  if (!tariff.hourly.some((rate) => rate.key === hour)) fault(`${where}.hour`, "rate_unknown");
  const km = readKm(draft.km, limits);
  if (km.kind) fault(`${where}.km`, km.kind);
  else if (mode !== ONSITE && fraction(km.value)[0] > 0n) fault(`${where}.km`, "km_remote");
  const blocked = faults.some(({ kind }) => kind !== "entries_many");
  return { faults, line: blocked ? null : { entries, times: times.value, hour, km: km.value } };
}

// How an intervention is done: its first service that is not project management says it.
export function lineMode(line, tariff) {
  for (const { service } of line.entries) {
    const mode = tariff.liberty.find((rate) => rate.key === service)?.mode ?? PROJECT;
    if (mode !== PROJECT) return mode;
  }
  return line.km.trim() ? ONSITE : PROJECT;
}

// --- working out: each intervention rounded once, then times, then added ---

export function workOut(reading, tariff, vatPercent) {
  const lines = reading.lines.map((line) => line && lineCost(line, tariff));
  const done = lines.filter(Boolean);
  const points = done.reduce((total, line) => total + line.points, 0n);
  const net = done.reduce((total, line) => total + line.net, 0n);
  const contract = reading.point === null ? null : pointsCost(points, reading.point);
  const percent = reading.vat ? vatPercent : "0";
  return {
    lines, points, net, contract,
    netVat: vat(net, percent),
    contractVat: contract === null ? null : vat(contract, percent),
    breakEven: breakEven(net, points),
  };
}

function lineCost(line, tariff) {
  const once = intervention(tariff, line.entries);
  const price = hoursPrice(tariff, line.hour, once.worked, line.km);
  const times = BigInt(line.times);
  return { line, once, price, points: once.points * times, net: price * times };
}
