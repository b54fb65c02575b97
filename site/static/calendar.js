// One whole day as a calendar file (RFC 5545).
import { addDays } from "./rules.js";

const escaped = (text) => text.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n");
const compact = (iso) => iso.replaceAll("-", "");

// A line holds at most 75 bytes; the next ones begin with a space.
function wrapped(line) {
  const bytes = new TextEncoder();
  const parts = [""];
  for (const letter of line) {
    const limit = parts.length > 1 ? 74 : 75;
    if (bytes.encode(parts.at(-1) + letter).length > limit) parts.push("");
    parts[parts.length - 1] += letter;
  }
  return parts.join("\r\n ");
}

export function wholeDay({ day, title, text, address, now }) {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  return [
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//IMS Partners//CGV//FR", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
    "BEGIN:VEVENT",
    `UID:${stamp}-${compact(day)}@${new URL(address).host}`,
    `DTSTAMP:${stamp}`,
    `DTSTART;VALUE=DATE:${compact(day)}`,
    `DTEND;VALUE=DATE:${compact(addDays(day, 1))}`,
    `SUMMARY:${escaped(title)}`,
    `DESCRIPTION:${escaped(text)}`,
    `URL:${address}`,
    "TRANSP:TRANSPARENT",
    "END:VEVENT", "END:VCALENDAR", "",
  ].map(wrapped).join("\r\n");
}
