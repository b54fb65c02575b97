// What is wrong in the calculator's form: told by each field, and together above the form.
import { tellField, tellSummary } from "./calculator-lines.js";
import { byId } from "./dom.js";

const NB = "\u00a0";
const NAMES = {
  service: "travail", duration: "durée", times: "nombre de fois", hour: "heure sans contrat", km: "kilomètres",
};

// "l1.e0.duration" -> "Intervention 2, durée : ".
export function placeOf(where) {
  if (where === "point") return `Prix d’un point${NB}: `;
  const line = /^l(\d+)/.exec(where);
  if (!line) return "";
  const name = NAMES[where.split(".").at(-1)];
  return `Intervention ${Number(line[1]) + 1}${name ? `, ${name}` : ""}${NB}: `;
}

export class Problems {
  // Fields whose fault is shown: one does not correct somebody who is still typing.
  left = new Set();

  // What was wrong in the address itself, until the person changes something.
  strange = [];

  constructor(views, messages) {
    this.views = views;
    this.messages = messages;
  }

  #field(where) {
    const line = /^l(\d+)/.exec(where);
    if (line) return this.views()[Number(line[1])]?.field(where) ?? null;
    return where === "point" ? byId("point") : null;
  }

  stranger(where, kind) {
    this.strange.push({ field: null, where: placeOf(where), text: this.messages[kind] ?? kind });
  }

  show(problems) {
    for (const field of document.querySelectorAll("[aria-invalid], [data-line-error]")) tellField(field, null);
    const shown = [];
    for (const { where, kind } of problems) {
      const field = this.#field(where);
      if (field && !this.left.has(field) && !field.matches("[data-line-error]")) continue;
      if (field) tellField(field, this.messages[kind]);
      shown.push({ field, where: placeOf(where), text: this.messages[kind] });
    }
    tellSummary(byId("errors"), [...this.strange, ...shown]);
  }

  // Every fault is shown, and the summary takes the focus; false when there is none.
  insist(problems) {
    for (const { where } of problems) {
      const field = this.#field(where);
      if (field) this.left.add(field);
    }
    this.show(problems);
    const faulty = !byId("errors").hidden;
    if (faulty) byId("errors").focus();
    return faulty;
  }
}
