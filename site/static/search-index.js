// Looking words up in the articles: accents, case and plain plurals fold away.

// A word as compared: "Données" and "donnée" are one. Short words are left whole.
export function stem(word) {
  const plain = word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("œ", "oe").replaceAll("æ", "ae");
  if (plain.length < 4) return plain;
  return plain.replace(/(?:x|es|s|e)$/, "").replace(/(?<=\w{3})a[lu]$/, "a");
}

const WORDS = /[\p{L}\p{N}]+(?:[.,]\p{N}+)*|€/gu;
// The little words of a question say nothing of where its answer stands.
const EMPTY = new Set(("a au aux avec ce ces c d dans de des du elle en est et il ils j je l la le les leur ma me mes mon n ne"
  + " nos notre nous on ou par pas pour qu que quel quelle qui s sa se ses si son sont sur un une vos votre vous y").split(" "));

export const wordsOf = (text) => [...text.matchAll(WORDS)].map((match) => ({
  word: match[0], stem: stem(match[0]), at: match.index,
}));

export function asked(query) {
  const all = wordsOf(query).map((each) => each.stem);
  const full = wordsOf(query).filter(({ word }) => !EMPTY.has(word.toLowerCase())).map((each) => each.stem);
  return [...new Set(full.length ? full : all)];
}

// "contest" finds "contestation"; a number only itself.
const meets = (word, wanted) => word === wanted || (wanted.length > 3 && !/^\d/.test(wanted) && word.startsWith(wanted));

// A word looked for is met by itself or by each word of one of its synonyms (lists of stems).
const ways = (also, stemmed) => [[stemmed], ...(also.get(stemmed) ?? [])];

// The words looked for side by side, in their order: the surest sign.
const phrase = (words, wanted) => wanted.length > 1
  && words.some((_, start) => wanted.every((stemmed, offset) => words[start + offset] !== undefined && meets(words[start + offset], stemmed)));

export class Index {
  // `synonyms`: {word: [words of the text that it stands for]}.
  constructor(entries, synonyms = {}) {
    this.also = new Map(Object.entries(synonyms).map(([word, others]) => [
      stem(word), others.map((other) => wordsOf(other).map((each) => each.stem))]));
    this.entries = entries.map((entry) => ({
      entry,
      title: wordsOf(`${entry.heading} ${entry.number}`).map((each) => each.stem),
      body: wordsOf(entry.text).map((each) => each.stem),
    }));
  }

  // {found: entries, best first; loose: true when no article holds every word;
  // wanted: stems to mark, synonyms included}.
  search(query) {
    const wanted = asked(query);
    const scored = this.entries.map((each, order) => {
      const hits = wanted.map((stemmed) => {
        const times = (words, way) => Math.min(...way.map((part) => words.filter((word) => meets(word, part)).length));
        const [own, ...others] = ways(this.also, stemmed)
          .map((way) => 10 * Math.min(times(each.title, way), 1) + Math.min(times(each.body, way), 5));
        // A synonym finds an article; it does not put it before one that holds the very word.
        return own || Math.max(0, ...others) / 20;
      });
      return { entry: each.entry, order, met: hits.filter(Boolean).length, score: hits.reduce((a, b) => a + b, phrase(each.body, wanted) ? 5 : 0) };
    }).filter(({ met }) => met);
    const strict = scored.filter(({ met }) => met === wanted.length);
    const kept = (strict.length ? strict : scored)
      .sort((a, b) => b.met - a.met || b.score - a.score || a.order - b.order);
    const marks = wanted.flatMap((stemmed) => ways(this.also, stemmed).flat());
    return { found: kept.map(({ entry }) => entry), loose: !strict.length && kept.length > 0, wanted: marks };
  }
}

const AROUND = 90;

// The stretch of text that holds most of the words looked for: [{text, hit}], whole words only.
export function excerpt(text, wanted) {
  const words = wordsOf(text);
  const isHit = ({ stem: own }) => wanted.some((stemmed) => meets(own, stemmed));
  const hits = words.filter(isHit);
  const kinds = ({ at }) => new Set(hits.filter((other) => other.at >= at && other.at < at + 2 * AROUND)
    .map(({ stem: own }) => wanted.find((stemmed) => meets(own, stemmed)))).size;
  const first = hits.reduce((best, hit) => (best && kinds(best) >= kinds(hit) ? best : hit), null)?.at ?? 0;
  const start = first > AROUND ? text.indexOf(" ", first - AROUND) + 1 : 0;
  const rough = first + 2 * AROUND;
  const end = rough < text.length ? text.indexOf(" ", rough) : -1;
  const stop = end < 0 ? text.length : end;
  const parts = [{ text: start ? "… " : "", hit: false }];
  let at = start;
  for (const each of hits.filter(({ at: place }) => place >= start && place < stop)) {
    parts.push({ text: text.slice(at, each.at), hit: false }, { text: each.word, hit: true });
    at = each.at + each.word.length;
  }
  parts.push({ text: text.slice(at, stop) + (stop < text.length ? " …" : ""), hit: false });
  return parts.filter((part) => part.text);
}
