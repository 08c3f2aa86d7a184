// Elements, and figures as text.

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return element;
}

const NOT_MEASURED = "-";

// A figure cut to so many digits after the point.
function fixed(value, digits) {
  return value === null || value === undefined ? NOT_MEASURED : value.toFixed(digits);
}

// The cell of a column as benchdl prints it; `get` gives values by key.
function cellText(field, get) {
  const value = get(field.key);
  if (value === null || value === undefined) return NOT_MEASURED;
  const beside = field.beside ? get(field.beside) : null;
  const words = numberText(field, value)
    + (beside === null ? "" : field.joint + numberText(field, beside));
  return field.unit && field.unit_in_cell ? `${words} ${field.unit}` : words;
}

function numberText(field, value) {
  if (field.digits === null || typeof value === "string") return value;
  const exact = value / field.divisor;
  const number = Math.abs(exact) < 1e-6 ? 0 : exact;
  const text = rounded(number, enough(number, field.digits));
  return field.grouped ? text.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ",") : text;
}

// Digits after the point as benchdl has them: as many more as show that what was measured is not 0.
function enough(number, digits) {
  if (!number || Number(number.toFixed(digits))) return digits;
  return -Math.floor(Math.log10(Math.abs(number)));
}

// As benchdl rounds: what lies in the very middle goes to the even digit; toFixed takes it up.
function rounded(value, digits) {
  const text = value.toFixed(digits);
  const [, behind = ""] = value.toFixed(100).split(".");
  const middle = /^50*$/.test(behind.slice(digits));
  const odd = Number(text.at(-1)) % 2 === 1;
  return middle && odd ? (value * (1 - Number.EPSILON)).toFixed(digits) : text;
}

// The mode, with a mark where convolutions are not the tool's own: as harness.tables.views has it.
function modeText(get) {
  return [get("mode"), get("convolutions")].filter(Boolean).join(", ");
}

// A cell with its title, for tooltips: "Time (s) 176.4".
function told(field, get) {
  return `${field.head} ${cellText(field, get)}`;
}

function seconds(value) {
  return fixed(value, value !== null && value < 10 ? 2 : 1);
}

function gib(bytes) {
  return bytes === null || bytes === undefined ? "-" : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function count(number, singular, plural = `${singular}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? singular : plural}`;
}

function badge(status) {
  const signs = { ok: "✓", suspect: "△", invalid: "✕", failed: "✕", interrupted: "■" };
  const sign = signs[status] ? h("span", { "aria-hidden": "true" }, `${signs[status]} `) : null;
  return h("span", { class: `badge ${status}` }, sign, status);
}

// A list of which the first few are shown, and all on demand.
function limited(items, most, make, word) {
  const shown = make(items.slice(0, most));
  if (items.length <= most) return [shown];
  const box = h("div", {}, shown);
  const more = h("button", { type: "button", class: "more", onclick: () => {
    box.replaceChildren(make(items));
    more.nextSibling.remove();
    more.remove();
  } }, `Show all ${items.length.toLocaleString("en")} ${word}`);
  return [box, more, h("p", { class: "cutoff" },
    `Printed: ${most} of ${items.length.toLocaleString("en")} ${word}.`)];
}

function runLink(id, text) {
  return h("a", { href: link({ run: id }), class: "run", "data-run": id }, text || id);
}

const RUN_ID = /(\d{8}t\d{6}z-[a-z0-9._-]+)/;

// Whether a note is of a run that the filters let through, or of none.
function fits(doc, note) {
  const [, id] = note.match(RUN_ID) || [];
  const row = id && doc.rows.row(id);
  return row === undefined || Boolean(doc.mask[row]);
}

// A note with the ids of runs in it as links.
function linked(doc, text) {
  return text.split(RUN_ID).map((part) =>
    doc.rows.row(part) === undefined ? part : runLink(part));
}

function empty(text) {
  return h("p", { class: "empty" }, text);
}
