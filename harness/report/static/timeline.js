// The timeline of a run: GPU, cores and memory, with the phases of the job behind.

function timelineBox(doc, row) {
  const id = doc.rows.get("run_id", row);
  if (doc.timelines[id] === undefined) {
    return empty("No timeline in this file: it holds those of the newest runs that left samples. " +
      "benchdl report --timelines all keeps every one.");
  }
  const holder = h("div", { "aria-busy": "true" }, "…");
  timelineOf(doc, id).then((line) => {
    holder.replaceChildren(...timelineContent(doc, line));
    holder.removeAttribute("aria-busy");
  });
  return holder;
}

function timelineContent(doc, line) {
  const gpus = line.gpu_percent.some(Boolean);
  const data = {
    gpu: series(line, line.gpu_percent.map((values, n) => [`GPU ${n}`, values])),
    cores: series(line, [["machine", line.cores], ["job", line.job_cores]]),
    memory: series(line, [["job", line.memory_gib],
      ...line.gpu_memory_gib.map((values, n) => [`GPU ${n}`, values])]),
    phases: line.phases.map(([phase, start, end]) => ({ phase, start, end,
      tip: `${phase}: ${seconds(end - start)} s` })),
    epochs: line.epochs.slice(0, -1).map((t) => ({ t })),
  };
  const lines = [...data.gpu, ...data.cores, ...data.memory];
  const adjust = (specification, width) => {
    specification.vconcat = specification.vconcat.filter((panel) => panel.name !== "gpu" || gpus);
    for (const panel of specification.vconcat) panel.width = width - 68;
  };
  const box = chart("GPU use, busy cores and memory over the time of the job", () => ({
    name: "timeline", doc, data, adjust, wide: true }), gpus ? 330 : 230);
  const shown = Object.keys(TIMELINE_PHASES).filter((name) => data.phases.some((span) => span.phase === name));
  const legend = h("ul", { class: "legend" },
    shown.map((name) => h("li", {}, swatch(doc.phases[TIMELINE_PHASES[name]], "swatch shade"), name)),
    SERIES.filter((name) => lines.some((point) => point.series === name)).map((name) => {
      const n = SERIES.indexOf(name);
      return h("li", {}, h("span", { class: "stroke",
        style: `border-top: 2px ${["solid", "dashed", "dotted", "double"][n % 4]}` }), name);
    }));
  return [box, legend, h("p", { class: "small" }, `${line.samples.toLocaleString("en")} samples in ` +
    `${count(line.cores ? line.cores.length : 0, "step")} of ${line.step_s} s: means; for memory ` +
    `the highest. ` + (line.phases.length ? "Phases are laid from the last sample backwards by " +
    "their measured durations; dotted: ends of epochs."
    : "Phases are not shown: the samples do not reach the end of the job.") +
    (gpus ? "" : " No GPU was visible to the job."))];
}

function series(line, named) {
  return named.filter(([, values]) => values).flatMap(([name, values]) =>
    values.map((value, n) => ({ t: n * line.step_s, value, series: name })));
}
