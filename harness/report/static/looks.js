// One colour and one marker for each tool, wherever it is drawn or named.

function lookOf(doc, backend) {
  return doc.tools[backend];
}

// What a tool is called: the same in tables, charts, legends and filters.
function toolName(doc, backend) {
  return doc.tools[backend] ? doc.tools[backend].name : backend;
}

// The scales of charts: colours of the theme, and markers.
function toolScales(doc) {
  const domain = Object.keys(doc.tools);
  return {
    backend: { domain, range: domain.map((name) => doc.tools[name][theme()]) },
    marker: { domain, range: domain.map((name) => doc.tools[name].marker) },
  };
}

// A tool's marker beside its name, in the colours of both themes.
function marker(doc, backend) {
  const look = lookOf(doc, backend);
  if (!look) return null;
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "-1.3 -1.3 2.6 2.6", class: "marker",
    "aria-hidden": "true", style: `--on-light:${look.light};--on-dark:${look.dark}` })) {
    made.setAttribute(name, value);
  }
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", look.marker);
  made.append(path);
  return made;
}

function toolLegend(doc, backends) {
  return h("ul", { class: "legend" }, backends.map((name) =>
    h("li", {}, marker(doc, name), toolName(doc, name))));
}
