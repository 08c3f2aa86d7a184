// What is invalid, failed or interrupted, why, and what to do.

function invalidView(doc) {
  const rows = byStart(doc, badRows(doc));
  if (!rows.length) return [empty("No run is invalid, failed or interrupted here.")];
  const list = table({ name: "invalid", label: "Invalid, failed and interrupted runs", most: PAGE, word: "runs",
    kind: "stack", fields: plainFields(["Run", "Tool", "Status", "Why", "What to do"]),
    rows: rows.map((row) => {
      const whys = reasons(doc, row);
      return [runLink(doc.rows.get("run_id", row)),
        `${doc.rows.get("tool", row)}, ${doc.rows.get("variant", row)}, ${doc.rows.get("device", row)}`,
        badge(doc.rows.get("status", row)),
        whys.map(([code, text]) => h("p", {}, h("code", {}, code), ` ${text}`)),
        whys.map(([, , advice]) => h("p", {}, advice || "-"))];
    }) });
  return [h("p", { class: "lead" }, `${count(rows.length, "run")} ${rows.length === 1 ? "is" : "are"} ` +
    "left out of every median, and listed here with the reason."), list];
}

function badRows(doc) {
  return chosenRows(doc, (row) => BAD.has(doc.rows.get("status", row)));
}

function reasons(doc, row) {
  const failure = doc.details.failure(row);
  const worst = doc.details.findings(row).filter((finding) => finding.severity === "invalid");
  return [...(failure ? [[failure.reason, failure.message, failure.advice]] : []),
    ...worst.map((finding) => [finding.code, finding.evidence, finding.advice])];
}
