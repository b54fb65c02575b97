// The calculator's answer: totals, the break-even price of a point, both costs side by side.
import { costChart } from "./chart.js";
import { byId } from "./dom.js";
import { money, points, scaled } from "./french.js";

const NB = "\u00a0";

export function showTotals({ cost, reading }) {
  const worked = cost.lines.some(Boolean);
  const put = (id, text) => { byId(id).textContent = worked ? text : "–"; };
  put("points", points(cost.points));
  put("net", money(cost.net));
  put("running-points", points(cost.points));
  put("running-net", money(cost.net));
  put("even", cost.breakEven === null ? "–" : `${scaled(cost.breakEven, 4)}${NB}€`);
  put("net-vat", money(cost.netVat));
  put("gross", money(cost.net + cost.netVat));
  byId("vat-row").hidden = byId("gross-row").hidden = !reading.vat;
  const priced = worked && cost.contract !== null;
  byId("contract-row").hidden = !priced;
  byId("contract-vat-row").hidden = byId("contract-gross-row").hidden = !priced || !reading.vat;
  if (priced) {
    put("contract", money(cost.contract));
    put("contract-vat", money(cost.contractVat));
    put("contract-gross", money(cost.contract + cost.contractVat));
  }
  const missing = cost.lines.filter((line) => !line).length;
  byId("partial").hidden = !missing || !worked;
  byId("partial").textContent = `Total sans ${missing === 1 ? "l’intervention qui reste" : `les ${missing} interventions qui restent`} à compléter.`;
  byId("chart").replaceChildren();
  byId("verdict").textContent = "";
  if (priced) showComparison(cost, reading);
  else if (worked && cost.breakEven !== null) byId("verdict").textContent = "En dessous de ce prix du point, le contrat coûte moins cher.";
}

function showComparison({ contract, contractVat, net, netVat }, reading) {
  const tax = reading.vat ? "TTC" : "HT";
  const [ours, theirs] = reading.vat ? [contract + contractVat, net + netVat] : [contract, net];
  const gap = ours > theirs ? ours - theirs : theirs - ours;
  byId("verdict").textContent = gap === 0n
    ? "Les deux coûtent autant."
    : `${ours < theirs ? "Avec" : "Sans"} contrat, vous payez ${money(gap)}${NB}${tax} de moins.`;
  byId("chart").append(costChart([
    { label: "Avec contrat", amount: ours, shown: `${money(ours)}${NB}${tax}`, kind: "with" },
    { label: "Sans contrat", amount: theirs, shown: `${money(theirs)}${NB}${tax}`, kind: "without" },
  ], `Coût ${tax}${NB}: ${money(ours)} avec contrat, ${money(theirs)} sans contrat.`));
}
