// Watches the map: sends what is drawn as geometry, whatever number of points lies in it, and which
// point is clicked. `data.chart` is the CSS class of the chart.
const LOOK_EVERY = 250;

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.host ?? parentElement;
  host.prismLens?.stop();
  const lens = (host.prismLens = watch(data.chart, {
    plotly_selected: (event) => event && setTriggerValue("drawn", shapesOf(event)),
    plotly_deselect: () => setTriggerValue("drawn", []),
    plotly_click: (event) => setTriggerValue("picked", rowOf(event.points[0])),
  }));
  return () => lens.stop();
}

function watch(chart, handlers) {
  let plot = null;
  const detach = () => {
    for (const [name, handler] of Object.entries(handlers)) plot?.removeListener?.(name, handler);
  };
  const attach = () => {
    const found = document.querySelector(`.${chart} .js-plotly-plot`);
    if (!found?.on || found === plot) return;
    detach();
    plot = found;
    for (const [name, handler] of Object.entries(handlers)) plot.on(name, handler);
  };
  attach();
  const timer = setInterval(attach, LOOK_EVERY);
  return { stop: () => (clearInterval(timer), detach()) };
}

function rowOf(point) {
  return point.customdata ?? point.pointNumber;
}

function shapesOf(event) {
  return (event.selections ?? []).map((one) =>
    one.type === "rect"
      ? { axis: one.xref, kind: "box", x: [one.x0, one.x1], y: [one.y0, one.y1] }
      : { axis: one.xref, kind: "lasso", ...cornersOf(one.path) },
  );
}

function cornersOf(path) {
  const corners = path.slice(1, -1).split("L").map((pair) => pair.split(",").map(Number));
  return { x: corners.map((corner) => corner[0]), y: corners.map((corner) => corner[1]) };
}
