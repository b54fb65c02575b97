// One step back: offered after something was added or taken out, until what was added is edited.
import { byId } from "./dom.js";

let offered = null;

// `added`: the element that undoing would take away, if any.
export function offerUndo(text, action, added = null) {
  offered = action && { action, added };
  byId("undo").hidden = !action;
  byId("undo-text").textContent = text;
  if (action) byId("status").textContent = text;
}

export function withdrawUndo() {
  offerUndo("", null);
}

// What somebody has begun to fill in is no longer taken away by « Annuler ».
export function edited(target) {
  if (offered?.added?.contains(target)) withdrawUndo();
}

export function undo() {
  const step = offered;
  withdrawUndo();
  step?.action();
  byId("status").textContent = "Annulé.";
}
