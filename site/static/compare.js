// Two versions compared in the page: /cgv/comparer/?a=A&b=B, from the JSON of both.
// Page: #page-data {root, versions, pages: ["A/B" …, published comparisons]}, form #compare with selects
// a and b, #comparison (empty), #compare-status (role=status). On the 404 page there is no form: an
// address of a comparison that is not a page is sent to where it is worked out.
import { compare } from "./diff.js";
import { byId, h, pageData } from "./dom.js";
import { longDate } from "./french.js";

const NB = "\u00a0";
const data = pageData("page-data");
const KINDS = {
  changed: "Modifié", added: "Ajouté", removed: "Supprimé", moved: "Déplacé", renumbered: "Renuméroté",
};
// Said beside the colour: to whom does not see it, and in a copied text.
const SAID = { del: "supprimé", ins: "ajouté" };
// What has no number: the title of the text, and its closing line.
const LINES = { titre: "titre", date: "dernière ligne" };
const LINE_SAID = { titre: (kind) => `Titre${NB}: ${kind}.`, date: (kind) => `Dernière ligne${NB}: ${kind}e.` };
const form = byId("compare");
const place = byId("comparison");
const say = (text) => { byId("compare-status").textContent = text; };

const hidden = (words) => h("span", { class: "vh" }, words);
const marked = (kind, text) => h(kind, {}, hidden(`[${SAID[kind]}${NB}: `), text, hidden("]"));
const runs = (list) => list.map(({ kind, text }) => (SAID[kind] ? marked(kind, text) : text));
const nameOf = (clause) => clause.name || LINES[clause.anchor];
const piece = (role, list) => (list.length
  ? h(role === "heading" ? "h3" : "p", { class: role }, runs(list))
  : h("p", { class: "none", "aria-hidden": "true" }));

// Both sides in one line of reading: what went out before what came in.
function inline(old, now) {
  const [left, right, merged] = [[...old], [...now], []];
  while (left.length || right.length) {
    if (left[0]?.kind === "del") merged.push(left.shift());
    else if (right[0]?.kind === "ins") merged.push(right.shift());
    else { merged.push(left.shift()); right.shift(); }
  }
  return merged;
}

function row({ kind, old, now, textChanged, blocks }) {
  const clause = now ?? old;
  const again = textChanged && ["moved", "renumbered"].includes(kind) ? " et modifié" : "";
  const number = old && now && old.number !== now.number ? `${old.number}, devenu ${now.number}` : nameOf(clause);
  return h("section", { class: "change" },
    h("h2", {}, `${KINDS[kind]}${again}${NB}: `, h("a", { href: data.root + clause.url }, number)),
    h("div", { class: "two" }, blocks.flatMap((block) => [
      h("div", {}, piece(block.role, block.old)), h("div", {}, piece(block.role, block.now))])),
    h("div", { class: "one" }, blocks.map((block) => piece(block.role, inline(block.old, block.now)))));
}

function views() {
  const choice = (id, label, checked) => h("label", {}, h("input", { type: "radio", name: "view", id, checked }), ` ${label}`);
  return h("fieldset", { class: "views" }, h("legend", {}, "Présentation"), choice("two", "Côte à côte", true), " ", choice("one", "Dans le texte", false));
}

function sides(old, now) {
  const side = (tag, words, version) => h("li", {}, h(tag, {}, words), " ",
    h("a", { href: `${data.root}/cgv/${version.slug}/` }, `CGV du ${longDate(version.from)}`));
  return h("ul", { class: "both" }, side("del", "Ancien texte", old), side("ins", "Nouveau texte", now));
}

function summary(rows) {
  const parts = Object.entries(KINDS).flatMap(([kind, word]) => {
    const count = rows.filter(({ kind: own, old, now }) => own === kind && (now ?? old).number).length;
    return count ? [`${count}${NB}${word.toLowerCase()}${count > 1 ? "s" : ""}`] : [];
  });
  const lines = rows.filter(({ kind, old, now }) => kind !== "unchanged" && !(now ?? old).number)
    .map(({ kind, old, now }) => LINE_SAID[(now ?? old).anchor](KINDS[kind].toLowerCase()));
  const said = [...(parts.length ? [`Numéros d’article${NB}: ${parts.join(", ")}.`] : []), ...lines];
  return said.length ? said.join(" ") : `Rien ne change${NB}: les deux textes disent la même chose, mot pour mot.`;
}

async function read(slug) {
  const answer = await fetch(`${data.root}/cgv/${slug}.json`);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function show(a, b) {
  const known = (slug) => data.versions.find((version) => version.slug === slug);
  const [old, now] = [known(a), known(b)];
  if (!old || !now) {
    say("Cette adresse cite une version qui n’existe pas. Choisissez deux versions dans la liste.");
    return;
  }
  if (old === now) {
    place.replaceChildren();
    say(`C’est la même version, celle du ${longDate(old.from)}${NB}: choisissez-en deux différentes.`);
    return;
  }
  say("Comparaison en cours…");
  place.setAttribute("aria-busy", "true");
  try {
    const rows = compare(...await Promise.all([read(a), read(b)]));
    const changed = rows.filter(({ kind }) => kind !== "unchanged");
    const words = summary(rows);
    document.title = `CGV du ${longDate(old.from)} et du ${longDate(now.from)} – ${document.title.split("–").at(-1).trim()}`;
    place.replaceChildren(
      h("h2", {}, `Ce qui change du ${longDate(old.from)} au ${longDate(now.from)}`),
      sides(old, now), ...(changed.length ? [views()] : []), h("div", { class: "changes" }, changed.map(row)));
    say(words);
  } catch {
    say("Les textes n’ont pas pu être lus. Vérifiez la connexion, puis rechargez la page.");
  } finally {
    place.removeAttribute("aria-busy");
  }
}

// The older version first; a pair that has a page of its own is read there.
function open(a, b, replace) {
  const from = (slug) => data.versions.findIndex((version) => version.slug === slug);
  const [old, now] = from(a) <= from(b) ? [a, b] : [b, a];
  if (data.pages.includes(`${old}/${now}`)) {
    location[replace ? "replace" : "assign"](`${data.root}/cgv/comparer/${old}/${now}/`);
    return;
  }
  history.replaceState(null, "", `?a=${encodeURIComponent(old)}&b=${encodeURIComponent(now)}`);
  show(old, now);
}

const lost = /\/cgv\/comparer\/([\w-]+)\/([\w-]+)\/?$/.exec(location.pathname);
if (!form && lost) location.replace(`${data.root}/cgv/comparer/?a=${lost[1]}&b=${lost[2]}`);
if (form) {
  const asked = new URLSearchParams(location.search);
  const [a, b] = [asked.get("a"), asked.get("b")];
  if (a) form.elements.a.value = a;
  if (b) form.elements.b.value = b;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    open(form.elements.a.value, form.elements.b.value, false);
  });
  if (a && b) open(a, b, true);
}
