// While time is typed: what it will cost, asked of the server's own calculation; nothing is worked out here.
const form = document.querySelector("form[data-preview]");
const output = document.getElementById("apercu");
const WAIT = 250;
let timer, asked;

async function show() {
  asked?.abort();
  asked = new AbortController();
  const given = new FormData(form);
  const query = new URLSearchParams(["service", "minutes", "intervention"].map((name) => [name, given.get(name) ?? ""]));
  try {
    const answer = await fetch(`${form.dataset.preview}?${query}`, { signal: asked.signal });
    if (!answer.ok) return;
    const { words, wrong } = await answer.json();
    output.textContent = words;
    output.classList.toggle("wrong", Boolean(wrong));
  } catch {
    // Away, or overtaken by a later question: the page says it once the time is noted.
  }
}

if (form && output) {
  // It is worked out while typing: the button that does it is for a page without scripts.
  form.querySelector("[data-calculate]").hidden = true;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT);
  });
  if (form.elements.minutes.value && form.elements.service.value) show();
}
