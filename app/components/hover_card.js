// A card beside the pointer: asks for the card of the point below it, once per point, and shows it.
const LOOK_EVERY = 250;
const REST = 70;
const GAP = 18;

export default function ({ parentElement, data, setStateValue }) {
  const host = parentElement.host ?? parentElement;
  const hover = (host.prismHover ??= start());
  hover.take(data, setStateValue);
  return () => {
    if (host.isConnected) return;
    hover.stop();
    delete host.prismHover;
  };
}

function start() {
  const card = document.createElement("div");
  card.className = "prism-hover";
  card.setAttribute("role", "status");
  card.hidden = true;
  document.body.append(card);
  let plot = null, chart = "", version = null, ask = () => {}, row = null, timer = 0;
  let cards = new Map();

  const show = () => {
    const known = row !== null && cards.get(row);
    card.hidden = !known;
    if (known) card.innerHTML = known;
  };
  const place = ({ clientX, clientY }) => {
    const right = clientX + GAP + 240 > innerWidth;
    card.style.left = `${right ? clientX - GAP - 240 : clientX + GAP}px`;
    card.style.top = `${Math.max(8, Math.min(clientY - 40, innerHeight - card.offsetHeight - 8))}px`;
  };
  const enter = ({ points, event }) => {
    row = points[0].customdata ?? points[0].pointNumber;
    show();
    place(event);
    clearTimeout(timer);
    if (!cards.has(row)) timer = setTimeout(() => ask("hovered", `${version}|${row}`), REST);
  };
  const leave = () => {
    row = null;
    clearTimeout(timer);
    show();
  };
  const attach = () => {
    const found = document.querySelector(`.${chart} .js-plotly-plot`);
    if (!found?.on || found === plot) return;
    plot = found;
    plot.on("plotly_hover", enter);
    plot.on("plotly_unhover", leave);
    plot.addEventListener("mouseleave", leave);
  };
  const looking = setInterval(attach, LOOK_EVERY);

  return {
    take(data, setStateValue) {
      if (data.version !== version) cards = new Map();
      ({ chart, version } = data);
      ask = setStateValue;
      if (data.row !== null) cards.set(data.row, data.html);
      attach();
      show();
    },
    stop() {
      clearInterval(looking);
      clearTimeout(timer);
      card.remove();
    },
  };
}
