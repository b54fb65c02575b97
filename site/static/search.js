// The search page: ?q=… looked up in the articles that the page carries.
import { byId, h, pageData } from "./dom.js";
import { excerpt, Index } from "./search-index.js";

const NB = "\u00a0";
const data = pageData("page-data");
const index = new Index(data.entries, data.synonyms);
const input = byId("q");

const marked = (parts) => parts.map(({ text, hit }) => (hit ? h("mark", {}, text) : text));

function result(entry, wanted) {
  const where = entry.article === entry.heading ? null : h("span", { class: "soft" }, ` ${entry.article}`);
  return h("li", {},
    h("a", { href: data.root + entry.url }, marked(excerpt(entry.heading, wanted))), where,
    entry.text ? h("p", {}, marked(excerpt(entry.text.replace(/\s+/g, " "), wanted))) : null);
}

function sentence(query, { found, loose }) {
  const quoted = `«${NB}${query}${NB}»`;
  if (!found.length) return `Aucun article ne contient ${quoted}.`;
  const count = `${found.length}${NB}${found.length > 1 ? "articles" : "article"}`;
  return loose ? `Aucun article ne contient tous ces mots. ${count} en ${found.length > 1 ? "contiennent" : "contient"} une partie.` : `${count} pour ${quoted}.`;
}

function advice() {
  const other = (word) => h("a", { href: `?q=${encodeURIComponent(word)}` }, word);
  return h("li", {}, h("p", {},
    "Vérifiez l’orthographe, essayez un mot plus général (", other("devis"), ", ", other("facture"), ", ",
    other("intervention"), ", ", other("résiliation"), `), ou parcourez les articles ci-dessous.`));
}

function show(query) {
  const found = query ? index.search(query) : null;
  byId("count").textContent = found ? sentence(query, found) : "";
  byId("results").replaceChildren(...(!found ? [] : found.found.length
    ? found.found.map((entry) => result(entry, found.wanted)) : [advice()]));
  byId("all").hidden = Boolean(found?.found.length);
}

const given = () => (new URLSearchParams(location.search).get("q") ?? "").trim().slice(0, 200);

function fromAddress() {
  input.value = given();
  show(given());
}

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const query = input.value.trim();
  if (query !== given()) history.pushState(null, "", query ? `?q=${encodeURIComponent(query)}` : location.pathname);
  show(query);
});
let typing;
input.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => show(input.value.trim()), 250);
});
addEventListener("popstate", fromAddress);
fromAddress();
