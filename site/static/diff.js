// Comparison of two versions: clauses aligned first, then alinéas, then words (as portal/terms/diff.py).
// A version is its published JSON.

const SAME_NUMBER = 0.4; // one number and less than this in common: two clauses
const OTHER_NUMBER = 0.6; // two numbers and this much in common: one clause, renumbered
const SAME_BLOCK = 0.35; // less than this in common: one alinéa out, one in
const SHORT = 3; // a title as short as this does not tell two clauses apart

// Longest common subsequence: pairs of indexes, in order.
function common(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [n, m] = [a.length - start - end, b.length - start - end];
  const best = Array.from({ length: n + 1 }, () => new Uint32Array(m + 1));
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      best[i][j] = a[start + i] === b[start + j]
        ? best[i + 1][j + 1] + 1
        : Math.max(best[i + 1][j], best[i][j + 1]);
    }
  }
  const pairs = Array.from({ length: start }, (_, i) => [i, i]);
  for (let i = 0, j = 0; i < n && j < m;) {
    if (a[start + i] === b[start + j]) pairs.push([start + i++, start + j++]);
    else if (best[i + 1][j] >= best[i][j + 1]) i += 1;
    else j += 1;
  }
  for (let k = end; k > 0; k -= 1) pairs.push([a.length - k, b.length - k]);
  return pairs;
}

// Stretches between the common elements: {same: [a, b]} or {out, in}.
function* stretches(a, b) {
  let [i, j] = [0, 0];
  for (const [x, y] of [...common(a, b), [a.length, b.length]]) {
    if (x > i || y > j) yield { out: a.slice(i, x), in: b.slice(j, y) };
    if (x < a.length) yield { same: x };
    [i, j] = [x + 1, y + 1];
  }
}

// A number is one word, decimals and thousands included: 0.60 became 0.70, not 60 became 70.
const tokens = (text) => text.match(/\p{Nd}+(?:[ \u00a0\u202f]\p{Nd}{3}(?!\p{Nd}))*(?:[.,]\p{Nd}+)*|[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];

function likeness(old, now) {
  const [a, b] = [words(old), words(now)];
  if (!a.length || !b.length) return Number(a.length === b.length);
  const bag = new Map();
  for (const word of a) bag.set(word, (bag.get(word) ?? 0) + 1);
  let most = 0;
  for (const word of b) {
    if (bag.get(word) > 0) { most += 1; bag.set(word, bag.get(word) - 1); }
  }
  // The order can only lower it: most unlike pairs are let go without looking at it.
  if ((2 * most) / (a.length + b.length) < SAME_BLOCK) return 0;
  return (2 * common(a, b).length) / (a.length + b.length);
}

// Both sides of a change: runs of words, [{kind: "same" | "del" | "ins", text}].
export function wordRuns(old, now) {
  const [a, b] = [tokens(old), tokens(now)];
  const sides = { old: [], now: [] };
  const add = (side, kind, text) => {
    const last = side.at(-1);
    if (!text) return;
    if (last?.kind === kind) last.text += text;
    else side.push({ kind, text });
  };
  for (const part of stretches(a, b)) {
    if ("same" in part) {
      add(sides.old, "same", a[part.same]);
      add(sides.now, "same", a[part.same]);
    } else {
      add(sides.old, "del", part.out.join(""));
      add(sides.now, "ins", part.in.join(""));
    }
  }
  return sides;
}

const whole = (clause) => `${clause.title}\n${clause.text}`;
export const clausesOf = (version) => version.articles.flatMap((article) => article.clauses.map(
  (clause) => ({ ...clause, article: article.number, url: `${article.url}#${clause.anchor}` })));

function align(old, now) {
  const partner = new Map(); // index of a new clause -> index of its old self
  const free = new Set(old.keys());
  const match = (same) => now.forEach((clause, position) => {
    if (partner.has(position)) return;
    const found = [...free].filter((index) => same(old[index], clause));
    if (!found.length) return;
    const best = found.find((index) => old[index].anchor === clause.anchor) ?? found[0];
    partner.set(position, best);
    free.delete(best);
  });
  match((a, b) => a.anchor === b.anchor && whole(a) === whole(b));
  match((a, b) => b.text && a.title === b.title && a.text === b.text);
  match((a, b) => a.anchor === b.anchor && a.title === b.title);
  match((a, b) => a.depth === b.depth && b.title.length > SHORT && a.title === b.title && a.article === b.article);
  match((a, b) => a.anchor === b.anchor && likeness(whole(a), whole(b)) >= SAME_NUMBER);
  match((a, b) => a.depth === b.depth && likeness(whole(a), whole(b)) >= OTHER_NUMBER);
  return partner;
}

// The values of a longest increasing subsequence: what is not in it was moved.
function steady(sequence) {
  const length = [];
  const before = [];
  let last = -1;
  sequence.forEach((value, i) => {
    length[i] = 1;
    before[i] = -1;
    for (let j = 0; j < i; j += 1) {
      if (sequence[j] < value && length[j] + 1 > length[i]) [length[i], before[i]] = [length[j] + 1, j];
    }
    if (last < 0 || length[i] > length[last]) last = i;
  });
  const kept = new Set();
  for (; last >= 0; last = before[last]) kept.add(sequence[last]);
  return kept;
}

const units = (clause) => [
  { role: "heading", text: clause.heading },
  ...clause.blocks.flatMap(({ kind, items }) => items.map(
    (text) => ({ role: kind === "paragraph" ? "paragraph" : "item", text }))),
];
const went = ({ role, text }) => ({ role, old: [{ kind: "del", text }], now: [] });
const came = ({ role, text }) => ({ role, old: [], now: [{ kind: "ins", text }] });
const pair = (a, b) => ({ role: b.role, ...wordRuns(a.text, b.text) });

function blocks(old, now) {
  const [[oldHeading, ...before], [heading, ...after]] = [units(old), units(now)];
  const found = [pair(oldHeading, heading)];
  const key = ({ role, text }) => `${role} ${text}`;
  for (const part of stretches(before.map(key), after.map(key))) {
    if ("same" in part) {
      const unit = before[part.same];
      found.push(pair(unit, unit));
    } else {
      const unit = (text) => ({ role: text.slice(0, text.indexOf(" ")), text: text.slice(text.indexOf(" ") + 1) });
      found.push(...replaced(part.out.map(unit), part.in.map(unit)));
    }
  }
  return found;
}

function* replaced(left, right) {
  const alike = (a, b) => a.role === b.role && likeness(a.text, b.text) >= SAME_BLOCK;
  while (left.length || right.length) {
    if (!left.length) yield came(right.shift());
    else if (!right.some((unit) => alike(left[0], unit))) yield went(left.shift());
    else if (alike(left[0], right[0])) yield pair(left.shift(), right.shift());
    else yield came(right.shift());
  }
}

// Every clause of both, in the order of the new one: [{kind, old, now, textChanged, blocks}].
export function compare(oldVersion, newVersion) {
  const [old, now] = [clausesOf(oldVersion), clausesOf(newVersion)];
  const partner = align(old, now);
  const inPlace = steady([...partner.keys()].sort((a, b) => a - b).map((position) => partner.get(position)));
  const used = new Set(partner.values());
  const gone = [...old.keys()].filter((index) => !used.has(index));
  const rows = [];
  const remove = (index) => rows.push({ kind: "removed", old: old[index], now: null, textChanged: true, blocks: units(old[index]).map(went) });
  now.forEach((clause, position) => {
    const index = partner.get(position);
    if (index === undefined) {
      rows.push({ kind: "added", old: null, now: clause, textChanged: true, blocks: units(clause).map(came) });
      return;
    }
    const settled = inPlace.has(index);
    while (settled && gone.length && gone[0] < index) remove(gone.shift());
    rows.push(kept(old[index], clause, settled));
  });
  gone.forEach(remove);
  return [
    ...line("titre", oldVersion, newVersion, ({ title }) => title),
    ...rows,
    ...line("date", oldVersion, newVersion, ({ closing }) => closing, "#fin"),
  ];
}

// Title and closing line: text without a number, compared as a heading is.
function line(anchor, before, after, wordsOf, place = "") {
  const [old, now] = [before, after].map((version) => {
    const text = wordsOf(version);
    if (!text) return null;
    return { number: "", name: "", anchor, heading: text, title: text, text: "", depth: 1, blocks: [], url: `/cgv/${version.slug}/${place}` };
  });
  if (old && now) return [kept(old, now, true)];
  if (now) return [{ kind: "added", old: null, now, textChanged: true, blocks: units(now).map(came) }];
  return old ? [{ kind: "removed", old, now: null, textChanged: true, blocks: units(old).map(went) }] : [];
}

function kept(old, now, settled) {
  const textChanged = whole(old) !== whole(now);
  const same = !textChanged && old.heading === now.heading;
  const kind = !settled ? "moved" : old.anchor !== now.anchor ? "renumbered" : same ? "unchanged" : "changed";
  return { kind, old, now, textChanged: textChanged || kind === "changed", blocks: kind === "unchanged" ? [] : blocks(old, now) };
}
