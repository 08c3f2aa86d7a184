// The views by tool, by instance, by device, by variant and by dataset: a card a section.

const FIRST_SECTIONS = 8;
const FIRST_ANSWERS = 8;
const FIRST_NOTES = 6;

function sideView(doc, state, name) {
  const side = doc.sides[name];
  const scope = doc.scopes[state.campaign] || doc.scopes[""];
  const found = (scope[name] || []).filter((section) => section.rows.some((row) => doc.mask[row]));
  const shown = found.map((section) => ({
    section, lines: section.lines.filter((line) => doc.mask[line.runs[0]]),
  })).filter(({ section, lines }) => lines.length || (!section.lines.length && name === "tool"));
  if (!doc.rows.length) return [empty(sentence(doc.sides.tool.empty)), ...damagedList(doc)];
  if (!shown.length) {
    const filtered = state.filters.size || state.campaign;
    return [empty(filtered && scope[name].length
      ? "Nothing here fits the filters." : sentence(side.empty))];
  }
  const metrics = metricsOf(doc, shown);
  const first = Math.max(FIRST_SECTIONS, 1 + shown.findIndex(({ section }) => section.id === state.at));
  return [
    answersOf(doc, shown.map(({ section }) => section).filter((section) => section.answer.length)),
    chartOptions(state, metrics),
    limited(shown, first, (some) => h("div", {}, some.map(({ section, lines }) =>
      card(doc, state, name, section, lines))), "tables"),
    definitionList(side, shown.flatMap(({ section }) => section.columns)),
  ].flat().filter(Boolean);
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

// The columns that the chart of a table can show: those of which a line has a figure.
function metricsOf(doc, shown) {
  const known = new Set(shown.flatMap(({ lines }) => lines.flatMap((line) => Object.keys(line.figures))));
  return settledAll(doc, doc.fields.shownIn("chart")).filter((field) => known.has(figureKey(field)));
}

// Scores of all metrics stand under one key.
function figureKey(field) {
  return doc.fields.get(field.key).shown.chart === undefined ? "score" : field.key;
}

function chosenMetric(state, metrics) {
  return metrics.find((field) => figureKey(field) === state.metric) || metrics[0];
}

function chartOptions(state, metrics) {
  const box = (label, checked, change) => h("label", {}, h("input", { type: "checkbox", checked,
    "data-key": label, onchange: (event) => go(change(event.target.checked)) }), ` ${label}`);
  const chosen = chosenMetric(state, metrics);
  return h("div", { class: "options" },
    h("nav", { class: "metrics", "aria-label": "Figure of the charts" }, h("ul", {}, metrics.map((field) =>
      h("li", {}, h("a", { href: link({ metric: figureKey(field) }), "data-key": `metric ${field.key}`,
        title: field.definition, "aria-current": field === chosen ? "true" : null }, field.title))))),
    box("logarithmic times", state.scale === "log", (on) => ({ scale: on ? "log" : "linear" })),
    box("reference of 2016", state.ghosts, (on) => ({ ghosts: on })));
}

function card(doc, state, name, section, lines) {
  const side = doc.sides[name];
  const [first, ...rest] = section.caption.split(" · ");
  const hidden = section.lines.length - lines.length;
  const notes = section.notes.filter((note) => fits(doc, note));
  if (hidden) {
    notes.unshift(`${count(hidden, "line")} hidden by the filters; ${ratioOf(section).head}, the chart's 1 and the ` +
      "sentence above are of the whole table");
  }
  return h("article", { class: "card", id: section.id, "data-caption": section.caption },
    h("h3", {}, first, h("span", { class: "conditions" }, rest.map((part) => h("span", {}, part)))),
    answer(section),
    lines.length ? [bars(doc, state, name, section, lines), scaling(doc, section), timesTable(doc, side, section, lines),
      pictures(doc, state, section, lines)] : null,
    notes.length ? h("div", { class: "notes" }, h("h4", {}, "Notes"), limited(notes, FIRST_NOTES,
      (some) => h("ul", {}, some.map((note) => h("li", {}, linked(doc, note)))), "notes")) : null);
}

function ratioOf(section) {
  return section.columns.find((field) => field.key === "ratio");
}

// Runs behind a line: of one the run itself, of more the list of them.
function runsOf(doc, line) {
  const row = line.runs[0];
  if (line.runs.length === 1) return { run: doc.rows.get("run_id", row) };
  const filters = new Map(FACETS.map(([facet]) => [facet, new Set([doc.rows.get(facet, row) ?? "-"])]));
  return { view: "runs", filters, sort: "", run: null };
}

function timesTable(doc, side, section, lines) {
  const named = (line, more = null) => [[marker(doc, doc.rows.get("backend", line.runs[0])),
    side === doc.sides.instance ? inTwo(line.name[0]) : line.name[0],
    h("span", { class: "kind" }, line.name[1]), more], line.name[1]];
  const cell = (line, field, text) => (field.key === "runs"
    ? h("a", { href: link(runsOf(doc, line)), "aria-label": `${count(line.runs.length, "run")} of ` +
      line.name.join(", ") }, text) : text);
  const own = { interval: "low_s" };
  const sorting = (line, fields, n) => (n < 2 ? line.name[n] : line.values[own[fields[n].key] || fields[n].key]);
  const made = (fields, cells) => lines.map((line) => ({ make: () => cells(line),
    value: (n) => sorting(line, fields, n) }));
  const right = (fields) => fields.map((_, n) => n + side.heads.length);
  // As on a terminal: a CPU's table needs no columns of GPUs, nor one of intervals that nobody has.
  const told = section.columns.map((_, n) => n).filter((n) =>
    n < 2 || section.lines.some((line) => !["", "-"].includes(line.cells[n])));
  const columns = told.map((n) => section.columns[n]);
  const times = [...side.heads, ...columns];
  const phases = [...side.heads, ...side.phases.map((field) => ({ ...field, head: field.title }))];
  return [
    table({ name: `${section.id}-times`, label: `Times: ${section.caption}`, kind: "by", fields: times,
      numeric: right(columns), rows: made(times, (line) => [
        ...named(line, line.suspect ? badge("suspect") : null),
        ...told.map((n) => cell(line, section.columns[n], line.cells[n]))]) }),
    h("details", { class: "phases", open: readState().at === `${section.id}-phases` },
      h("summary", {}, "Where the time goes, in seconds"),
      table({ name: `${section.id}-phases`, label: `Phases: ${section.caption}`, kind: "by", fields: phases,
        numeric: right(side.phases), rows: made(phases, (line) => [...named(line), ...line.phases]) })),
  ];
}

// The name of a machine, and beneath it what it has.
function inTwo(name) {
  const [first, ...rest] = name.split(", ");
  return [first, h("span", { class: "small" }, rest.join(", "))];
}

// What the columns mean: the first two of a side's tables, those of its sections, the phases.
function definitionList(side, columns) {
  const defined = (field, name) => h("li", {}, h("strong", {}, name), `: ${field.definition.replaceAll("`", "")}`);
  return h("section", { class: "definitions" }, h("h3", {}, "Columns"), h("ul", {},
    [...new Map([...side.heads, ...columns].map((field) => [field.head, field])).values()]
      .map((field) => defined(field, field.head)),
    side.phases.map((field) => defined(field, field.title))));
}
