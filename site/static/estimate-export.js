// An estimate taken elsewhere: a spreadsheet, a letter, the portal.
import { decimal, duration, longDate, money, points, scaled, shortDate } from "./french.js";

const NB = "\u00a0";
const BOM = "\ufeff";

// A cell that a spreadsheet would take for a formula is made plain text.
function cell(value) {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[";\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
const plain = (value) => scaled(value, 2).replace(/\s/g, "");
const labels = (cost) => cost.once.lines.map((each) => `${each.label} (${duration(each.minutes)})`).join(" + ");

export function csv({ cost, reading, tariff, percent, address, day }) {
  const rows = [[
    "Intervention", "Travaux", "Minutes réelles", "Minutes comptées", "Points par intervention", "Nombre",
    "Points", "Heure sans contrat", "Prix de l’heure HT (€)", "Kilomètres", "Prix HT par intervention (€)", "Prix HT (€)", "Articles",
  ]];
  cost.lines.forEach((line, index) => {
    if (!line) return;
    const hour = tariff.hourly.find((each) => each.key === line.line.hour);
    rows.push([
      index + 1, labels(line), line.once.worked, line.once.counted, plain(line.once.points), line.line.times,
      plain(line.points), hour.label, decimal(hour.rate), decimal(line.line.km), plain(line.price), plain(line.net),
      `${line.once.lines[0].article} et ${hour.article}`,
    ]);
  });
  rows.push([], ["Total des points", plain(cost.points)], ["Total HT sans contrat (€)", plain(cost.net)]);
  if (reading.vat) {
    rows.push([`TVA ${decimal(percent)} % (€)`, plain(cost.netVat)], ["Total TTC sans contrat (€)", plain(cost.net + cost.netVat)]);
  }
  if (cost.contract !== null) {
    rows.push(["Prix HT d’un point saisi (€)", decimal(reading.point)], ["Total HT avec contrat (€)", plain(cost.contract)]);
    if (reading.vat) rows.push(["Total TTC avec contrat (€)", plain(cost.contract + cost.contractVat)]);
  }
  rows.push(
    ["Date de l’estimation", shortDate(day)], ["Version des CGV", tariff.version], ["Empreinte SHA-256", tariff.sha256], ["Adresse de l’estimation", address],
  );
  return BOM + rows.map((row) => row.map(cell).join(";")).join("\r\n") + "\r\n";
}

// The estimate in words, for a mail: each amount with its article.
export function inWords({ cost, reading, tariff, percent, address, day }) {
  const lines = cost.lines.flatMap((line, index) => {
    if (!line) return [];
    const hour = tariff.hourly.find((each) => each.key === line.line.hour);
    const times = line.line.times > 1 ? `, ${line.line.times} fois` : "";
    const far = /[1-9]/.test(line.line.km);
    const km = far ? `, ${decimal(line.line.km)}${NB}km hors zone${line.line.times > 1 ? " par intervention" : ""}` : "";
    const articles = [...new Set([hour.article, ...(far ? [tariff.kilometre.article] : [])])].join(" et ");
    return [
      `${index + 1}. ${labels(line)}${times}${km}`,
      `   avec contrat${NB}: ${points(line.points)} (art.${NB}${line.once.lines[0].article}) — sans contrat (${hour.label.toLowerCase()})${NB}: ${money(line.net)}${NB}HT (art.${NB}${articles})`,
    ];
  });
  return [
    ...lines, "", ...totalsInWords(cost, reading, percent), "",
    `Estimation du ${longDate(day)}, d’après le tarif des CGV du ${longDate(tariff.from)} (SHA-256${NB}: ${tariff.sha256}).`,
    `Détail du calcul${NB}: ${address}`,
  ].join("\n");
}

function totalsInWords(cost, reading, percent) {
  const taxed = (net, tax) => (reading.vat
    ? `${money(net)}${NB}HT, soit ${money(net + tax)}${NB}TTC (TVA ${decimal(percent)}${NB}%${NB}: ${money(tax)})`
    : `${money(net)}${NB}HT`);
  const said = [
    `Total avec contrat${NB}: ${points(cost.points)}.`,
    `Total sans contrat${NB}: ${taxed(cost.net, cost.netVat)}.`,
  ];
  if (cost.contract !== null) {
    said.splice(1, 0, `Au prix de ${decimal(reading.point)}${NB}€${NB}HT le point, que j’ai saisi${NB}: ${taxed(cost.contract, cost.contractVat)}.`);
  }
  if (cost.breakEven !== null) said.push(`Prix d’équilibre d’un point${NB}: ${scaled(cost.breakEven, 4)}${NB}€${NB}HT.`);
  return said;
}

export function quoteLink(data, query, estimate) {
  if (data.portal) return `${data.portal}/demande-de-devis?${query}`;
  const body = `Bonjour,\n\nJe souhaite un devis pour\u00a0:\n\n${inWords(estimate)}\n\nNom et société\u00a0:\nTéléphone\u00a0:\n`;
  // A mail ends its lines with CR LF (RFC 6068).
  return `mailto:${data.mail}?subject=${encodeURIComponent("Demande de devis")}&body=${encodeURIComponent(body.replaceAll("\n", "\r\n"))}`;
}
