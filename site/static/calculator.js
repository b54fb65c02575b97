// The calculator: what is typed becomes an address, a cost with its working, and what one takes away.
import { comma, LineView, tellField, tellSummary } from "./calculator-lines.js";
import { showTotals } from "./calculator-totals.js";
import { copy } from "./clipboard.js";
import { announcer, byId, download, h, pageData } from "./dom.js";
import { judge, readQuery, workOut, writeQuery } from "./estimate.js";
import { csv, inWords, quoteLink } from "./estimate-export.js";
import { longDate, money, points } from "./french.js";
import { brief, contractWorking, hoursWorking, tariffChanges, versionName } from "./working.js";

const NB = "\u00a0";
const ADDRESS_DELAY = 300; // Browsers refuse an address that changes too often.
const data = pageData("page-data");
const lines = byId("lines");
const say = announcer(byId("status"));
const asked = readQuery(location.search);
// What was wrong in the address itself, until the person changes something.
let strange = [];
let tariff = data.tariff;
let latest = null;
let undo = null;
// Fields whose fault is shown: one does not correct somebody who is still typing.
const left = new Set();

const views = () => [...lines.children].map((root) => root.view);
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
  latest = { reading, cost, tariff, percent: data.vat.percent, query, address };
  views().forEach((view, index) => showLine(view, index, cost.lines[index], draft.lines[index]));
  showTotals(latest);
  showProblems(reading.problems);
  byId("quote").href = quoteLink(data, query, latest);
  byId("add").disabled = draft.lines.length >= data.limits.lines;
  byId("proof").textContent = `Calculé d’après les ${versionName(tariff.from)} (SHA-256${NB}: ${tariff.sha256}). ${address}`;
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

const fieldOf = (where) => {
  const line = /^l(\d+)/.exec(where);
  if (line) return views()[Number(line[1])]?.field(where) ?? null;
  return where === "point" ? byId("point") : null;
};
const placeOf = (where) => {
  const line = /^l(\d+)/.exec(where);
  return line ? `Intervention ${Number(line[1]) + 1}${NB}: ` : "";
};

function showProblems(problems) {
  for (const field of document.querySelectorAll("[aria-invalid]")) tellField(field, null);
  for (const field of document.querySelectorAll("[data-line-error]")) tellField(field, null);
  const shown = [];
  for (const { where, kind } of problems) {
    const field = fieldOf(where);
    if (field && !left.has(field) && !field.matches("[data-line-error]")) continue;
    if (field) tellField(field, data.messages[kind]);
    shown.push({ field, where: placeOf(where), text: data.messages[kind] });
  }
  tellSummary(byId("errors"), [...strange, ...shown]);
}

// Every fault is shown, and the summary takes the focus; false when there is none.
function insist() {
  for (const { where } of latest.reading.problems) {
    const field = fieldOf(where);
    if (field) left.add(field);
  }
  showProblems(latest.reading.problems);
  const faulty = !byId("errors").hidden;
  if (faulty) byId("errors").focus();
  return faulty;
}

// --- changing ---

let writing;
function writeAddress() {
  clearTimeout(writing);
  history.replaceState(null, "", `?${latest.query}`);
}

function changed() {
  strange = [];
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
  return view;
}

const freshLine = (duration = "") => ({
  entries: [{ service: tariff.liberty[0].key, duration }], times: "1", hour: tariff.hourly[0].key, km: "",
});
const focusLine = (view) => view?.root.querySelector("legend").focus();

function offerUndo(text, action) {
  undo = action;
  byId("undo").hidden = !action;
  byId("undo-text").textContent = text;
  if (action) byId("status").textContent = text;
}

const acts = {
  "add-entry": (view) => view.addEntry().querySelector("select").focus(),
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
    offerUndo("Intervention dupliquée.", () => { twin.root.remove(); focusLine(view); });
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
  offerUndo("Intervention ajoutée.", () => { view.root.remove(); byId("add").focus(); });
  changed();
});
byId("undo-button").addEventListener("click", () => {
  undo?.();
  offerUndo("", null);
  byId("status").textContent = "Annulé.";
  changed();
});
byId("form").addEventListener("input", ({ target }) => {
  if (target.dataset.field === "mode") target.closest("[data-line]").view.mode = target.value;
  changed();
});
byId("form").addEventListener("change", ({ target }) => {
  left.add(target);
  showProblems(latest.reading.problems);
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

async function tariffOf(slug) {
  const answer = await fetch(`${data.root}/cgv/${slug}.json`);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return (await answer.json()).tariff;
}

const STANDINGS = {
  past: ({ from, to }) => `les CGV en vigueur du ${longDate(from)} au ${longDate(to)}, qui ne le sont plus`,
  future: ({ from }) => `les CGV à venir, qui entreront en vigueur le ${longDate(from)}`,
  draft: () => "un projet de CGV, qui n’engage personne",
};

function showOld() {
  const changes = tariffChanges(tariff, data.tariff);
  const recompute = h("button", { type: "button" }, "Recalculer avec les CGV en vigueur");
  recompute.addEventListener("click", () => {
    const drafts = views().map((view) => [view.read(), view.mode]);
    tariff = data.tariff;
    lines.replaceChildren();
    for (const [draft, mode] of drafts) addLine(draft, mode);
    byId("old").hidden = true;
    showPinned();
    changed();
    byId("result").focus();
  });
  byId("old").replaceChildren(
    h("p", {}, `Cette estimation suit ${STANDINGS[here.status](here)}.`),
    changes.length
      ? h("div", {}, h("p", {}, here.status === "past" ? `Ce qui a changé dans le tarif depuis${NB}:` : `Écarts avec les CGV en vigueur${NB}:`),
        h("ul", {}, changes.map((change) => h("li", {}, change))))
      : h("p", {}, "Le tarif est le même dans les CGV en vigueur."),
    h("p", {}, h("a", { href: `${data.root}/cgv/comparer/?a=${here.slug}&b=${data.inForce}` }, "Comparer les deux versions")),
    h("p", {}, recompute),
  );
  byId("old").hidden = false;
}

function showPinned() {
  const link = byId("pinned").querySelector("a");
  link.href = `${data.root}/cgv/${tariff.version}/`;
  link.textContent = versionName(tariff.from);
}

async function start() {
  if (asked.version && !here) strange.push({ field: null, where: "", text: data.messages.version_unknown });
  if (here && here !== current) {
    try {
      tariff = await tariffOf(here.slug);
    } catch {
      strange.push({
        field: null, where: "",
        text: `Les ${versionName(here.from)} n’ont pas pu être lues${NB}: le calcul suit les CGV en vigueur. Rechargez la page pour réessayer.`,
      });
    }
  }
  lines.replaceChildren();
  const given = asked.lines.slice(0, data.limits.lines)
    .map((line) => ({ ...line, entries: line.entries.slice(0, data.limits.entries) }));
  for (const line of given.length ? given : [freshLine(data.start.duration)]) addLine(line);
  byId("vat").checked = asked.vat === "1";
  byId("point").value = comma(asked.point);
  showPinned();
  if (tariff !== data.tariff) showOld();
  const shown = { ...asked, lines: asked.lines.length ? asked.lines : readForm().lines };
  const { problems } = judge(shown, tariff, data.limits);
  const inFields = new Set(judge(readForm(), tariff, data.limits).problems.map(({ where }) => where));
  for (const { where, kind } of problems) {
    if (!inFields.has(where)) strange.push({ field: null, where: placeOf(where), text: data.messages[kind] });
  }
  update();
  byId("result").removeAttribute("aria-busy");
  if (strange.length || problems.length) insist();
}

start();
