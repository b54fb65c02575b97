// Two bars: what the same work costs with and without contract. The figures stand beside it as text.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320;
const BAR = 20;
const ROW = 48;

function node(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

// `rows`: [{label, amount (BigInt), shown, kind}]; `title` says it all in one sentence.
export function costChart(rows, title) {
  const most = rows.reduce((top, { amount }) => (amount > top ? amount : top), 1n);
  const chart = node("svg", {
    viewBox: `0 0 ${WIDTH} ${rows.length * ROW}`, class: "chart", role: "img", "aria-label": title,
  });
  rows.forEach(({ label, amount, shown, kind }, index) => {
    const top = index * ROW;
    const length = Number((amount * BigInt(WIDTH * 100)) / most) / 100;
    chart.append(
      node("text", { x: 0, y: top + 16 }, label),
      node("text", { x: WIDTH, y: top + 16, "text-anchor": "end" }, shown),
      node("rect", { x: 0, y: top + 22, width: WIDTH, height: BAR, rx: 3, class: "track" }),
      node("rect", { x: 0, y: top + 22, width: Math.max(length, 2), height: BAR, rx: 3, class: kind }),
    );
  });
  return chart;
}
