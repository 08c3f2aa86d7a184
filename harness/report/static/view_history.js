// Each configuration over days, versions and images: its campaigns, and where its level changed.

const FIRST_COURSES = 12;

function historyView(doc, state) {
  const of = (course) => course.points.flatMap((point) => point.runs);
  const shown = doc.history.courses.filter((course) => of(course).some((row) => doc.mask[row]));
  if (!shown.length) return [empty("No configuration here has runs of two campaigns.")];
  return [
    ...doc.history.answers.map((words) => h("p", { class: "lead" }, h("strong", {}, sentence(words)))),
    limited(shown, FIRST_COURSES, (some) => h("div", {}, some.map((course) => courseCard(doc, course))),
      "configurations"),
    h("p", { class: "lead small" }, sentence(doc.history.rule)),
  ].flat();
}

function courseCard(doc, course) {
  const number = doc.history.courses.indexOf(course);
  const title = `${course.name}: ${course.caption}`;
  return h("article", { class: "card", id: `history-${number}` },
    h("h3", {}, marker(doc, course.backend), course.name,
      h("span", { class: "conditions" }, course.caption.split(" · ").map((part) => h("span", {}, part)))),
    figure("Over time.", "A mark a campaign, its median and interval; broken upright line: a new level; hollow: " +
      "not counted.", chart(`Over time, ${title}`,
      () => ({ name: "history", doc, data: courseData(doc, course) }), 200)),
    course.notes.length ? h("div", { class: "notes" }, h("ul", {}, course.notes.map((note) => h("li", {}, note)))) : null,
    h("details", { class: "phases" }, h("summary", {}, "Every campaign, and what changed before it"),
      table({ name: `history-${number}-points`, label: `Campaigns, ${title}`, kind: "by",
        fields: plainFields(doc.history.heads), rows: course.cells, numeric: [1] })));
}

function courseData(doc, course) {
  const points = course.points.map((point, n) => ({ ...point, backend: course.backend,
    tip: course.cells[n].filter(Boolean).join("\n"),
    go: point.runs.length ? link({ run: doc.rows.get("run_id", point.runs[0]) }) : null }));
  const changes = course.changes.map((change) => ({ ...change, tip: `${change.verdict} from here on` }));
  return { points, changes };
}
