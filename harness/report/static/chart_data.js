// From the lines of a section to the data of its charts.

const NARROW = 560;
const WIDEST = 38;
const GHOSTS_WITHIN = 2.5;

// One label a line: wrapped on a narrow screen, so that the plot keeps its width. What all lines
// share is left out.
function labels(lines, half = false) {
  const narrow = printing ? half : document.documentElement.clientWidth < NARROW;
  const same = lines.every((line) => line.name[1] === lines[0].name[1]);
  const used = new Map();
  return lines.map((line) => {
    const words = [line.name[0], ...(same ? [] : [/^\d+$/.test(line.name[1]) ? `× ${line.name[1]}` : line.name[1]])];
    const parts = narrow || words.join(", ").length > WIDEST ? words : [words.join(", ")];
    const text = parts.map((part) => wrapped(part, narrow ? 20 : WIDEST)).join("\n");
    used.set(text, (used.get(text) || 0) + 1);
    return used.get(text) > 1 ? `${text} (${used.get(text)})` : text;
  });
}

// Height of a line, so that its label does not meet the next one.
function stepOf(names, least) {
  return Math.max(least, 10 + 15 * Math.max(1, ...names.map((name) => name.split("\n").length)));
}

function wrapped(text, most) {
  const rows = [""];
  for (const word of text.split(" ")) {
    const last = rows[rows.length - 1];
    if (!last || last.length + word.length < most) rows[rows.length - 1] = last ? `${last} ${word}` : word;
    else rows.push(word);
  }
  return rows.length > 3 ? `${rows.slice(0, 3).join("\n")} …` : rows.join("\n");
}

// The same place for the same run: a number within -1 and 1.
function jitter(row, among) {
  return among > 1 ? (((row * 2654435761) % 4294967296) / 4294967296) * 1.4 - 0.7 : 0;
}

function isTuned(doc, line) {
  return doc.rows.get("mode", line.runs[0]) === "tuned";
}

// A bar a line, of the figure that was chosen; numbers are benchdl's, of the whole table.
function barsData(doc, section, lines, field, own) {
  const key = figureKey(field);
  const having = lines.filter((line) => line.figures[key]);
  const narrow = !printing && document.documentElement.clientWidth < NARROW; // the table has the figure
  const names = labels(having);
  const rows = having.map((line, n) => {
    const [middle, low, high, cell] = line.figures[key];
    const words = key === "score" ? cell : `${middle.toFixed(middle < 10 ? 2 : 1)} ×${narrow ? "" : ` (${cell})`}`;
    return { label: names[n], middle, low, high, end: Math.max(middle, high ?? middle),
      words: words + (line.suspect ? " △ suspect" : ""), backend: doc.rows.get("backend", line.runs[0]),
      tuned: isTuned(doc, line), suspect: line.suspect, go: link(runsOf(doc, line)),
      tip: [line.name.join(", "), `${own.title}: ${cell}`, count(line.runs.length, "run")].join("\n") };
  });
  const log = readState().scale === "log" && key !== "score";
  const scale = log ? { type: "log", padding: 12 }
    : key === "score" ? { zero: false, padding: 16 } : { domainMin: 0 };
  // Only a bar from 0 has a length that says something.
  const left = log || key === "score" ? ["bar", "key"] : ["dot"];
  const adjust = (specification) => {
    specification.layer = specification.layer.filter((layer) => !left.includes(layer.name));
  };
  return { data: { bars: rows }, sort: names, step: stepOf(names, 30), axis: barWords(own, key).axis, scale, adjust };
}

function timesData(doc, section, lines, state) {
  const names = labels(lines);
  const points = [];
  const middles = lines.map((line, n) => {
    const all = [...line.runs, ...line.beside];
    for (const row of all) {
      points.push({
        label: names[n],
        time: doc.rows.get("time_s", row),
        backend: doc.rows.get("backend", row),
        suspect: doc.rows.get("status", row) === "suspect",
        jitter: jitter(row, all.length),
        go: link({ run: doc.rows.get("run_id", row) }),
        tip: pointTip(doc, row),
      });
    }
    const { time_s: time, low_s: low, high_s: high } = line.values;
    return { label: names[n], time, low, high,
      tip: `${line.name.join(", ")}\n${intervalText(doc, section, line)}` };
  });
  const ghosts = state.ghosts ? ghostsOf(doc, section, lines)[0] : [];
  const sort = [...names, ...ghosts.map((ghost) => ghost.label)];
  return { data: { points, lines: middles, ghosts }, sort, step: stepOf(sort, 36) };
}

function pointTip(doc, row) {
  const get = (key) => doc.rows.get(key, row);
  return [
    `${get("tool")}, ${modeText(get)}`,
    `${told(doc.fields.get("time_s"), get)}, ${told(settled(doc, doc.fields.get("score"), row), get)}, ` +
      get("status"),
    get("run_id"),
  ].join("\n");
}

// The median of a line and its interval, as in its table.
function intervalText(doc, section, line) {
  const cell = (key) =>
    line.cells[section.columns.findIndex((field) => field.key === key)];
  const found = `median ${cell("time_s")} ${doc.fields.get("time_s").unit} of ${count(line.runs.length, "run")}`;
  return line.values.low_s === null ? found : `${found}, ${line.values.interval_percent} % interval ${cell("interval")}`;
}

// The figures of 2016 of the tools and kinds of device of a section that did the same work: those that
// share its scale, and those that would squeeze it.
function ghostsOf(doc, section, lines) {
  const row = section.rows[0];
  const same = Object.entries(doc.reference.work).every(([key, v]) => doc.rows.get(key, row) === v);
  if (!same || !lines.length) return [[], []];
  const of = (name) => new Set(lines.map((line) => doc.rows.get(name, line.runs[0])));
  const [tools, devices] = [of("tool"), of("device")];
  const longest = Math.max(...lines.map((line) => line.values.time_s));
  const all = doc.reference.ghosts
    .filter((ghost) => devices.has(ghost.device) && tools.has(ghost.tool))
    .map((ghost) => ({
      label: `${wrapped(ghost.tool, 20)}\n${ghost.hardware}, ${ghost.year}`,
      time: ghost.time_s,
      words: `${ghost.tool} on ${ghost.hardware} ${ghost.time_s} s`,
      tip: `${ghost.tool}: ${ghost.time_s} s\nother hardware: ${ghost.hardware}, ${ghost.year}\n` +
        "read by eye, once; not to be compared",
    }));
  const near = (ghost) => ghost.time <= GHOSTS_WITHIN * longest;
  return [all.filter(near), all.filter((ghost) => !near(ghost))];
}

function phasesData(doc, section, lines) {
  const names = labels(lines, true);
  const segments = lines.flatMap((line, n) => line.segments.map((value, order) => ({
    label: names[n], phase: doc.segments[order], order, seconds: value || 0,
    tip: `${line.name.join(", ")}\n${doc.segments[order]}: ${seconds(value)} s`,
  })));
  return { data: { segments }, sort: names, step: stepOf(names, 28) };
}

// Time against the score of a section's metric, as it is printed: of runs and of lines.
function scoreData(doc, section, lines) {
  const field = section.score;
  const printed = (value) => (value === null ? null : value / field.divisor);
  const points = [];
  const middles = [];
  for (const line of lines) {
    for (const row of [...line.runs, ...line.beside]) {
      const score = printed(doc.rows.get(field.key, row));
      if (score !== null) {
        points.push({ time: doc.rows.get("time_s", row), score,
          backend: doc.rows.get("backend", row), go: link({ run: doc.rows.get("run_id", row) }),
          suspect: doc.rows.get("status", row) === "suspect", tip: pointTip(doc, row) });
      }
    }
    const get = (key) => line.values[key];
    const score = printed(get(field.key));
    if (score !== null) {
      // Never an axis of one value, whose only tick is far off.
      const least = field.unit === "%" ? 0.01 : Math.abs(score) / 100 || 0.01;
      const half = Math.max(printed(get(field.beside)) || 0, least);
      const [lowest, highest] = field.unit === "%" ? [0, 100] : [-Infinity, Infinity];
      middles.push({ time: get("time_s"), score, name: line.name[0],
        low: Math.max(lowest, score - half), high: Math.min(highest, score + half),
        backend: doc.rows.get("backend", line.runs[0]), tuned: isTuned(doc, line), pair: line.name[0],
        go: link(runsOf(doc, line)), suspect: line.suspect, tip: `${line.name.join(", ")}\nmedian ` +
          `${told(doc.fields.get("time_s"), get)}, ${told(field, get)}` });
    }
  }
  return { data: { points, middles }, score: field };
}
