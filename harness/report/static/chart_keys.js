// Marks that open what they stand for: by a click, and by the keyboard.

// One mark of a chart is a stop of Tab; arrows, Home and End go from one to the next.
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function openable(box, view) {
  view.addEventListener("click", (event, item) => {
    if (item && item.datum && item.datum.go) location.hash = item.datum.go;
  });
  const canvas = box.querySelector("canvas");
  if (canvas) { // has no elements: the runs stand in the table above, and in the list of runs
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", box.getAttribute("aria-label"));
    return;
  }
  for (const group of box.querySelectorAll("svg [role^=graphics]:not([aria-label])")) {
    group.removeAttribute("role"); // Vega names what it can; a role without a name says nothing
    group.removeAttribute("aria-roledescription");
  }
  const marks = [...box.querySelectorAll(".mark-symbol path")].filter((mark) => mark.__data__?.datum?.go);
  marks.forEach((mark, n) => {
    const { tip: words } = mark.__data__.datum;
    mark.setAttribute("role", "link");
    mark.removeAttribute("aria-roledescription");
    mark.setAttribute("aria-label", words.replaceAll("\n", ", "));
    mark.setAttribute("tabindex", n === 0 ? "0" : "-1");
    mark.addEventListener("keydown", (event) => keyed(event, marks, n));
    mark.addEventListener("focus", () => showTipBeside(mark, words));
    mark.addEventListener("blur", () => { tip.hidden = true; });
  });
}

function keyed(event, marks, n) {
  const { go: hash } = marks[n].__data__.datum;
  if (event.key === "Enter" || event.key === " ") {
    location.hash = hash;
  } else {
    const next = { Home: 0, End: marks.length - 1 }[event.key] ?? n + STEPS[event.key];
    if (!marks[next]) return;
    marks[n].setAttribute("tabindex", "-1");
    marks[next].setAttribute("tabindex", "0");
    marks[next].focus();
  }
  event.preventDefault();
}

function showTipBeside(mark, words) {
  const { right, bottom } = mark.getBoundingClientRect();
  showTip(null, { pageX: right + scrollX, pageY: bottom + scrollY }, null, words);
}
