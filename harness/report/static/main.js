// The page: filters, tabs, theme; everything shown follows from the URL.

const main = document.getElementById("view");
let doc;

function views(state) {
  const of = {
    runs: () => runsView(doc, state),
    invalid: () => invalidView(doc),
    findings: () => findingsView(doc),
    reference: () => referenceView(doc),
    about: () => aboutView(doc),
  };
  return (name) => (of[name] ? of[name]() : sideView(doc, state, name));
}

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
  const shown = hashOf({ ...state, run: null });
  if (main.dataset.shown !== shown) {
    main.replaceChildren(h("h2", { tabindex: "-1" }, titleOf(state.view)), ...views(state)(state.view));
    main.dataset.shown = shown;
  }
  if (state.run) openDrawer(doc, state.run);
  else if (drawer().open) drawer().close();
  redraw();
}

// Sideways only: the page itself stays where it is.
function bringIntoView(tab) {
  const bar = tab.closest("ul");
  bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}

function titleOf(view) {
  return VIEWS.find(([name]) => name === view)[1];
}

function tabs(state) {
  const bad = chosenRows(doc, (row) => BAD.has(doc.rows.get("status", row))).length;
  return h("ul", {}, VIEWS.map(([name, title]) => h("li", {},
    h("a", { href: link({ view: name, run: null, finding: "", sort: "" }), "data-key": `view ${name}`,
      "aria-current": name === state.view ? "page" : null },
    title, name === "invalid" ? h("span", { class: "count" }, ` ${bad}`) : null))));
}

function filterBar(state) {
  const facets = FACETS.map(([facet, title]) => [facet, title, doc.rows.values(facet)])
    .filter(([facet, , values]) => values.length > 1 || state.filters.has(facet));
  const chosen = doc.mask.reduce((sum, shown) => sum + shown, 0);
  const campaigns = doc.rows.values("campaign_id");
  const active = state.filters.size || state.campaign;
  return h("div", { class: "bar" },
    facets.map(([facet, title, values]) => dropdown(state, facet, title, values)),
    campaigns.length > 1 ? campaignSelect(state, campaigns) : null,
    h("p", { class: "chosen", "aria-live": "polite" },
      `${chosen.toLocaleString("en")} of ${count(doc.rows.length, "run")} `,
      active ? h("a", { href: link({ filters: new Map(), campaign: "" }) }, "Clear filters") : null));
}

let openFacet = null;

function dropdown(state, facet, title, values) {
  const chosen = state.filters.get(facet) || new Set();
  const options = values.map((value) => h("label", {}, h("input", { type: "checkbox",
    name: facet, value, checked: chosen.has(value), "data-key": `${facet} ${value}`,
    onchange: (event) => {
      openFacet = facet;
      go({ filters: withFilter(facet, value, event.target.checked) });
    } }), ` ${value}`));
  return h("details", { class: chosen.size ? "facet on" : "facet", "data-facet": facet,
    open: openFacet === facet, ontoggle: (event) => {
      if (event.target.open) openFacet = facet;
      else if (openFacet === facet) openFacet = null;
    } },
  h("summary", {}, title, chosen.size ? `: ${[...chosen].join(", ")}` : ""),
  h("fieldset", {}, h("legend", { class: "away" }, title), options));
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

// On paper all views stand one after another, in the light theme, with every chart drawn.
function print(begin) {
  printing = begin;
  document.documentElement.classList.toggle("printing", begin);
  const state = readState();
  if (begin) {
    if (drawer().open) return redraw(true);
    main.replaceChildren(...VIEWS.flatMap(([name, title]) => [h("h2", {}, title), ...views(state)(name)]));
    main.dataset.shown = "all";
    for (const phases of main.querySelectorAll("details.phases")) phases.open = true;
    redraw(true);
  } else {
    main.dataset.shown = "";
    render();
  }
  return null;
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
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  document.addEventListener("click", (event) => {
    for (const facet of document.querySelectorAll("details.facet[open]")) {
      if (!facet.contains(event.target)) facet.open = false;
    }
  });
  addEventListener("keydown", (event) => {
    const open = document.querySelector("details.facet[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  render();
  document.body.dataset.ready = "yes";
}

start();
