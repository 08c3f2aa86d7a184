// The charts of a card, with what there is to say of them.

function figure(title, words, box, more) {
  return h("figure", {}, h("figcaption", {}, h("strong", {}, title), ` ${words}`), box, more || null);
}

// The first chart: one figure of each line beside the best.
function bars(doc, state, name, section, lines) {
  const metrics = metricsOf(doc, [{ lines }]);
  const field = chosenMetric(state, metrics);
  if (!field) return null;
  const own = figureKey(field) === "score" ? section.score : field;
  const wanted = figureKey(field) !== state.metric;
  const { words, title } = barWords(own, figureKey(field), name === "dataset" ? "The best of each workload" : "The best");
  const box = chart(`${title} of each line: ${section.caption}`,
    () => ({ name: "relative", doc, ...barsData(doc, section, lines, field, own) }),
    stepOf(labels(lines), 30) * lines.length + 50);
  return h("div", { class: "bars" }, figure(`${title}.`, (wanted ? "Nothing here has the figure chosen above. " : "") +
    words + (own === section.score || state.scale === "log" ? "" : " Pale: as-written, full: tuned; broken edge: suspect."),
  box));
}

// What an axis shows, and what its interval is.
function barWords(own, key, best = "The best") {
  if (key === "score") {
    return { title: own.head, axis: own.unit ? `${own.title} (${own.unit})` : own.title,
      words: `As measured${own.better ? `, ${own.better} is better` : ""}; line: one standard error, since only so ` +
        "much test data were asked." };
  }
  return { title: own.title, axis: own.better === "higher" ? `The best over ${own.title.toLowerCase()}` : `${own.title} over the best`,
    words: `${best} is 1, and shorter bars are better; line: interval of the line's own median, of 5 runs or more.` };
}

// Speed-up by the number of GPUs, of all lines of the table.
function scaling(doc, section) {
  if (!section.scaling) return null;
  return h("div", { class: "bars" }, figure("Speed-up.", "Against one GPU, with its 95 % interval; dashed: N GPUs N times " +
    "as fast. Both axes are logarithmic.", chart(`Speed-up by number of GPUs: ${section.caption}`,
    () => ({ name: "scaling", doc, data: section.scaling }), 300)));
}

function pictures(doc, state, section, lines) {
  const [ghosts, far] = state.ghosts ? ghostsOf(doc, section, lines) : [[], []];
  const points = lines.reduce((sum, line) => sum + line.runs.length + line.beside.length, 0);
  const [time, score] = [doc.fields.get("time_s"), section.score];
  const scored = score.title.toLowerCase();
  const times = chart(`${time.head} of every run and the median of each line: ${section.caption}`,
    () => ({ name: "times", doc, ...timesData(doc, section, lines, state) }),
    36 * (lines.length + ghosts.length) + 40);
  const phases = chart(`Parts of the total time of each line: ${section.caption}`,
    () => ({ name: "phases", doc, ...phasesData(doc, section, lines) }), 28 * lines.length + 40);
  const against = chart(`${time.head} against ${scored} of every run: ${section.caption}`,
    () => ({ name: "score", doc, ...scoreData(doc, section, lines) }), 280);
  const backends = [...new Set(lines.map((line) => doc.rows.get("backend", line.runs[0])))];
  return h("div", { class: "figures" },
    figure("Every run.", `${count(points, "run")}, each a mark that opens it, hollow: suspect. Bar: median; line: ` +
      "95 % interval of the median with 6 runs or more, 93.75 % with 5." +
      (ghosts.length ? " 2016: other hardware, not to be compared." : "") +
      (far.length ? ` Off this scale, other hardware, 2016: ${far.map((ghost) => ghost.words).join(", ")}.` : ""),
    times),
    figure("Where the time goes.", "From the start of the job; one run per row: the one with the median total.",
      phases, phaseLegend(doc)),
    figure(`${time.title} and ${scored}.`, "Small: runs. Large: medians, the bar ± one standard error of the " +
      `${scored}, since only so much test data were asked. Dots join the two ways of using a tool; hollow: suspect.`, against, toolLegend(doc, backends)));
}

function phaseLegend(doc) {
  return h("ul", { class: "legend" }, doc.segments.map((name) =>
    h("li", {}, swatch(doc.phases[name]), name)));
}

function swatch([light, dark], kind = "swatch") {
  return h("span", { class: kind, style: `--on-light:${light};--on-dark:${dark}` });
}
