// Beside each clause: « Copier le lien » and « Citer » (version, article, date, hash).
// The page: an element with data-version and data-sha256; its clauses are headings, each with its anchor
// as id and its permalink as link.
import { citation } from "./citation.js";
import { copy } from "./clipboard.js";
import { h } from "./dom.js";

const ORDINALS = ["premier", "second", "troisième", "quatrième"];
const text = document.querySelector("[data-sha256]");
const company = document.querySelector(".brand").textContent.trim();
const version = text.dataset.version.slice(0, 10); // a slug begins with its day
const status = h("p", { class: "vh", role: "status" });

// "7.1.2 Clients …" -> "7.1.2"; a number printed twice says which one it is.
const printed = (heading) => /^(?:article\s+)?(\d+(?:\.\d+)*)/i.exec(heading.textContent.trim())?.[1];
const headings = [...text.querySelectorAll("h1[id], h2[id], h3[id], h4[id], h5[id]")].filter(printed);
function name(heading) {
  const twins = headings.filter((other) => printed(other) === printed(heading));
  return twins.length > 1 ? `${printed(heading)} (${ORDINALS[twins.indexOf(heading)]})` : printed(heading);
}

function button(label, number, made, done) {
  const it = h("button", { type: "button" }, label, h("span", { class: "vh" }, ` l’article ${number}`));
  it.addEventListener("click", async () => {
    status.textContent = "";
    if (!await copy(made())) return;
    status.textContent = done;
    const [words] = it.childNodes;
    words.data = "Copié";
    setTimeout(() => { words.data = label; }, 1500);
  });
  return it;
}

function tools(heading) {
  const number = name(heading);
  const address = heading.querySelector("a[href]").href;
  return [
    button("Copier le lien", number, () => address, `Lien vers l’article ${number} copié.`),
    button("Citer", number, () => citation({
      company, from: version, article: number, address, sha256: text.dataset.sha256,
    }), `Citation de l’article ${number} copiée.`),
  ];
}

// Nothing may move: the buttons stand in the blank above a heading, and after it in the order of
// reading. Those of the page's own title, which has no such blank, stand with the proof of the text.
document.body.append(status);
for (const heading of headings) {
  const place = h("div", { class: "cite-tools noprint" }, tools(heading));
  if (heading.matches("h1")) {
    document.querySelector(".proof")?.append(place);
  } else {
    const head = h("div", { class: "clause-head" });
    heading.replaceWith(head);
    head.append(heading, place);
  }
}
