// The calculator: what is typed becomes an address, a cost with its working, and what one takes away.
import { comma, LineView } from "./calculator-lines.js";
import { Problems } from "./calculator-problems.js";
import { showTotals } from "./calculator-totals.js";
import { edited, offerUndo, undo } from "./calculator-undo.js";
import { citeSources, sayAssumed, showPinned, showStanding, tariffOf } from "./calculator-version.js";
import { copy } from "./clipboard.js";
import { announcer, byId, download, pageData } from "./dom.js";
import { judge, readQuery, workOut, writeQuery } from "./estimate.js";
import { csv, quoteLink } from "./estimate-export.js";
import { longDate, money, points } from "./french.js";
import { today } from "./today.js";
import { brief, contractWorking, hoursWorking, versionName } from "./working.js";

const NB = "\u00a0";
const ADDRESS_DELAY = 300; // Browsers refuse an address that changes too often.
const data = pageData("page-data");
const lines = byId("lines");
const say = announcer(byId("status"));
const asked = readQuery(location.search);
let tariff = data.tariff;
let latest = null;

const views = () => [...lines.children].map((root) => root.view);
const problems = new Problems(views, data.messages);
const insist = () => problems.insist(latest.reading.problems);
const readForm = () => ({
  version: tariff.version,
  lines: views().map((view) => view.read()),
  vat: byId("vat").checked ? "1" : "",
  point: byId("point").value,
});

// --- showing ---

function update() {
  const draft = readForm();
  const reading = judge(draft, tariff, data.limits);
  const cost = workOut(reading, tariff, data.vat.percent);
  const query = writeQuery(draft, data.limits);
  const address = `${location.origin}${location.pathname}?${query}`;
  latest = { reading, cost, tariff, percent: data.vat.percent, query, address, day: today() };
  views().forEach((view, index) => showLine(view, index, cost.lines[index], draft.lines[index]));
  showTotals(latest);
  problems.show(reading.problems);
  // A faulty estimate leads to its faults, however the link is opened.
  byId("quote").href = reading.problems.length ? "#errors" : quoteLink(data, query, latest);
  byId("add").disabled = draft.lines.length >= data.limits.lines;
  byId("proof").textContent = `Estimation du ${longDate(latest.day)}, d’après les ${versionName(tariff.from)} (SHA-256${NB}: ${tariff.sha256}). ${address}`;
  return latest;
}

function showLine(view, index, line, draft) {
  const at = (name) => view.root.querySelector(`[data-${name}]`);
  at("number").textContent = index + 1;
  at("points").textContent = line ? points(line.points) : "–";
  at("net").textContent = line ? `${money(line.net)}${NB}HT` : "–";
  at("brief").replaceChildren(...(line ? brief(line, tariff, data) : []));
  at("working").hidden = !line;
  at("contract").replaceChildren(...(line ? contractWorking(line, data) : []));
  at("hours").replaceChildren(...(line ? hoursWorking(line, tariff, data) : []));
  view.root.querySelector('[data-do="add-entry"]').disabled = draft.entries.length >= data.limits.entries;
}

// --- changing ---

let writing;
function writeAddress() {
  clearTimeout(writing);
  history.replaceState(null, "", `?${latest.query}`);
}

function changed() {
  problems.strange = [];
  const { cost } = update();
  clearTimeout(writing);
  writing = setTimeout(writeAddress, ADDRESS_DELAY);
  if (cost.lines.some(Boolean)) {
    say(`Total${NB}: ${points(cost.points)} avec contrat, ${money(cost.net)} hors taxes sans contrat.`);
  }
}

function addLine(draft, mode, before = null) {
  const view = new LineView(tariff);
  lines.insertBefore(view.root, before);
  view.write(draft, mode);
  citeSources(view.root, tariff, data.root);
  return view;
}

const freshLine = (duration = "") => ({
  entries: [{ service: tariff.liberty[0].key, duration }], times: "1", hour: tariff.hourly[0].key, km: "",
});
const focusLine = (view) => view?.root.querySelector("legend").focus();

const acts = {
  "add-entry": (view) => {
    view.addEntry().querySelector("select").focus();
    edited(view.root.firstElementChild);
  },
  "remove-entry": (view, button) => {
    const row = button.closest("[data-entry]");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    const place = row.nextElementSibling;
    view.removeEntry(row);
    next.querySelector("select").focus();
    offerUndo("Travail retiré.", () => {
      view.bringBack(row, place);
      row.querySelector("select").focus();
    });
  },
  duplicate: (view) => {
    if (views().length >= data.limits.lines) return;
    const twin = addLine(view.read(), view.mode, view.root.nextSibling);
    focusLine(twin);
    offerUndo("Intervention dupliquée.", () => { twin.root.remove(); focusLine(view); }, twin.root);
  },
  remove: (view) => {
    const number = views().indexOf(view) + 1;
    const next = view.root.nextElementSibling;
    view.root.remove();
    if (!lines.children.length) addLine(freshLine());
    const filler = views().length === 1 && !next ? views()[0] : null;
    offerUndo(`Intervention ${number} supprimée.`, () => {
      if (filler && number === 1 && !filler.read().entries.some(({ duration }) => duration)) filler.root.remove();
      lines.insertBefore(view.root, next?.isConnected ? next : null);
      focusLine(view);
    });
    byId("undo-button").focus();
  },
};

byId("form").addEventListener("click", ({ target }) => {
  const button = target.closest("[data-do]");
  if (!button) return;
  acts[button.dataset.do](button.closest("[data-line]").view, button);
  changed();
});
byId("add").addEventListener("click", () => {
  const view = addLine(freshLine());
  focusLine(view);
  offerUndo("Intervention ajoutée.", () => { view.root.remove(); byId("add").focus(); }, view.root);
  changed();
});
byId("undo-button").addEventListener("click", () => {
  undo();
  changed();
});
byId("form").addEventListener("input", ({ target }) => {
  edited(target);
  if (target.dataset.field === "mode") target.closest("[data-line]").view.mode = target.value;
  changed();
});
byId("form").addEventListener("change", ({ target }) => {
  problems.left.add(target);
  problems.show(latest.reading.problems);
  writeAddress(); // Whoever leaves a field may reload at once.
});
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!insist()) byId("result").focus();
});

// --- taking away ---

async function told(text) {
  byId("told").textContent = text;
  byId("status").textContent = text;
}
byId("copy").addEventListener("click", async () => {
  if (await copy(latest.address)) told("Lien copié.");
});
byId("print").addEventListener("click", () => window.print());
// Paper shows every working, whichever way one prints.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details[data-working]:not([open])")];
  for (const each of unfolded) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of unfolded) each.open = false;
});
byId("csv").addEventListener("click", () => {
  if (!latest.cost.lines.some(Boolean)) return insist();
  download(`estimation-${tariff.version}.csv`, "text/csv;charset=utf-8", csv(latest));
  return told("Fichier téléchargé.");
});
byId("quote").addEventListener("click", (event) => {
  if (latest.reading.problems.length && insist()) event.preventDefault();
});

// --- the version that the address is pinned to ---

const here = data.versions.find(({ slug }) => slug === asked.version);
const current = data.versions.find(({ slug }) => slug === data.inForce);

function recompute() {
  const drafts = views().map((view) => [view.read(), view.mode]);
  tariff = data.tariff;
  lines.replaceChildren();
  for (const [draft, mode] of drafts) addLine(draft, mode);
  byId("old").hidden = true;
  showPinned(tariff, data.root);
  changed();
  byId("result").focus();
}

async function start() {
  if (asked.version && !here) problems.stranger("", "version_unknown");
  if (here && here !== current) {
    try {
      tariff = await tariffOf(here.slug, data.root);
    } catch {
      problems.stranger("", `Les ${versionName(here.from)} n’ont pas pu être lues${NB}: le calcul suit les CGV en vigueur. Rechargez la page pour réessayer.`);
    }
  }
  lines.replaceChildren();
  const given = asked.lines.slice(0, data.limits.lines)
    .map((line) => ({ ...line, entries: line.entries.slice(0, data.limits.entries) }));
  for (const line of given.length ? given : [freshLine(data.start.duration)]) addLine(line);
  byId("vat").checked = asked.vat === "1";
  byId("point").value = comma(asked.point);
  showPinned(tariff, data.root);
  sayAssumed(asked, tariff);
  if (tariff !== data.tariff) showStanding(here, tariff, data.tariff, data, recompute);
  const shown = { ...asked, lines: asked.lines.length ? asked.lines : readForm().lines };
  const found = judge(shown, tariff, data.limits).problems;
  const inFields = new Set(judge(readForm(), tariff, data.limits).problems.map(({ where }) => where));
  for (const { where, kind } of found) {
    if (!inFields.has(where)) problems.stranger(where, kind);
  }
  update();
  byId("result").removeAttribute("aria-busy");
  if (problems.strange.length || found.length) insist();
}

start();
