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
    definitionList(side, shown.flatMap(({ section }) => section.columns)),
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
    notes.unshift(`${count(hidden, "line")} hidden by the filters; ${ratioOf(section).head} is of the ` +
      "whole table");
  }
  return h("article", { class: "card", "data-caption": section.caption },
    h("h3", {}, first, h("span", { class: "conditions" }, rest.map((part) => h("span", {}, part)))),
    lines.length ? [timesTable(doc, side, section, lines), pictures(doc, state, section, lines)] : null,
    notes.length ? h("div", { class: "notes" }, h("h4", {}, "Notes"), limited(notes, FIRST_NOTES,
      (some) => h("ul", {}, some.map((note) => h("li", {}, linked(doc, note)))), "notes")) : null);
}

function ratioOf(section) {
  return section.columns.find((field) => field.key === "ratio");
}

function timesTable(doc, side, section, lines) {
  const named = (line, more = null) =>
    [[line.name[0], h("span", { class: "kind" }, line.name[1]), more], line.name[1]];
  const cell = (line, field, text) => (field.key === "runs" && line.runs.length === 1
    ? runLink(doc.rows.get("run_id", line.runs[0]), text) : text);
  const rows = lines.map((line) => [...named(line, line.suspect ? badge("suspect") : null),
    ...section.columns.map((field, n) => cell(line, field, line.cells[n]))]);
  const phases = lines.map((line) => [...named(line), ...line.phases]);
  const right = (fields) => fields.map((_, n) => n + side.heads.length);
  const fields = [...side.heads, ...section.columns];
  return [
    table({ label: `Times: ${section.caption}`, kind: "by", rows, numeric: right(section.columns),
      heads: fields.map((field) => field.head), titles: fields.map((field) => field.definition) }),
    h("details", { class: "phases" }, h("summary", {}, "Where the time goes, in seconds"),
      table({ label: `Phases: ${section.caption}`, kind: "by", rows: phases,
        numeric: right(side.phases),
        heads: [...side.heads, ...side.phases].map((field) => field.title),
        titles: [...side.heads, ...side.phases].map((field) => field.definition) })),
  ];
}

function pictures(doc, state, section, lines) {
  const figure = (title, words, box, more) => h("figure", {},
    h("figcaption", {}, h("strong", {}, title), ` ${words}`), box, more || null);
  const [ghosts, far] = state.ghosts ? ghostsOf(doc, section, lines) : [[], []];
  const points = lines.reduce((sum, line) => sum + line.runs.length + line.beside.length, 0);
  const [time, score] = [doc.fields.get("time_s"), section.score];
  const scored = score.title.toLowerCase();
  const times = chart(`${time.head} of every run and the median of each line: ${section.caption}`,
    () => ({ name: "times", doc, ...timesData(doc, section, lines, state) }),
    36 * (lines.length + ghosts.length) + 40);
  const phases = chart(`Parts of the total time of each line: ${section.caption}`,
    () => ({ name: "phases", doc, ...phasesData(doc, section, lines) }), 28 * lines.length + 40);
  const against = chart(`${time.head} against ${scored} of every run: ${section.caption}`,
    () => ({ name: "score", doc, ...scoreData(doc, section, lines) }), 280);
  return h("div", { class: "figures" },
    figure("Time.", `${count(points, "run")}, each a dot (△ suspect); bar: median; line: 95 % ` +
      "interval of the median with 6 runs or more, 93.75 % with 5." + (ghosts.length ? " ◇: other hardware, 2016, not to be " +
      "compared." : "") + (far.length ? ` Off this scale, other hardware, 2016: ` +
      `${far.map((ghost) => ghost.words).join(", ")}.` : ""), times),
    figure("Where the time goes.", "From the start of the job; one run per row: the one with the median total.", phases,
      phaseLegend(doc)),
    figure(`${time.title} and ${scored}.`, "Small: runs. Large: medians, the bar ± one standard error of the " +
      `${scored}, since only so much test data were asked. ○ as-written, □ tuned; hollow or dashed: suspect.`, against,
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

// What the columns mean: the first two of a side's tables, those of its sections, the phases.
function definitionList(side, columns) {
  const defined = (field, name) => h("li", {}, h("strong", {}, name), `: ${field.definition.replaceAll("`", "")}`);
  return h("section", { class: "definitions" }, h("h4", {}, "Columns"), h("ul", {},
    [...new Map([...side.heads, ...columns].map((field) => [field.head, field])).values()]
      .map((field) => defined(field, field.head)),
    side.phases.map((field) => defined(field, field.title))));
}
