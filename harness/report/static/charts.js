// Drawing: Vega-Lite specifications of the document, in the page's theme.

// Phases of a timeline, by the names that they have in the chart of where the time goes.
const TIMELINE_PHASES = { import: "import", load: "other", build: "build", compile: "compile", train: "steady",
  evaluate: "evaluate" };
const SERIES = ["machine", "job", ...Array.from({ length: 16 }, (_, n) => `GPU ${n}`)];
const DASHES = [[1, 0], [5, 3], [1, 2], [8, 2, 2, 2]];
const MANY_POINTS = 500;

let printing = false;
const drawn = new Map();

function theme() {
  if (printing) return "light";
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function colours() {
  const dark = theme() === "dark";
  return dark
    ? { ink: "#f1f3f5", text: "#b9c0c8", rule: "#3a4149", ghost: "#9aa3ad", card: "#1b1f23" }
    : { ink: "#16191d", text: "#4a525b", rule: "#dfe3e7", ghost: "#6b747d", card: "#ffffff" };
}

function config() {
  const { text, rule } = colours();
  const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif";
  return {
    font,
    background: null,
    view: { stroke: null },
    axis: {
      labelColor: text, titleColor: text, gridColor: rule, domainColor: rule, tickColor: rule,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", titlePadding: 8,
    },
    axisX: { grid: true, labelSeparation: 8, labelOverlap: "greedy" },
  };
}

// Puts the page's colours and orders where the specification names them.
function filled(node, scales) {
  if (Array.isArray(node)) return node.map((item) => filled(item, scales));
  if (node && typeof node === "object") {
    const made = Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, filled(value, scales)]));
    if (!made.use) return made;
    const { use, ...own } = made;
    return { ...scales[use], ...own };
  }
  return typeof node === "string" && node[0] === "@" ? scales.marks[node.slice(1)] : node;
}

const tip = h("div", { id: "tip", role: "tooltip", hidden: true });

function showTip(handler, event, item, value) {
  if (!value) {
    tip.hidden = true;
    return;
  }
  tip.replaceChildren(...String(value).split("\n").map((line) => h("div", {}, line)));
  tip.hidden = false;
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(8, Math.min(event.pageX + 12, room))}px`;
  tip.style.top = `${event.pageY + 14}px`;
}

// The colours of a pair, or of several: of the theme.
function inTheme(pairs) {
  return pairs.map(([light, dark]) => (theme() === "dark" ? dark : light));
}

function scalesOf(doc, { score, axis, scale }) {
  const { ink, text } = colours();
  return {
    marks: colours(),
    ...toolScales(doc),
    phase: { domain: doc.segments, range: inTheme(doc.segments.map((name) => doc.phases[name])) },
    shade: { domain: Object.keys(TIMELINE_PHASES),
      range: inTheme(Object.values(TIMELINE_PHASES).map((name) => doc.phases[name])) },
    series: { domain: SERIES, range: SERIES.map((_, n) => (n % 8 < 4 ? ink : text)) },
    dashes: { domain: SERIES, range: SERIES.map((_, n) => DASHES[n % DASHES.length]) },
    score: score && { title: score.unit ? `${score.title} (${score.unit})` : score.title },
    time: readState().scale === "log" ? { type: "log", padding: 12 } : { zero: true },
    figure: { title: axis },
    ratio: scale,
  };
}

function draw(box, { name, data, sort, step, doc, adjust, wide, ...own }) {
  const specification = filled(doc.charts[name], scalesOf(doc, own));
  specification.description = box.getAttribute("aria-label");
  if (sort) {
    specification.encoding.y.sort = sort;
    specification.height = step * sort.length;
  }
  const width = Math.floor(box.clientWidth);
  if (adjust) adjust(specification, width);
  if (!wide) Object.assign(specification, { width, autosize: { type: "fit-x", contains: "padding" } });
  specification.datasets = data;
  const points = Object.values(data).reduce((sum, rows) => sum + rows.length, 0);
  const old = drawn.get(box);
  const now = { width, theme: theme() };
  drawn.set(box, now);
  // Everything in here is settled in microtasks, so that charts are there when printing begins.
  vegaEmbed(box, specification, {
    mode: "vega-lite",
    actions: false,
    defaultStyle: false,
    renderer: points > MANY_POINTS ? "canvas" : "svg",
    config: config(),
    logLevel: 1, // errors: an empty data set has no extent, and need not have
    tooltip: showTip,
  }).then((made) => {
    if (old && old.view) old.view.finalize();
    now.view = made.view;
    openable(box, made.view);
    box.dataset.drawn = now.theme;
  });
}

// A place for a chart, drawn when it comes near the screen, again when its width or theme changes.
const wanted = new Map();
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) drawNow(entry.target);
}, { rootMargin: "400px" });

function drawNow(box) {
  const make = wanted.get(box);
  if (!make || !box.isConnected || !box.clientWidth) return;
  const known = drawn.get(box);
  if (known && known.theme === theme() && known.width === Math.floor(box.clientWidth)) return;
  draw(box, make());
}

function chart(label, make, height) {
  const box = h("div", { class: "chart", role: "group", "aria-label": label,
    style: `min-height:${height}px` });
  wanted.set(box, make);
  near.observe(box);
  return box;
}

function redraw(all = false) {
  for (const box of wanted.keys()) {
    if (!box.isConnected) {
      if (drawn.get(box)?.view) drawn.get(box).view.finalize();
      near.unobserve(box);
      wanted.delete(box);
      drawn.delete(box);
    } else if (all || drawn.has(box)) drawNow(box);
  }
}
