// The working of a cost, in words: what was counted, at which rate, from which article.
import { h } from "./dom.js";
import { decimal, duration, longDate, money, points, scaled } from "./french.js";

const NB = "\u00a0";
const MODES = { remote: "à distance", onsite: "sur site" };

export const versionName = (from) => `CGV du ${longDate(from)}`;

export function articleLink(source, root) {
  return h("a", { href: root + source.url }, `art.${NB}${source.article}`);
}

// What the CGV leave open and this working had to settle: each links to its convention.
export function conventionNote(keys, data) {
  const links = keys.flatMap((key, index) => [
    index ? `${NB}; ` : "",
    h("a", { href: `${data.root}/conventions/#${key}` }, data.conventions[key]),
  ]);
  return h("p", { class: "unsaid" }, `Non précisé par les CGV, convention du site${NB}: `, links, ".");
}

function sumInWords(once) {
  const parts = once.lines.map(({ rate, minutes }) => `${decimal(rate)} × ${minutes}`);
  if (once.missing) parts.push(`${decimal(once.lowest.rate)} × ${once.missing}`);
  return parts.length > 1 ? `(${parts.join(" + ")})` : parts[0];
}

function countedStep(once, root) {
  if (!once.minimum) return [`Temps compté${NB}: ${duration(once.counted)}, aucun minimum.`];
  const mode = MODES[once.lines.find((line) => line.mode !== "project").mode];
  const least = `minimum de ${duration(once.minimum.minutes)} ${mode} (`;
  const end = [articleLink(once.minimum, root), ")."];
  if (!once.missing) {
    return [`Temps compté${NB}: ${duration(once.counted)}, le temps réel, car le ${least.slice(0, -1)}est atteint (`, ...end];
  }
  const rest = once.lines.length > 1
    ? ` Les ${duration(once.missing)} qui manquent comptent au taux le plus bas, ${decimal(once.lowest.rate)}${NB}points par heure.`
    : "";
  return [`Temps réel${NB}: ${duration(once.worked)}. Temps compté${NB}: ${duration(once.counted)}, ${least}`, ...end, rest];
}

// The working in one line: what was worked, what is counted, at which rates, from where.
export function brief({ once }, tariff, data) {
  const rates = [...new Set(once.lines.map(({ rate }) => decimal(rate)))].join(" et ");
  return [
    `Temps réel${NB}: ${duration(once.worked)}, temps compté${NB}: ${duration(once.counted)}, ${rates}${NB}points par heure (`,
    articleLink(once.lines[0], data.root), `, ${versionName(tariff.from)}).`,
  ];
}

export function contractWorking({ line, once, points: total }, data) {
  const steps = once.lines.map((each) => [
    `${each.label}${NB}: ${duration(each.minutes)} à ${decimal(each.rate)}${NB}points par heure (`,
    articleLink(each, data.root), ").",
  ]);
  steps.push(countedStep(once, data.root));
  steps.push([`${sumInWords(once)} ÷ 60 = ${points(once.points)}.`]);
  if (line.times > 1) steps.push([`${line.times} interventions${NB}: ${line.times} × ${scaled(once.points, 2)} = ${points(total)}.`]);
  const unsaid = [
    once.minimum ? "minimum_once" : "project_minimum",
    once.missing && once.lines.length > 1 ? "lowest_rate" : null,
    "rounding",
  ].filter(Boolean);
  return [h("ol", {}, steps.map((step) => h("li", {}, step))), conventionNote(unsaid, data)];
}

export function hoursWorking({ line, once, price, net }, tariff, data) {
  const hour = tariff.hourly.find((each) => each.key === line.hour);
  const far = /[1-9]/.test(line.km);
  const travel = far ? ` + ${decimal(tariff.kilometre.rate)} × ${decimal(line.km)}` : "";
  const steps = [[
    `${hour.label}${NB}: ${duration(once.worked)} à ${decimal(hour.rate)}${NB}€${NB}HT (`,
    articleLink(hour, data.root), ")",
    ...(far
      ? [`, ${decimal(line.km)}${NB}km à ${decimal(tariff.kilometre.rate)}${NB}€ (`, articleLink(tariff.kilometre, data.root), ")."]
      : ["."]),
  ]];
  steps.push([`${decimal(hour.rate)} × ${once.worked} ÷ 60${travel} = ${money(price)}${NB}HT.`]);
  if (line.times > 1) steps.push([`${line.times} interventions${NB}: ${line.times} × ${money(price)} = ${money(net)}${NB}HT.`]);
  const unsaid = ["hour_kind", "hour_fraction", ...(far ? ["kilometres", "kilometre_net"] : []), "rounding"];
  return [h("ol", {}, steps.map((step) => h("li", {}, step))), conventionNote(unsaid, data)];
}

// What differs between two tariffs, in words; nothing when they are the same.
export function tariffChanges(old, now) {
  const changes = [];
  const note = (label, before, after, unit) => {
    if (before !== after) changes.push(`${label}${NB}: ${before ?? "non prévu"} → ${after ?? "non prévu"}${NB}${unit}`);
  };
  const rates = (list) => new Map(list.map((each) => [each.key, each]));
  for (const [name, unit] of [["liberty", "points par heure"], ["hourly", "€ HT par heure"]]) {
    const [before, after] = [rates(old[name]), rates(now[name])];
    for (const key of new Set([...before.keys(), ...after.keys()])) {
      const [one, other] = [before.get(key), after.get(key)];
      note((other ?? one).label, one && decimal(one.rate), other && decimal(other.rate), unit);
    }
  }
  note("Kilomètre hors zone", decimal(old.kilometre.rate), decimal(now.kilometre.rate), "€ par km");
  for (const [mode, words] of Object.entries(MODES)) {
    note(`Minimum ${words}`, old.minimum[mode]?.minutes, now.minimum[mode]?.minutes, "minutes");
  }
  return changes;
}
