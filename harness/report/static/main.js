// The page: filters, tabs, theme; everything shown follows from the URL.

const main = document.getElementById("view");
let doc;

// Controls are made anew with each change; the one in use keeps the keyboard.
function keepingFocus(change) {
  const key = document.activeElement && document.activeElement.dataset.key;
  change();
  if (key) document.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

function render() {
  keepingFocus(show);
}

function show() {
  const state = readState();
  doc.mask = maskOf(doc, state);
  document.getElementById("filters").replaceChildren(filterBar(state));
  document.getElementById("tabs").replaceChildren(tabs(state));
  bringIntoView(document.querySelector("#tabs a[aria-current]"));
  const shown = hashOf({ ...state, run: null, sort: "", at: "" });
  if (main.dataset.shown !== shown) fill(state);
  else if (main.dataset.sort !== state.sort) sortAgain();
  main.dataset.shown = shown;
  main.dataset.sort = state.sort;
  if (state.run) openDrawer(doc, state.run);
  else if (drawer().open) drawer().close();
  redraw();
  if (state.at !== main.dataset.at) goTo(state.at);
  main.dataset.at = state.at;
}

function fill(state) {
  const { title, show: made } = viewOf(state);
  main.replaceChildren(h("h2", { tabindex: "-1" }, title), ...made(doc, state));
}

// To a table or a card by its name, with what it is folded into open.
function goTo(name) {
  const place = name && document.getElementById(name);
  if (!place) return;
  for (let box = place.parentElement; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
  place.scrollIntoView();
}

// Sideways only: the page itself stays where it is.
function bringIntoView(tab) {
  const bar = tab.closest("ul");
  bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}

function tabs(state) {
  return h("ul", {}, offered().map(({ name, title, marked }) => h("li", {},
    h("a", { href: link({ view: name, run: null, finding: "", sort: "" }), "data-key": `view ${name}`,
      "aria-current": name === state.view ? "page" : null },
    title, marked ? h("span", { class: "count" }, ` ${marked(doc)}`) : null))));
}

function filterBar(state) {
  if (!doc.rows.length) return "";
  const facets = FACETS.map(([facet, title]) => [facet, title, doc.rows.values(facet)])
    .filter(([facet, , values]) => values.length > 1 || state.filters.has(facet));
  const chosen = doc.mask.reduce((sum, shown) => sum + shown, 0);
  const campaigns = doc.rows.values("campaign_id");
  const active = state.filters.size || state.campaign;
  return h("details", { class: "bar", open: barOpen || wide(),
    ontoggle: (event) => { barOpen = event.target.open && !wide(); } },
  h("summary", {}, "Filters"),
  h("div", {},
    facets.map(([facet, title, values]) => dropdown(state, facet, title, values)),
    campaigns.length > 1 ? campaignSelect(state, campaigns) : null,
    h("p", { class: "chosen", "aria-live": "polite" },
      `${chosen.toLocaleString("en")} of ${count(doc.rows.length, "run")} `,
      active ? h("a", { href: link({ filters: new Map(), campaign: "" }) }, "Clear filters") : null)));
}

// On a phone the filters are folded; elsewhere they are always there.
let barOpen = false;
let openFacet = null;

function wide() {
  return matchMedia("(min-width: 561px)").matches;
}

function dropdown(state, facet, title, values) {
  const chosen = state.filters.get(facet) || new Set();
  const options = values.map((value) => h("label", {}, h("input", { type: "checkbox",
    name: facet, value, checked: chosen.has(value), "data-key": `${facet} ${value}`,
    onchange: (event) => {
      openFacet = facet;
      go({ filters: withFilter(facet, value, event.target.checked) });
    } }), facet === "backend" ? [" ", marker(doc, value), toolName(doc, value)]
    : ` ${value}`));
  return h("details", { class: chosen.size ? "facet on" : "facet", "data-facet": facet,
    open: openFacet === facet, ontoggle: (event) => {
      if (event.target.open) openFacet = facet;
      else if (openFacet === facet) openFacet = null;
    } },
  h("summary", {}, title, chosen.size
    ? `: ${[...chosen].map((value) => (facet === "backend" ? toolName(doc, value) : value)).join(", ")}` : ""),
  h("fieldset", {}, h("legend", { class: "away" }, title), options));
}

// Its toggle event comes later: a page that is drawn anew before that must not open it again.
function fold(facet) {
  facet.open = false;
  openFacet = null;
}

function campaignSelect(state, campaigns) {
  const options = [...campaigns].reverse().map((id) =>
    h("option", { value: id, selected: id === state.campaign }, id));
  return h("label", { class: "campaign" }, "Campaign ", h("select", {
    "data-key": "campaign", onchange: (event) => go({ campaign: event.target.value }) },
  h("option", { value: "" }, "all"), options));
}

function chooseTheme(wish) {
  if (wish) document.documentElement.dataset.theme = wish;
  redraw();
}

// On paper stands what is on the screen, in the light theme, with every chart drawn.
function print(begin) {
  printing = begin;
  document.documentElement.classList.toggle("printing", begin);
  redraw(true);
  document.querySelectorAll(".scroll > table").forEach((made) => fit(made, begin));
}

// A table that is still too wide for the paper is printed smaller.
function fit(made, begin) {
  made.style.zoom = "";
  const share = made.parentElement.clientWidth / made.offsetWidth;
  if (begin && share < 1) made.style.zoom = share;
}

async function start() {
  if (typeof DecompressionStream === "undefined") {
    main.replaceChildren(empty("This report needs a browser of 2023 or later."));
    return;
  }
  doc = await unpack(document.getElementById("document").textContent);
  doc.rows = new Rows(doc.columns);
  doc.fields = new Fields(doc.fields);
  doc.details = new Details(doc.details);
  doc.licence = document.body.dataset.licence;
  document.body.append(tip);
  document.getElementById("theme").addEventListener("click", () =>
    chooseTheme(theme() === "dark" ? "light" : "dark"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chooseTheme());
  drawer().addEventListener("cancel", (event) => {
    event.preventDefault();
    go({ run: null });
  });
  drawer().addEventListener("click", (event) => {
    if (event.target === drawer()) go({ run: null });
  });
  addEventListener("hashchange", render);
  addEventListener("resize", () => redraw());
  matchMedia("(min-width: 561px)").addEventListener("change", render);
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  document.addEventListener("click", (event) => {
    for (const facet of document.querySelectorAll("details.facet[open]")) {
      if (!facet.contains(event.target)) fold(facet);
    }
  });
  addEventListener("keydown", (event) => {
    const open = document.querySelector("details.facet[open]");
    if (event.key !== "Escape" || !open) return;
    fold(open);
    open.querySelector("summary").focus();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.hidden = true;
  });
  render();
  document.body.dataset.ready = "yes";
}

start();
