// Drawing: Vega-Lite specifications of the document, in the page's theme.

// Okabe and Ito's colours, which those who see red and green alike can tell apart; the dark theme
// has lighter ones of the same hues.
const PALETTE = {
  light: ["#0072b2", "#d55e00", "#009e73", "#b0579a", "#8a6d00", "#3a8fc4", "#7a4b2a", "#555555"],
  dark: ["#56b4e9", "#f0853c", "#2fc79b", "#e09ac8", "#e6c229", "#9bb8ff", "#c9946b", "#b8b8b8"],
};
const PHASE_COLOURS = {
  light: ["#9aa5b1", "#6f9fc8", "#b48ead", "#e0903f", "#1f77a8", "#6aa583", "#d7d7d7"],
  dark: ["#7c8794", "#6d9bc9", "#b98fb3", "#dd9247", "#3d8fc4", "#6fae8b", "#4a4f55"],
};
const TIMELINE_PHASES = ["import", "load", "build", "compile", "train", "evaluate"];
const TIMELINE_COLOURS = [0, 6, 1, 2, 4, 5];
const SERIES = ["machine", "job", ...Array.from({ length: 16 }, (_, n) => `GPU ${n}`)];
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
    ? { ink: "#f1f3f5", text: "#b9c0c8", rule: "#3a4149", ghost: "#9aa3ad" }
    : { ink: "#16191d", text: "#4a525b", rule: "#dfe3e7", ghost: "#767f89" };
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

function draw(box, { name, data, sort, step, score, doc, adjust }) {
  const tones = PHASE_COLOURS[theme()];
  const backends = doc.rows.values("backend");
  const scales = {
    marks: colours(),
    backend: { domain: backends, range: backends.map((_, n) => PALETTE[theme()][n % 8]) },
    phase: { domain: doc.segments, range: tones },
    shade: { domain: TIMELINE_PHASES, range: TIMELINE_COLOURS.map((n) => tones[n]) },
    series: { domain: SERIES, range: SERIES.map((_, n) => PALETTE[theme()][n % 8]) },
    dashes: { domain: SERIES, range: SERIES.map((_, n) => (n % 2 ? [4, 2] : [1, 0])) },
    score: score && { title: score.unit ? `${score.title} (${score.unit})` : score.title },
    time: readState().scale === "log" ? { type: "log", padding: 12 } : { zero: true },
  };
  const specification = filled(doc.charts[name], scales);
  if (sort) {
    specification.encoding.y.sort = sort;
    specification.height = step * sort.length;
  }
  const width = Math.floor(box.clientWidth);
  if (adjust) adjust(specification, width);
  else Object.assign(specification, { width, autosize: { type: "fit-x", contains: "padding" } });
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
  const box = h("div", { class: "chart", role: "img", "aria-label": label,
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
