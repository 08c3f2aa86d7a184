// Tables: each sorts by any of its columns, and has a link of its own. Both are in the URL.

// `sort=KEY` sorts the list of runs, `sort=NAME.KEY` the table of that name; - before the key: down.
function sortOf(state, name) {
  const [table, key] = state.sort.includes(".") ? state.sort.split(".") : ["runs", state.sort];
  return table === name && key ? { key: key.replace(/^-/, ""), down: key.startsWith("-") } : null;
}

// A head that sorts: the best first, by a second click the other way.
function sortLink(state, name, field) {
  const now = sortOf(state, name);
  const on = now && now.key === field.key;
  const down = on ? !now.down : field.better === "higher";
  const key = `${down ? "-" : ""}${field.key}`;
  const sort = name === "runs" ? key : `${name}.${key}`;
  return h("a", { href: link(name === "epochs" ? { sort } : { sort, run: null }),
    "data-key": `sort ${name} ${field.key}`,
    title: `Sort by this column.${field.definition ? ` ${field.definition}` : ""}` },
  field.head, on ? h("span", { "aria-hidden": "true" }, now.down ? " ↓" : " ↑") : null);
}

// Rows in the order that is asked for; what was not measured is last in either.
function inOrder(state, name, fields, rows, valueOf) {
  const now = sortOf(state, name);
  const n = now ? fields.findIndex((field) => field.key === now.key) : -1;
  if (n < 0) return rows;
  const turn = now.down ? -1 : 1;
  const keyed = rows.map((row) => [row, valueOf(row, n)]);
  const known = keyed.filter(([, value]) => value !== null && value !== undefined);
  const unknown = keyed.filter(([, value]) => value === null || value === undefined);
  known.sort(([, x], [, y]) => compared(x, y) * turn);
  return [...known, ...unknown].map(([row]) => row);
}

function compared(x, y) {
  if (typeof x === "number" && typeof y === "number") return x - y;
  return String(x).localeCompare(String(y), "en", { numeric: true });
}

// What a cell sorts by, where nothing better is known: the number it begins with, or its words.
function valueOfCell(cell) {
  const text = (cell instanceof Node ? cell.textContent : [cell].flat(3).map((part) =>
    (part instanceof Node ? part.textContent : part ?? "")).join(" ")).trim();
  if (text === NOT_MEASURED || text === "") return null;
  const figure = text.replaceAll(",", "").match(/^[-+]?\d+(\.\d+)?(?![\w.])/);
  return figure ? Number(figure[0]) : text;
}

function permalink(name, label) {
  return h("a", { class: "permalink", href: link({ at: name }), "aria-label": `Link to this table: ${label}`,
    title: "Link to this table" }, "#");
}

// A table with its first column as heads of rows. `fields` have key and head, and may have
// definition and better; a row is its cells, or an object that makes them and has the value of each.
function table({ name, label, fields, rows, numeric = [], kind = null, most = Infinity, word = "rows" }) {
  return sortable(name, (state) => {
    const side = (n) => (numeric.includes(n) ? "number" : null);
    const now = sortOf(state, name);
    const head = fields.map((field, n) => h("th", { scope: "col", class: side(n), "aria-sort":
      now && now.key === field.key ? (now.down ? "descending" : "ascending") : null },
    sortLink(state, name, field)));
    const whole = rows.map((row) => (Array.isArray(row) ? { cells: row } : row));
    const valueOf = (row, n) => (row.value ? row.value(n) : valueOfCell(row.cells[n]));
    const make = (some) => h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" },
      h("table", { class: kind }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, some.map((row) =>
        h("tr", {}, (row.make ? row.make() : row.cells).map((cell, n) =>
          n === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: side(n) }, cell)))))));
    return h("div", { class: "tablebox", id: name, "data-table": name },
      limited(inOrder(state, name, fields, whole, valueOf), most, make, word), permalink(name, label));
  });
}

// Made again in its place when only the order changes.
const makers = new WeakMap();

function sortable(name, make) {
  const box = make(readState());
  makers.set(box, make);
  return box;
}

function sortAgain() {
  for (const old of document.querySelectorAll("[data-table]")) {
    const make = makers.get(old);
    const made = make(readState());
    makers.set(made, make);
    old.replaceWith(made);
  }
}

// Columns that are only words: their keys are made of their heads.
function plainFields(heads) {
  return heads.map((head) => ({ head, key: head.toLowerCase().replace(/[^a-z0-9]+/g, "-") }));
}
