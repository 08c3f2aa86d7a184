// The views that list: runs, invalid runs, findings, reference, about.

const PAGE = 50;

// Cells of the list of runs that are more than their text.
const RUN_CELLS = {
  started_at: (text) => text.slice(0, 16).replace("T", " "),
  tool: (text, get) => [text, h("span", { class: "small" }, `${modeText(get)}, ${get("variant")}`)],
  status: (text) => badge(text),
  machine: (text) => h("span", { class: "cut", title: text }, text),
};

function runCell(doc, field, row) {
  const get = (key) => doc.rows.get(key, row);
  const own = settled(doc, field, row);
  const text = own === field ? cellText(field, get) : `${own.title} ${cellText(own, get)}`;
  return RUN_CELLS[field.key] ? RUN_CELLS[field.key](text, get) : text;
}

function sorted(doc, rows, sort) {
  const down = sort.startsWith("-");
  const name = sort.replace(/^-/, "") || "started_at";
  if (!settledAll(doc, doc.fields.shownIn("runs")).some((field) => field.key === name)) return rows;
  const turn = down || !sort ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [doc.rows.get(name, a), doc.rows.get(name, b)];
    if (x === y) return a - b;
    if (x === null) return 1; // what was not measured is last in either order
    if (y === null) return -1;
    return (x < y ? -1 : 1) * turn;
  });
}

function chosenRows(doc, keep = () => true) {
  const rows = [];
  for (let row = 0; row < doc.mask.length; row += 1) if (doc.mask[row] && keep(row)) rows.push(row);
  return rows;
}

function runsView(doc, state) {
  const having = (row) => !state.finding ||
    doc.details.findings(row).some((finding) => finding.code === state.finding);
  const rows = sorted(doc, chosenRows(doc, having), state.sort);
  const clear = state.finding ? h("p", {}, `With finding ${state.finding}. `,
    h("a", { href: link({ finding: "" }) }, "Show all runs")) : null;
  if (!rows.length) return [clear, empty("No run fits.")].filter(Boolean);
  const fields = settledAll(doc, doc.fields.shownIn("runs"));
  const heads = fields.map((field) => sortLink(state, field));
  const make = (some) => table({ label: "Runs", heads, kind: "runs", numeric: numericOf(doc, fields),
    titles: fields.map((field) => field.definition),
    rows: some.map((row) => fields.map((field, n) => {
      const shown = runCell(doc, field, row);
      return n === 0 ? runLink(doc.rows.get("run_id", row), shown) : shown;
    })) });
  return [clear, h("p", { class: "lead" }, `${count(rows.length, "run")}. Open one for its ` +
    "timeline, provenance and the command to run it again."), ...limited(rows, PAGE, make, "runs")]
    .filter(Boolean);
}

// The places of those columns that hold numbers, which stand to the right.
function numericOf(doc, fields) {
  const holds = ({ key, digits }) => digits !== null || Boolean(doc.columns[key].v);
  return fields.flatMap((field, n) => (holds(field) ? [n] : []));
}

// A head that sorts: the best first, by a second click the other way.
function sortLink(state, field) {
  const on = state.sort.replace(/^-/, "") === field.key;
  const down = state.sort.startsWith("-");
  const best = field.better === "higher" ? `-${field.key}` : field.key;
  const reverse = down ? field.key : `-${field.key}`;
  return h("a", { href: link({ sort: on ? reverse : best }), "data-key": `sort ${field.key}`,
    title: `Sort by this column. ${field.definition}` },
  field.head + (on ? (down ? " ↓" : " ↑") : ""));
}

function invalidView(doc) {
  const rows = sorted(doc, chosenRows(doc, (row) => BAD.has(doc.rows.get("status", row))), "");
  if (!rows.length) return [empty("No run is invalid, failed or interrupted here.")];
  const make = (some) => table({ label: "Invalid, failed and interrupted runs",
    kind: "stack", heads: ["Run", "Tool", "Status", "Why", "What to do"],
    rows: some.map((row) => {
      const whys = reasons(doc, row);
      return [runLink(doc.rows.get("run_id", row)),
        `${doc.rows.get("tool", row)}, ${doc.rows.get("variant", row)}, ${doc.rows.get("device", row)}`,
        badge(doc.rows.get("status", row)),
        whys.map(([code, text]) => h("p", {}, h("code", {}, code), ` ${text}`)),
        whys.map(([, , advice]) => h("p", {}, advice || "-"))];
    }) });
  return [h("p", { class: "lead" }, `${count(rows.length, "run")} ${rows.length === 1 ? "is" : "are"} ` +
    "left out of every median, and listed here with the reason."), ...limited(rows, PAGE, make, "runs")];
}

function reasons(doc, row) {
  const failure = doc.details.failure(row);
  const worst = doc.details.findings(row).filter((finding) => finding.severity === "invalid");
  return [...(failure ? [[failure.reason, failure.message, failure.advice]] : []),
    ...worst.map((finding) => [finding.code, finding.evidence, finding.advice])];
}

function findingsView(doc) {
  const codes = new Map();
  for (const row of chosenRows(doc)) {
    for (const finding of doc.details.findings(row)) {
      const key = `${finding.severity} ${finding.code}`;
      if (!codes.has(key)) codes.set(key, { ...finding, rows: [], tools: new Set() });
      const found = codes.get(key);
      found.rows.push(row);
      found.tools.add(doc.rows.get("tool", row));
    }
  }
  if (!codes.size) return [empty("No finding: nothing was seen that speaks against these runs.")];
  const order = ["invalid", "suspect", "info"];
  const all = [...codes.values()].sort((a, b) =>
    order.indexOf(a.severity) - order.indexOf(b.severity) || b.rows.length - a.rows.length);
  return [h("p", { class: "lead" }, "A finding is a warning with its evidence. Invalid: the number " +
    "must not be used. Suspect: use it with care. Info: good to know."),
  ...all.map((finding) => h("article", { class: "card finding" },
    h("h3", {}, badge(finding.severity), h("code", {}, finding.code),
      h("a", { class: "conditions", href: link({ view: "runs", finding: finding.code }) },
        count(finding.rows.length, "run"))),
    h("p", {}, h("strong", {}, "Tools: "), [...finding.tools].sort().join(", ")),
    h("p", {}, h("strong", {}, "For example: "), finding.evidence, " (",
      runLink(doc.rows.get("run_id", finding.rows[0])), ")"),
    h("p", {}, h("strong", {}, "Advice: "), finding.advice)))];
}

function referenceView(doc) {
  return [h("p", { class: "lead" }, doc.reference.title), ...doc.reference.tables.map((ghost) =>
    h("article", { class: "card ghost" }, h("h3", {}, ghost.title), table({ label: ghost.title,
      heads: ghost.header, rows: ghost.lines, numeric: ghost.header.map((_, n) => n).slice(1) }))),
  h("p", {}, doc.reference.source)];
}

function aboutView(doc) {
  const about = doc.about;
  const kept = Object.keys(doc.timelines).length;
  const asked = about.timelines === null ? "all runs" : `the newest ${about.timelines} runs`;
  const facts = [
    ["Made", `${about.made_at.replace("T", " ").slice(0, 16)} UTC by benchdl ${about.version}`],
    ["Results", `${count(doc.rows.length, "result")} of ${count(about.campaigns, "campaign")}`],
    ...(about.left_out ? [["Left out", `${count(about.left_out, "stored run")} that the command ` +
      "did not ask for (--backend, --since, ...)."]] : []),
    ["Timelines", `asked for: ${asked}; ${kept} of them have samples. A timeline holds at most ` +
      `${about.steps} steps: means of the samples in a step, for memory the highest. ` +
      "benchdl report --timelines all keeps more."],
    ["Numbers", "Every figure is computed by benchdl, not by this page, and is that of benchdl " +
      "table. Medians hold runs that are ok; suspect ones only while there is no ok one; invalid, " +
      "failed and interrupted ones never."],
    ["Network", "This file asks for nothing: its content security policy forbids it."],
    ["Charts", doc.licence],
  ];
  const damaged = about.damaged.length ? [h("h3", {}, "Could not be read"),
    h("ul", {}, about.damaged.map((line) => h("li", {}, line)))] : [];
  return [h("dl", { class: "facts" }, facts.map(([name, text]) =>
    [h("dt", {}, name), h("dd", {}, text)])), ...damaged,
  definitionList(doc.sides.tool, doc.sides.tool.columns)];
}
