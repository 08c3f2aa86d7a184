// What the tables say, in sentences: benchdl's own, as the terminal closes its tables with them.

function answer(section) {
  return section.answer.map(({ name, claim, doubt }) => h("p", { class: "answer" },
    h("strong", {}, name), `: ${claim}.`, doubt ? h("span", { class: "doubt" }, ` ${doubt}.`) : null));
}

// Of several tables: what tells each from the others, and its first answer; the others, and why one
// is no verdict, stand with the table.
function answersOf(sections) {
  if (sections.length < 2) return null;
  const parts = sections.map((section) => section.caption.split(" · "));
  const telling = (part) => !parts.every((all) => all.includes(part));
  const row = (section) => [
    h("dt", {}, h("a", { href: link({ at: section.id }), onclick: () => goTo(section.id) },
      section.caption.split(" · ").filter(telling).join(", ") || section.caption)),
    h("dd", {}, section.answer.slice(0, 1).map(({ name, claim, doubt }) =>
      h("p", {}, h("strong", {}, name), `: ${claim}`, doubt ? h("span", { class: "doubt" },
        ` · ${doubt.split(/[:,]/)[0].toLowerCase()}`) : null)))];
  return h("section", { class: "answers", "aria-label": "Answers" }, limited(sections, FIRST_ANSWERS, (some) =>
    h("dl", {}, some.map(row)), "answers"));
}
