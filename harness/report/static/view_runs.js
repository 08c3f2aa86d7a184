// The list of all runs.

const PAGE = 50;

// Cells of the list of runs that are more than their text.
const RUN_CELLS = {
  started_at: (text) => text.slice(0, 16).replace("T", " "),
  tool: (text, get) => [marker(doc, get("backend")), text,
    h("span", { class: "small" }, `${modeText(get)}, ${get("variant")}`)],
  status: (text) => badge(text),
  machine: (text) => h("span", { class: "cut", title: text }, text),
};

function runCell(doc, field, row) {
  const get = (key) => doc.rows.get(key, row);
  const own = settled(doc, field, row);
  const text = own === field ? cellText(field, get) : `${own.title} ${cellText(own, get)}`;
  return RUN_CELLS[field.key] ? RUN_CELLS[field.key](text, get) : text;
}

function chosenRows(doc, keep = () => true) {
  const rows = [];
  for (let row = 0; row < doc.mask.length; row += 1) if (doc.mask[row] && keep(row)) rows.push(row);
  return rows;
}

// The newest first.
function byStart(doc, rows) {
  const at = (row) => doc.rows.get("started_at", row) || "";
  return rows.sort((a, b) => (at(a) === at(b) ? a - b : at(a) < at(b) ? 1 : -1));
}

function runsView(doc, state) {
  const having = (row) => !state.finding ||
    doc.details.findings(row).some((finding) => finding.code === state.finding);
  const rows = byStart(doc, chosenRows(doc, having));
  const clear = state.finding ? h("p", {}, `With finding ${state.finding}. `,
    h("a", { href: link({ finding: "" }) }, "Show all runs")) : null;
  if (!rows.length) return [clear, empty("No run fits.")].filter(Boolean);
  const fields = settledAll(doc, doc.fields.shownIn("runs"));
  const cells = (row) => fields.map((field, n) => {
    const shown = runCell(doc, field, row);
    return n === 0 ? runLink(doc.rows.get("run_id", row), shown) : shown;
  });
  const keys = fields.map((field) => field.key);
  const list = table({ name: "runs", label: "Runs", fields, kind: "runs", numeric: numericOf(doc, fields),
    most: PAGE, word: "runs",
    rows: rows.map((row) => ({ make: () => cells(row), value: (n) => doc.rows.get(keys[n], row) })) });
  return [clear, h("p", { class: "lead" }, `${count(rows.length, "run")}. Open one for its ` +
    "timeline, provenance and the command to run it again."), list].filter(Boolean);
}

// The places of those columns that hold numbers, which stand to the right.
function numericOf(doc, fields) {
  const holds = ({ key, digits }) => digits !== null || Boolean(doc.columns[key].v);
  return fields.flatMap((field, n) => (holds(field) ? [n] : []));
}
