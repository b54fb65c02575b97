// The words to cite the terms by: which version, where, its hash, the day it was read.
import { longDate } from "./french.js";
import { today } from "./today.js";

// `article`: "7.1.2", or nothing for the whole text.
export function citation({ company, from, article = "", address, sha256 }) {
  const clause = article && `, art.\u00a0${article}`;
  return `${company}, CGV, version du ${longDate(from)}${clause} — ${address} — SHA-256\u00a0: ${sha256} — consultée le ${longDate(today())}`;
}
