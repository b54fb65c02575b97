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
  changed: "modifié", added: "ajouté", removed: "supprimé", moved: "déplacé", renumbered: "renuméroté",
};
const TAGS = { del: "del", ins: "ins" };
const ELEMENTS = { heading: "p", paragraph: "p", item: "p" };
const form = byId("compare");
const place = byId("comparison");
const say = (text) => { byId("compare-status").textContent = text; };

const runs = (list) => list.map(({ kind, text }) => (TAGS[kind] ? h(TAGS[kind], {}, text) : text));
const cell = (role, list) => h("div", {}, list.length ? h(ELEMENTS[role], { class: role }, runs(list)) : null);

function row({ kind, old, now, textChanged, blocks }) {
  const clause = now ?? old;
  const moved = old && now && old.number !== now.number ? `, ancien article ${old.name}` : "";
  const title = h("h3", {},
    h("a", { href: data.root + clause.url }, `Article ${clause.name}`), ` ${KINDS[kind]}${moved}`,
    textChanged && ["moved", "renumbered"].includes(kind) ? " et modifié" : "");
  return h("section", { class: `change ${kind}` }, title,
    blocks.map((block) => h("div", { class: "pair" }, cell(block.role, block.old), cell(block.role, block.now))));
}

function summary(rows) {
  const parts = Object.entries(KINDS).flatMap(([kind, word]) => {
    const count = rows.filter((each) => each.kind === kind).length;
    return count ? [`${count} ${word}${count > 1 ? "s" : ""}`] : [];
  });
  return parts.length ? `Articles${NB}: ${parts.join(", ")}.` : "Les deux textes sont identiques.";
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
    say(`Cette adresse cite une version qui n’existe pas. Choisissez deux versions dans la liste.`);
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
      h("h2", {}, `Du ${longDate(old.from)} au ${longDate(now.from)}`),
      h("p", {}, words),
      h("div", { class: "pair sides", "aria-hidden": "true" }, h("div", {}, `CGV du ${longDate(old.from)}`), h("div", {}, `CGV du ${longDate(now.from)}`)),
      ...changed.map(row));
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
