// The rules of the terms, for the browser: points, price, deadlines.
// Every number comes with the tariff that the page was given; none is written here.
// Amounts are whole numbers (BigInt) of hundredths: no floating point in a result.

// "88", "0.60" -> an exact fraction [numerator, denominator].
export function fraction(decimal) {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(decimal);
  if (!match) throw new RangeError(`not a decimal: ${decimal}`);
  const places = match[2] ?? "";
  return [BigInt(match[1] + places), 10n ** BigInt(places.length)];
}

// Both arguments are positive or zero; a half goes up.
export function halfUp(numerator, denominator) {
  return (2n * numerator + denominator) / (2n * denominator);
}

export function hundredths(decimal) {
  const [numerator, denominator] = fraction(decimal);
  return halfUp(numerator * 100n, denominator);
}

// A sum of fractions, so that an intervention is rounded once and at its end.
function sum(terms) {
  return terms.reduce(([n, d], [tn, td]) => [n * td + tn * d, d * td], [0n, 1n]);
}

const minutesAt = (rate, minutes) => {
  const [n, d] = fraction(rate);
  return [n * BigInt(minutes), d * 60n];
};

const lower = (a, b) => {
  const [an, ad] = fraction(a.rate);
  const [bn, bd] = fraction(b.rate);
  return bn * ad < an * bd ? b : a;
};

// One intervention with a contract. `entries`: [{service, minutes}], all of one mode
// (project management may go with either). The minimum is a minimum, not a step; it counts
// once, and the minutes missing count at the lowest rate worked.
export function intervention(tariff, entries) {
  const lines = entries.map(({ service, minutes }) => {
    const rate = tariff.liberty.find((each) => each.key === service);
    if (!rate) throw new RangeError(`unknown service: ${service}`);
    return { ...rate, minutes };
  });
  const modes = new Set(lines.map((line) => line.mode).filter((mode) => mode !== "project"));
  if (modes.size > 1) throw new RangeError("remote and on site in one intervention");
  const minimum = tariff.minimum[[...modes][0]] ?? null;
  const worked = lines.reduce((total, line) => total + line.minutes, 0);
  const missing = Math.max(0, (minimum?.minutes ?? 0) - worked);
  const lowest = lines.reduce(lower);
  const [n, d] = sum([
    ...lines.map((line) => minutesAt(line.rate, line.minutes)),
    minutesAt(lowest.rate, missing),
  ]);
  const points = halfUp(n * 100n, d);
  return { lines, worked, missing, counted: worked + missing, minimum, lowest, points };
}

// One intervention without contract: hundredths of a euro, before tax. `km` is a decimal.
export function hoursPrice(tariff, kind, minutes, km) {
  const hour = tariff.hourly.find((each) => each.key === kind);
  if (!hour) throw new RangeError(`unknown hourly rate: ${kind}`);
  const [kn, kd] = fraction(km);
  const [rn, rd] = fraction(tariff.kilometre.rate);
  const [n, d] = sum([minutesAt(hour.rate, minutes), [kn * rn, kd * rd]]);
  return halfUp(n * 100n, d);
}

export function vat(net, percent) {
  const [n, d] = fraction(percent);
  return halfUp(net * n, d * 100n);
}

// What the points cost at a price that the person gives: rounded once, on their sum.
export function pointsCost(points, price) {
  const [n, d] = fraction(price);
  return halfUp(points * n, d);
}

// The price of a point at which both ways cost the same, in ten-thousandths of a euro.
export function breakEven(net, points) {
  return points > 0n ? halfUp(net * 10000n, points) : null;
}

// --- days: "2026-12-03", civil days, reckoned in UTC so that no clock change counts ---

const DAY = 86_400_000;
const at = (iso) => Date.parse(`${iso}T00:00:00Z`);
export const addDays = (iso, days) => new Date(at(iso) + days * DAY).toISOString().slice(0, 10);
export const weekday = (iso) => new Date(at(iso)).getUTCDay();

export function realDay(year, month, day) {
  const two = (number) => String(number).padStart(2, "0");
  const iso = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  const time = at(iso);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== iso ? null : iso;
}

// The day of the event does not count; a last day that is a Saturday, a Sunday or a holiday
// moves to the next working day. `passed`: the days jumped over, each with its holiday's name.
export function deadline(event, days, holidays) {
  const nominal = addDays(event, days);
  const passed = [];
  let last = nominal;
  while (holidays[last] || weekday(last) % 6 === 0) {
    passed.push({ day: last, holiday: holidays[last] ?? null });
    last = addDays(last, 1);
  }
  return { nominal, last, passed };
}
