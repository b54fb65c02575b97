// Small things every page's script does with the document.

// h("a", { href: "/" }, "Accueil"): an element; children are elements or text, never markup.
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

export const byId = (id) => document.getElementById(id);
export const pageData = (id) => JSON.parse(byId(id).textContent);

// A polite live region: screen readers hear the last text once the person pauses.
export function announcer(element, wait = 700) {
  let timer;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => { element.textContent = text; }, wait);
  };
}

// Hands a text to the person as a file to save.
export function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
