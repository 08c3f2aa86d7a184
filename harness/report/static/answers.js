// What the tables say, in sentences: benchdl's own, as the terminal closes its tables with them.

function answer(section) {
  return section.answer.map(({ name, claim, doubt }) => h("p", { class: "answer" },
    h("strong", {}, name), `: ${claim}.`, doubt ? h("span", { class: "doubt" }, ` ${doubt}.`) : null));
}

// Of several tables: the first answer of each; the others, and why one is no verdict, stand with it.
function answersOf(doc, sections) {
  if (sections.length < 2) return null;
  const [works, places] = [distinct(sections, workOf), distinct(sections, placeOf)];
  const made = works.size * places.size > 2 * sections.length ? listed(sections) : matrix(doc, sections, works, places);
  return h("section", { class: "answers", "aria-label": "Answers" }, made);
}

// A caption tells what was trained, and behind that where.
function workOf(section) {
  return section.work;
}

function placeOf(section) {
  return section.caption.slice(section.work.length + " · ".length);
}

// What tells each work, or each place, from the others: in as few words as that takes.
function distinct(sections, of) {
  const texts = [...new Set(sections.map(of))];
  const parts = texts.map((text) => text.split(" · "));
  const telling = (part) => texts.length === 1 || !parts.every((all) => all.includes(part));
  const own = parts.map((all) => all.filter(telling));
  const brief = own.map((words, n) => (words.length ? words : parts[n])); // of threads or a batch size only others tell
  const heads = shortened(brief.map((all) => all.at(-1)));
  const named = of === placeOf
    ? brief.map((all, n) => [heads[n], ...all.slice(0, -1).map((part) => part.replace(/^device /, ""))].join(", "))
    : brief.map((all) => (new Set(brief.map(([first]) => first)).size === texts.length ? all[0] : all.join(", ")));
  return new Map(texts.map((text, n) => [text, named[n]]));
}

// Names of several parts, by as many of these as tell all of them apart.
function shortened(names) {
  const cut = (most) => names.map((name) => name.split(", ").slice(0, most).join(", "));
  const enough = [1, 2, 3, 4].find((most) => new Set(cut(most)).size === new Set(names).size);
  return enough ? cut(enough) : names;
}

// A row a work and a column a place, or the other way where there are more places.
function matrix(doc, sections, works, places) {
  const upright = works.size >= places.size;
  const [rows, columns] = upright ? [works, places] : [places, works];
  const at = (row, column) => sections.filter((section) =>
    workOf(section) === (upright ? row : column) && placeOf(section) === (upright ? column : row));
  const heads = [upright ? "Lowest time" : "Lowest time on", ...columns.values()];
  return table({ name: "answers", label: "The lowest time of each table", kind: "matrix", fields: plainFields(heads),
    most: FIRST_ANSWERS, word: "rows", rows: [...rows].map(([row, name]) =>
      [name, ...[...columns].map(([column, head]) =>
        at(row, column).map((section) => inBrief(doc, section, columns.size > 1 ? head : "")))]) });
}

// On a phone rows are stacked: there the head of a cell's column stands above it.
function inBrief(doc, section, head) {
  const [{ name, brief, doubt }] = section.answer;
  const line = section.lines.find((known) => known.name.join(", ") === name);
  return h("div", {}, head ? h("span", { class: "small head" }, head) : null, line ? marker(doc, doc.rows.get("backend", line.runs[0])) : null,
    h("a", { href: link({ at: section.id }), onclick: () => goTo(section.id) }, name),
    h("span", { class: "small" }, brief, doubt ? ` · ${shortDoubt(doubt)}` : null));
}

function shortDoubt(doubt) {
  return doubt.split(/[:,]/)[0].toLowerCase();
}

function listed(sections) {
  const parts = sections.map((section) => section.caption.split(" · "));
  const telling = (part) => !parts.every((all) => all.includes(part));
  const row = (section) => [
    h("dt", {}, h("a", { href: link({ at: section.id }), onclick: () => goTo(section.id) },
      section.caption.split(" · ").filter(telling).join(", ") || section.caption)),
    h("dd", {}, section.answer.slice(0, 1).map(({ name, claim, doubt }) =>
      h("p", {}, h("strong", {}, name), `: ${claim}`, doubt ? h("span", { class: "doubt" },
        ` · ${shortDoubt(doubt)}`) : null)))];
  return limited(sections, FIRST_ANSWERS, (some) => h("dl", {}, some.map(row)), "answers");
}
