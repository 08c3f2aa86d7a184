// What is shown is in the URL, after the #: a link restores it.

const FACETS = [
  ["workload", "Workload"],
  ["dataset", "Dataset"],
  ["device", "Device"],
  ["launcher", "Launcher"],
  ["backend", "Tool"],
  ["mode", "Mode"],
  ["variant", "Variant"],
  ["machine", "Machine"],
  ["status", "Status"],
];

const BAD = new Set(["invalid", "failed", "interrupted"]);

function readState() {
  const words = new URLSearchParams(location.hash.slice(1));
  const known = offered().some(({ name }) => name === words.get("view"));
  const filters = new Map();
  for (const [facet] of FACETS) {
    if (words.has(facet)) filters.set(facet, new Set(words.getAll(facet)));
  }
  return {
    view: known ? words.get("view") : "tool",
    filters,
    campaign: words.get("campaign") || "",
    run: words.get("run"),
    sort: words.get("sort") || "",
    at: words.get("at") || "",
    metric: words.get("metric") || "time_s",
    scale: words.get("scale") === "log" ? "log" : "linear",
    ghosts: words.get("ghosts") !== "off",
    finding: words.get("finding") || "",
  };
}

function hashOf(state) {
  const words = new URLSearchParams();
  if (state.view !== "tool") words.set("view", state.view);
  for (const [facet, chosen] of state.filters) {
    for (const value of chosen) words.append(facet, value);
  }
  for (const name of ["campaign", "sort", "finding", "at", "run"]) {
    if (state[name]) words.set(name, state[name]);
  }
  if (state.metric !== "time_s") words.set("metric", state.metric);
  if (state.scale === "log") words.set("scale", "log");
  if (!state.ghosts) words.set("ghosts", "off");
  return `#${words}`;
}

function link(changes) {
  return hashOf({ ...readState(), at: "", ...changes });
}

function go(changes) {
  location.hash = link(changes);
}

function withFilter(facet, value, on) {
  const filters = new Map(readState().filters);
  const chosen = new Set(filters.get(facet));
  if (on) chosen.add(value);
  else chosen.delete(value);
  if (chosen.size) filters.set(facet, chosen);
  else filters.delete(facet);
  return filters;
}

// 1 for each row that the filters let through.
function maskOf(doc, state) {
  const mask = new Uint8Array(doc.rows.length).fill(1);
  for (const [facet, chosen] of state.filters) doc.rows.narrow(mask, facet, chosen);
  if (state.campaign) doc.rows.narrow(mask, "campaign_id", new Set([state.campaign]));
  return mask;
}
