// Draws what is marked on the map, in the chart that is there already: the chart is neither sent
// nor built again. `data`: chart, its CSS class; rows, a bit per row in base64, or null for
// everything; selections, as in plotly's layout.
const LOOK_EVERY = 250;

export default function ({ parentElement, data }) {
  const host = parentElement.host ?? parentElement;
  const marker = (host.prismMarks ??= start());
  marker.take(data);
  return () => {
    if (host.isConnected) return;
    marker.stop();
    delete host.prismMarks;
  };
}

function start() {
  let plot = null, wanted = null, rows = null, drawn = new WeakSet(), busy = false;
  const forget = () => (drawn = new WeakSet());
  const draw = () => {
    if (busy || !wanted || !plot?._fullLayout?._plots || drawn.has(plot.data)) return;
    busy = true;
    drawn.add(plot.data);
    Promise.resolve(drawLayout(plot, wanted))
      .then(() => drawRows(plot, rows))
      .finally(() => {
        busy = false;
        draw();
      });
  };
  const attach = () => {
    const found = document.querySelector(`.${wanted?.chart} .js-plotly-plot`);
    if (!found?.on || found === plot) return;
    plot = found;
    plot.on("plotly_afterplot", draw);
    plot.on("plotly_selecting", forget);
    plot.on("plotly_selected", (event) => event && forget());
    plot.on("plotly_deselect", forget);
    draw();
  };
  const timer = setInterval(attach, LOOK_EVERY);
  return {
    take(data) {
      wanted = data;
      rows = data.rows === null ? null : bytesOf(data.rows);
      forget();
      attach();
      draw();
    },
    stop: () => clearInterval(timer),
  };
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function drawLayout(plot, { selections }) {
  const isThere = isAlike(plot.layout.selections ?? [], selections);
  return isThere ? null : window.Plotly.relayout(plot, { selections });
}

// What the reader has just drawn is there; it comes back rounded.
function isAlike(drawn, wanted) {
  const first = ({ path, x0, y0 }) => (path ? path.slice(1).split(/[LZ]/)[0].split(",") : [x0, y0]);
  return (
    drawn.length === wanted.length &&
    drawn.every((one, place) => {
      const other = wanted[place], corner = first(other).map(Number);
      const near = (value, k) => Math.abs(value - corner[k]) < 0.01;
      return (one.xref ?? "x") === other.xref && one.type === other.type
        && first(one).map(Number).every(near);
    })
  );
}

function drawRows(plot, rows) {
  const places = plot.data.flatMap((trace, place) => (isPoints(trace) ? [place] : []));
  const chosen = places.map((place) => chosenOf(plot._fullData[place], rows));
  if (!places.every((place) => canDrawFast(plot, place, rows))) {
    return window.Plotly.restyle(plot, { selectedpoints: chosen.map((c) => c ?? null) }, places);
  }
  places.forEach((place, k) => markTrace(plot, place, chosen[k]));
  plot._fullLayout._glcanvas.each(({ regl }) => regl?.clear({ color: [0, 0, 0, 0], depth: 1 }));
  for (const { _scene } of Object.values(plot._fullLayout._plots)) _scene?.draw();
}

function isPoints(trace) {
  return trace.type === "scattergl" && trace.hoverinfo !== "skip";
}

function chosenOf(trace, rows) {
  if (rows === null) return undefined;
  const named = trace.customdata, chosen = [];
  for (let place = 0; place < trace._length; place++) {
    const row = named ? named[place] : place;
    if (rows[row >> 3] & (1 << (row & 7))) chosen.push(place);
  }
  return chosen;
}

// Plotly's own way to show a selection, without computing the trace again.
function canDrawFast(plot, place, rows) {
  const state = plot.calcdata?.[place]?.[0]?.t, scene = state?._scene;
  return scene?.scatter2d && (rows === null || (scene.select2d && state.xpx));
}

function markTrace(plot, place, chosen) {
  const { index, _scene: scene } = plot.calcdata[place][0].t;
  const trace = plot._fullData[place], only = (options) => {
    const all = Array(scene.count);
    all[index] = options[index];
    return all;
  };
  if (chosen === undefined) {
    delete trace.selectedpoints;
    delete plot.data[place].selectedpoints;
    scene.scatter2d.update(...only(scene.markerOptions));
  } else {
    trace.selectedpoints = plot.data[place].selectedpoints = chosen;
    scene.scatter2d.update(...only(scene.markerUnselectedOptions));
  }
  scene.selectBatch[index] = chosen ?? [];
  scene.unselectBatch[index] = chosen ? othersOf(chosen, trace._length) : [];
}

function othersOf(chosen, length) {
  const others = [];
  let next = 0;
  for (let place = 0; place < length; place++) {
    if (chosen[next] === place) next++;
    else others.push(place);
  }
  return others;
}
