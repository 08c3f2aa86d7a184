// The tabs, in their order. A further one is a module of its own and a line here: `show` makes its
// elements, `marked` a count behind its title, and `always` keeps it in a report of no results.
const VIEWS = [
  ...[["tool", "By tool"], ["instance", "By instance"], ["device", "GPU and CPU"], ["gpus", "By number of GPUs"],
    ["variant", "By variant"], ["dataset", "By dataset"]].map(([name, title]) =>
    ({ name, title, show: (doc, state) => sideView(doc, state, name) })),
  { name: "history", title: "Over time", show: historyView },
  { name: "runs", title: "Runs", show: runsView },
  { name: "invalid", title: "Invalid runs", show: invalidView, marked: (doc) => badRows(doc).length },
  { name: "findings", title: "Findings", show: findingsView },
  { name: "reference", title: "Reference", show: referenceView, always: true },
  { name: "about", title: "About", show: aboutView, always: true },
];

// Those that have something to show.
function offered() {
  return VIEWS.filter(({ always }, n) => doc.rows.length || always || n === 0);
}

function viewOf(state) {
  return VIEWS.find(({ name }) => name === state.view) || VIEWS[0];
}
