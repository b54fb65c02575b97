// The interventions of the calculator's form: made from the page's template, read back as a draft.
import { byId, h } from "./dom.js";
import { lineMode } from "./estimate.js";
import { decimal } from "./french.js";

let made = 0;

// A copy of a template's element whose ids (and what points at them) are its own.
function copyOf(template) {
  const copy = template.content.firstElementChild.cloneNode(true);
  made += 1;
  for (const each of [copy, ...copy.querySelectorAll("*")]) {
    for (const name of ["id", "for", "name", "aria-describedby"]) {
      const value = each.getAttribute(name);
      if (value?.includes("-N")) each.setAttribute(name, value.replace("-N", `-${made}`));
    }
  }
  return copy;
}

const find = (root, name) => root.querySelector(`[data-field="${name}"]`);

// An address writes "12.5"; a French field shows "12,5".
export const comma = (text) => (/^\d+\.\d+$/.test(text) ? text.replace(".", ",") : text);

// One intervention's part of the form. `tariff`: what its lists of services and hours show.
export class LineView {
  constructor(tariff) {
    this.root = copyOf(byId("line-template"));
    this.root.view = this;
    this.tariff = tariff;
    this.entries = this.root.querySelector("[data-entries]");
    find(this.root, "hour").replaceChildren(...tariff.hourly.map(
      ({ key, label, rate }) => new Option(`${label} (${decimal(rate)}\u00a0€\u00a0HT)`, key)));
  }

  get mode() {
    return this.root.querySelector('[data-field="mode"]:checked').value;
  }

  set mode(mode) {
    this.root.querySelector(`[data-field="mode"][value="${mode}"]`).checked = true;
    this.root.querySelector("[data-km]").hidden = mode !== "onsite";
    for (const row of this.rows) this.offer(row, this.#sameKind(row));
  }

  get rows() {
    return [...this.entries.children];
  }

  // The services of this mode; one that does not suit stays, as a choice to make again.
  offer(row, wanted) {
    const suited = this.#suited();
    const known = suited.some(({ key }) => key === wanted);
    const select = find(row, "service");
    select.replaceChildren(
      ...(known ? [] : [new Option("Choisissez un travail", wanted)]),
      ...suited.map(({ key, label }) => new Option(label, key)));
    select.value = wanted;
  }

  #suited() {
    return this.tariff.liberty.filter(({ mode }) => mode === this.mode || mode === "project");
  }

  // "remote-server" becomes "onsite-server" when the person goes on site; else the mode's first one.
  #sameKind(row) {
    const { value } = find(row, "service");
    const suited = this.#suited();
    const kind = (key) => key.slice(key.indexOf("-"));
    return (suited.find(({ key }) => key === value)
      ?? suited.find(({ key }) => key.includes("-") && kind(key) === kind(value)) ?? suited[0]).key;
  }

  addEntry({ service, duration } = { service: "", duration: "" }) {
    const row = copyOf(byId("entry-template"));
    this.entries.append(row);
    const first = this.tariff.liberty.find(({ mode }) => mode === this.mode).key;
    this.offer(row, service || first);
    find(row, "duration").value = duration;
    this.#tellAlone();
    return row;
  }

  removeEntry(row) {
    row.remove();
    this.#tellAlone();
  }

  // A work taken out returns to its place: before `next`, or at the end.
  bringBack(row, next) {
    this.entries.insertBefore(row, next?.parentNode === this.entries ? next : null);
    this.#tellAlone();
  }

  // The only work of an intervention cannot be taken out: one removes the intervention.
  #tellAlone() {
    const alone = this.rows.length < 2;
    for (const row of this.rows) row.querySelector('[data-do="remove-entry"]').hidden = alone;
  }

  read() {
    const value = (name) => find(this.root, name).value;
    return {
      entries: this.rows.map((row) => ({
        service: find(row, "service").value, duration: find(row, "duration").value,
      })),
      times: value("times"),
      hour: value("hour"),
      km: this.mode === "onsite" ? value("km") : "",
    };
  }

  write(draft, mode = lineMode(draft, this.tariff)) {
    this.entries.replaceChildren();
    this.mode = mode;
    for (const entry of draft.entries.length ? draft.entries : [undefined]) this.addEntry(entry);
    find(this.root, "times").value = draft.times;
    find(this.root, "km").value = comma(draft.km);
    // Kilometres of a work that is not on site are shown, so that they can be taken out.
    if (draft.km.trim()) this.root.querySelector("[data-km]").hidden = false;
    const hour = find(this.root, "hour");
    const wanted = draft.hour || this.tariff.hourly[0].key;
    if (![...hour.options].some((option) => option.value === wanted)) {
      hour.prepend(new Option("Choisissez une heure", wanted));
    }
    hour.value = wanted;
  }

  // The field that a problem is about ("l0.e1.duration" -> that input); the line itself else.
  field(where) {
    const [, entry, name = entry] = where.split(".");
    if (!entry) return this.root.querySelector("[data-line-error]");
    const row = entry.startsWith("e") ? this.rows[Number(entry.slice(1))] : null;
    return find(row ?? this.root, name);
  }
}

// Shows a message by its field, or takes it away.
export function tellField(field, message) {
  const isMessage = field.matches("[data-line-error]");
  const shown = isMessage ? field : byId(`${field.id}-error`);
  shown.textContent = message ?? "";
  shown.hidden = !message;
  if (isMessage) return;
  field.toggleAttribute("aria-invalid", Boolean(message));
  if (message) field.setAttribute("aria-invalid", "true");
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ")
    .filter((id) => id && id !== shown.id);
  const ids = message ? [...others, shown.id] : others;
  if (ids.length) field.setAttribute("aria-describedby", ids.join(" "));
  else field.removeAttribute("aria-describedby");
}

// The summary above the form: a list of links to the fields.
export function tellSummary(box, messages) {
  box.hidden = !messages.length;
  box.querySelector("ul").replaceChildren(...messages.map(({ field, where, text }) => h("li", {},
    field ? h("a", { href: `#${field.id}` }, `${where}${text}`) : `${where}${text}`)));
}
