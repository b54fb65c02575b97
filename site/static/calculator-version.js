// The version that an estimate follows: which one, what its tariff changes, where its rates stand.
import { byId, h } from "./dom.js";
import { longDate } from "./french.js";
import { tariffChanges, versionName } from "./working.js";

const NB = "\u00a0";

export async function tariffOf(slug, root) {
  const answer = await fetch(`${root}/cgv/${slug}.json`);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return (await answer.json()).tariff;
}

// Links beside the amounts lead to the articles of the version followed.
export function citeSources(place, tariff, root) {
  const sources = { points: tariff.liberty[0], hours: tariff.hourly[0] };
  for (const link of place.querySelectorAll("a[data-cite]")) {
    const source = sources[link.dataset.cite];
    link.href = root + source.url;
    link.textContent = `art.${NB}${source.article}`;
  }
}

export function showPinned(tariff, root) {
  const link = byId("pinned").querySelector("a");
  link.href = `${root}/cgv/${tariff.version}/`;
  link.textContent = versionName(tariff.from);
  citeSources(byId("pinned"), tariff, root);
  citeSources(byId("result"), tariff, root);
}

// An address may leave out what the form always says: the person is told what was taken.
export function sayAssumed(asked, tariff) {
  const said = [];
  if (asked.lines.length && !asked.version) said.push(`Cette adresse ne cite pas de version des CGV${NB}: le calcul suit celle en vigueur.`);
  if (asked.lines.some(({ hour }) => !hour)) {
    said.push(`Elle ne dit pas quelle heure s’applique sans contrat${NB}: ${tariff.hourly[0].label.toLowerCase()}.`.replace(/^Elle/, said.length ? "Elle" : "Cette adresse"));
  }
  byId("assumed").textContent = said.join(" ");
  byId("assumed").hidden = !said.length;
}

const STANDINGS = {
  past: ({ from, to }) => `les CGV en vigueur du ${longDate(from)} au ${longDate(to)}, qui ne le sont plus`,
  future: ({ from }) => `les CGV à venir, qui entreront en vigueur le ${longDate(from)}`,
  draft: () => "un projet de CGV, qui n’engage personne",
};
const TITLES = {
  past: "Ce qui a changé dans le tarif depuis",
  future: "Ce qui changera dans le tarif",
  draft: "Ce que ce projet changerait dans le tarif",
};

// Above an estimate that does not follow the version in force. Changes read from the older to the newer.
export function showStanding(here, tariff, current, data, recompute) {
  const changes = here.status === "past" ? tariffChanges(tariff, current) : tariffChanges(current, tariff);
  const [older, newer] = here.status === "past" ? [here.slug, data.inForce] : [data.inForce, here.slug];
  const button = h("button", { type: "button", class: "quiet" }, "Recalculer avec les CGV en vigueur");
  button.addEventListener("click", recompute);
  byId("old").replaceChildren(
    h("p", {}, `Cette estimation suit ${STANDINGS[here.status](here)}.`),
    changes.length
      ? h("div", {}, h("p", {}, `${TITLES[here.status]}${NB}:`), h("ul", {}, changes.map((change) => h("li", {}, change))))
      : h("p", {}, "Le tarif est le même dans les CGV en vigueur."),
    h("p", {}, h("a", { href: `${data.root}/cgv/comparer/?a=${older}&b=${newer}` }, "Comparer les deux versions")),
    h("p", {}, button),
  );
  byId("old").hidden = false;
}
