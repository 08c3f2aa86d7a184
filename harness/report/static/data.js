// The document of the report: packed JSON in the page, unpacked in the browser.

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

// Rows as columns: texts are stored once, with a code a row; numbers as they are.
class Rows {
  constructor(columns) {
    this.columns = columns;
    this.length = columns.run_id.c.length;
    this.numbers = new Map(columns.run_id.d.map((id, code) => [id, code]));
  }

  get(name, row) {
    const column = this.columns[name];
    if (column.v) return column.v[row];
    const code = column.c[row];
    return code < 0 ? null : column.d[code];
  }

  // The row of a run id. Each id stands once, so its code is its row.
  row(id) {
    return this.numbers.get(id);
  }

  // Different values of a column, sorted; "-" is "none".
  values(name) {
    const column = this.columns[name];
    if (!column.d) return [];
    const all = [...column.d].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    return column.c.includes(-1) ? [...all, "-"] : all;
  }

  // For each row whether its value is one of the chosen ones; narrows `mask`.
  narrow(mask, name, chosen) {
    const column = this.columns[name];
    const wanted = column.d.map((value) => chosen.has(value));
    const none = chosen.has("-");
    for (let row = 0; row < mask.length; row += 1) {
      const code = column.c[row];
      if (!(code < 0 ? none : wanted[code])) mask[row] = 0;
    }
  }
}

// What is known of each column, and the columns of a place in its order.
class Fields {
  constructor(fields) {
    this.all = fields;
    this.byKey = new Map(fields.map((field) => [field.key, field]));
  }

  get(key) {
    return this.byKey.get(key);
  }

  shownIn(place) {
    return this.all.filter((field) => place in field.shown)
      .sort((a, b) => a.shown[place] - b.shown[place]);
  }
}

// The column of the score as the runs of a metric have it; any other column as it is.
function settled(doc, field, row) {
  return field.key === "score" ? doc.scores[doc.rows.get("metric", row)] || field : field;
}

// Columns for runs of any metric: where there is only one, the score is named after it.
function settledAll(doc, fields) {
  const known = Object.values(doc.scores);
  return fields.map((field) => (field.key === "score" && known.length === 1 ? known[0] : field));
}

// Whether a run can have a figure; a CPU job has none of a GPU.
function applies(field, get) {
  return Object.entries(field.only).every(([key, wanted]) => get(key) === wanted);
}

// Shared parts of runs, parsed when they are looked at.
class Details {
  constructor(details) {
    this.all = details;
  }

  parsed(number) {
    return number < 0 || number === undefined ? null : JSON.parse(this.all.texts[number]);
  }

  part(name, row) {
    return this.parsed(this.all.parts[name][row]);
  }

  findings(row) {
    return this.all.findings[row].map((number) => this.parsed(number));
  }

  failure(row) {
    return this.parsed(this.all.failure[row]);
  }

  rerun(row) {
    return this.all.texts[this.all.rerun[row]];
  }

  epochs(row) {
    const flat = this.all.epochs[row];
    return Array.from({ length: flat.length / 2 }, (_, n) => [flat[2 * n], flat[2 * n + 1]]);
  }
}

const chunks = new Map();

async function timelineOf(doc, id) {
  const number = doc.timelines[id];
  if (number === undefined) return null;
  if (!chunks.has(number)) {
    chunks.set(number, unpack(document.getElementById(`timelines-${number}`).textContent));
  }
  return (await chunks.get(number))[id];
}
