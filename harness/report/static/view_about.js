// When and by what the report was made, and what is left out.

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
  return [h("dl", { class: "facts" }, facts.map(([name, text]) =>
    [h("dt", {}, name), h("dd", {}, text)])), ...damagedList(doc),
  doc.rows.length ? definitionList(doc.sides.tool, doc.sides.tool.columns) : null].filter(Boolean);
}

// What lies in the store and could not be read.
function damagedList(doc) {
  const lines = doc.about.damaged;
  return lines.length ? [h("h3", {}, "Could not be read"), h("ul", {}, lines.map((line) => h("li", {}, line)))] : [];
}
