// The views by tool, by instance, by device and by variant: a card a section.

const FIRST_SECTIONS = 8;
const FIRST_NOTES = 6;

function sideView(doc, state, name) {
  const side = doc.sides[name];
  const scope = doc.scopes[state.campaign] || doc.scopes[""];
  const found = (scope[name] || []).filter((section) => section.rows.some((row) => doc.mask[row]));
  const shown = found.map((section) => ({
    section, lines: section.lines.filter((line) => doc.mask[line.runs[0]]),
  })).filter(({ section, lines }) => lines.length || (!section.lines.length && name === "tool"));
  if (!shown.length) {
    const filtered = state.filters.size || state.campaign;
    return [empty(filtered && scope[name].length
      ? "Nothing here fits the filters." : sentence(side.empty))];
  }
  return [
    chartOptions(state),
    limited(shown, FIRST_SECTIONS, (some) => h("div", {}, some.map(({ section, lines }) =>
      card(doc, state, name, section, lines))), "tables"),
    definitionList(side.definitions),
  ].flat();
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function chartOptions(state) {
  const box = (label, checked, change) => h("label", {}, h("input", { type: "checkbox", checked,
    "data-key": label, onchange: (event) => go(change(event.target.checked)) }), ` ${label}`);
  return h("p", { class: "options" },
    box("logarithmic times", state.scale === "log", (on) => ({ scale: on ? "log" : "linear" })),
    box("reference of 2016", state.ghosts, (on) => ({ ghosts: on })));
}

function card(doc, state, name, section, lines) {
  const side = doc.sides[name];
  const [first, ...rest] = section.caption.split(" · ");
  const hidden = section.lines.length - lines.length;
  const notes = section.notes.filter((note) => fits(doc, note));
  if (hidden) {
    notes.unshift(`${count(hidden, "line")} hidden by the filters; ${side.header[3]} is of the ` +
      "whole table");
  }
  return h("article", { class: "card", "data-caption": section.caption },
    h("h3", {}, first, h("span", { class: "conditions" }, rest.map((part) => h("span", {}, part)))),
    lines.length ? [timesTable(doc, side, section, lines), pictures(doc, state, section, lines)] : null,
    notes.length ? h("div", { class: "notes" }, h("h4", {}, "Notes"), limited(notes, FIRST_NOTES,
      (some) => h("ul", {}, some.map((note) => h("li", {}, linked(doc, note)))), "notes")) : null);
}

function timesTable(doc, side, section, lines) {
  const [first, second, time, ...others] = side.header;
  const heads = [first, second, time, "95 % interval", "Runs", ...others];
  const rows = lines.map((line) => [line, line.cells[0].split(/ \(|\)/)]).map(([line, time]) => [
    [line.name[0], h("span", { class: "kind" }, line.name[1]), line.suspect ? badge("suspect") : null],
    line.name[1],
    time[0],
    time[1] || "-",
    line.runs.length === 1 ? runLink(doc.rows.get("run_id", line.runs[0]), "1")
      : String(line.runs.length),
    ...line.cells.slice(1),
  ]);
  const phases = lines.map((line) => [
    [line.name[0], h("span", { class: "kind" }, line.name[1])], line.name[1], ...line.phases]);
  const numbers = (from, length) => Array.from({ length: length - from }, (_, n) => n + from);
  return [
    table({ label: `Times: ${section.caption}`, kind: "by", heads, rows, numeric: numbers(2, heads.length),
      titles: heads.map((head) => definitionOf(side, head)) }),
    h("details", { class: "phases" }, h("summary", {}, "Where the time goes, in seconds"),
      table({ label: `Phases: ${section.caption}`, kind: "by", heads: [first, second, ...side.phases],
        rows: phases, numeric: numbers(2, side.phases.length + 2) })),
  ];
}

function pictures(doc, state, section, lines) {
  const figure = (title, words, box, more) => h("figure", {},
    h("figcaption", {}, h("strong", {}, title), ` ${words}`), box, more || null);
  const [ghosts, far] = state.ghosts ? ghostsOf(doc, section, lines) : [[], []];
  const points = lines.reduce((sum, line) => sum + line.runs.length + line.beside.length, 0);
  const times = chart(`Time in seconds of every run and the median of each line: ${section.caption}`,
    () => ({ name: "times", doc, ...timesData(doc, section, lines, state) }),
    36 * (lines.length + ghosts.length) + 40);
  const phases = chart(`Parts of the total time of each line: ${section.caption}`,
    () => ({ name: "phases", doc, ...phasesData(doc, section, lines) }), 28 * lines.length + 40);
  const error = chart(`Time in seconds against error rate of every run: ${section.caption}`,
    () => ({ name: "error", doc, ...errorData(doc, section, lines) }), 280);
  return h("div", { class: "figures" },
    figure("Time.", `${count(points, "run")}, each a dot (△ suspect); bar: median; line: 95 % ` +
      "interval of the median, from 6 runs on, of 5 runs 93.75 %." + (ghosts.length ? " ◇: other hardware, 2016, not to be " +
      "compared." : "") + (far.length ? ` Off this scale, other hardware, 2016: ` +
      `${far.map((ghost) => ghost.words).join(", ")}.` : ""), times),
    figure("Where the time goes.", "From the start of the job, of the run of each line whose total is the middle one.", phases,
      phaseLegend(doc)),
    figure("Time and error.", "Small: runs. Large: medians, the bar ± one standard error of the error " +
      "rate, since only so many test images were asked. ○ as-written, □ tuned; hollow or dashed: suspect.", error,
      backendLegend(doc, lines)));
}

function phaseLegend(doc) {
  return h("ul", { class: "legend" }, doc.segments.map((name, n) =>
    h("li", {}, h("span", { class: `swatch phase-${n}` }), name)));
}

function backendLegend(doc, lines) {
  const backends = doc.rows.values("backend");
  const found = [...new Set(lines.map((line) => doc.rows.get("backend", line.runs[0])))];
  return h("ul", { class: "legend" }, found.map((name) =>
    h("li", {}, h("span", { class: `swatch backend-${backends.indexOf(name) % 8}` }), name)));
}

// The words of the definition that begins with the head of a column.
function definitionOf(side, head) {
  if (head === "95 % interval") return "Interval of the median by order statistics; of 5 runs 93.75 %, none below 5.";
  if (head === "Runs") return "Starts that the line is the median of.";
  const at = side.definitions.join(" ").split(/(?=\b(?:[A-Z][\w%() ]*|vs \w+|CPU \/ this): )/);
  return (at.find((words) => words.startsWith(`${head}:`)) || "").trim() || null;
}

function definitionList(lines) {
  return h("section", { class: "definitions" }, h("h4", {}, "Columns"),
    h("ul", {}, lines.map((line) => h("li", {}, line.replaceAll("`", ""))),
      h("li", {}, "Runs: starts of a container or process that the line is the median of.")));
}
