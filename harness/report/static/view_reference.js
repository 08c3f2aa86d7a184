// The published figures of 2016, of other hardware, and scores that others published.

function referenceView(doc) {
  return [h("p", { class: "lead" }, doc.reference.title), ...doc.reference.tables.map((ghost, n) =>
    h("article", { class: "card ghost" }, h("h3", {}, ghost.title), table({ name: `reference-${n}`,
      label: ghost.title, fields: plainFields(ghost.header), rows: ghost.lines, numeric: ghost.numeric }))),
  h("p", {}, doc.reference.source)];
}
