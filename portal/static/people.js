// Who calls, as one types: the list under the field follows the letters, however many clients there are.

const field = document.querySelector("[data-people]");
const list = document.getElementById("who-list");
let asked = "";

async function look() {
  const typed = field.value.trim();
  if (typed.length < 2 || typed === asked || [...list.options].some((option) => option.value === typed)) return;
  asked = typed;
  const answer = await fetch(`interlocuteurs?${new URLSearchParams({ q: typed })}`, { headers: { Accept: "application/json" } });
  if (!answer.ok || asked !== typed) return;
  const { people } = await answer.json();
  list.replaceChildren(...people.map((words) => Object.assign(document.createElement("option"), { value: words })));
}

let waiting = 0;
field?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => look().catch(() => {}), 150);
});
