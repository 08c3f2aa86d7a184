// Every finding with its evidence, how often it came, and advice.

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
