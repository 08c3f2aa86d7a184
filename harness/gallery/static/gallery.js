"use strict";
// What is shown is in the address, behind the #: a link restores it. Nothing is computed here.
(() => {
  const form = document.getElementById("search");
  const query = document.getElementById("q");
  const facets = [...form.querySelectorAll("select")];
  const table = document.getElementById("lines");
  const lines = [...table.tBodies[0].rows];
  const files = [...document.getElementById("files").tBodies[0].rows];
  const text = (row) => `${row.textContent} ${row.dataset.words}`.toLowerCase();
  const words = new Map(lines.map((row) => [row, text(row)]));
  const listed = new Set(lines.map((row) => row.dataset.campaign));
  let sorted = "";

  function fits(row, wanted) {
    const held = words.get(row);
    return wanted.every((word) => held.includes(word)) &&
      facets.every((facet) => !facet.value || row.dataset[facet.name] === facet.value);
  }

  function show() {
    const wanted = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = lines.filter((row) => fits(row, wanted));
    const shown = new Set(chosen);
    for (const row of lines) row.hidden = !shown.has(row);
    const campaigns = new Set(chosen.map((row) => row.dataset.campaign));
    const all = chosen.length === lines.length;
    for (const row of files) {
      const campaign = row.dataset.campaign;
      row.hidden = !all && !campaigns.has(campaign);
      if (!listed.has(campaign)) row.hidden = !all;
    }
    const count = (number) => number.toLocaleString("en");
    document.getElementById("count").value =
      all ? `all ${count(lines.length)} shown` : `${count(chosen.length)} of ${count(lines.length)} shown`;
    document.getElementById("none").hidden = chosen.length > 0;
  }

  function sort(key) {
    const down = key.startsWith("-");
    const name = down ? key.slice(1) : key;
    const head = [...table.tHead.rows[0].cells].find((cell) => cell.dataset.key === name);
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    sorted = head ? key : "";
    const body = table.tBodies[0];
    if (!head) return body.append(...lines);
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const number = head.classList.contains("number");
    const value = (row) => {
      const told = row.cells[head.cellIndex].getAttribute(`data-${name}`);
      return number && told !== "" ? Number(told) : told;
    };
    const order = (a, b) => {
      if (a === "" || b === "") return (a === "") - (b === ""); // what is not known stands last
      const way = number ? a - b : a.localeCompare(b, "en");
      return down ? -way : way;
    };
    body.append(...[...lines].sort((a, b) => order(value(a), value(b))));
  }

  function keep() {
    const state = new URLSearchParams();
    if (query.value) state.set("q", query.value);
    for (const facet of facets) if (facet.value) state.set(facet.name, facet.value);
    if (sorted) state.set("sort", sorted);
    history.replaceState(null, "", `${state}` ? `#${state}` : location.pathname + location.search);
  }

  function restore() {
    if (document.getElementById(location.hash.slice(1))) return show(); // a link to a place here
    const state = new URLSearchParams(location.hash.slice(1));
    query.value = state.get("q") ?? "";
    for (const facet of facets) {
      const asked = state.get(facet.name) ?? "";
      facet.value = [...facet.options].some((option) => option.value === asked) ? asked : "";
    }
    sort(state.get("sort") ?? "");
    show();
  }

  for (const head of table.tHead.rows[0].querySelectorAll("[data-key]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => {
      sort(sorted === head.dataset.key ? `-${sorted}` : head.dataset.key);
      keep();
    });
    head.append(button);
  }
  // On a phone the filters are folded until one is chosen; elsewhere they are always there.
  const wide = matchMedia("(min-width: 801px)");
  const unfold = () => {
    document.getElementById("facets").open = wide.matches || facets.some((facet) => facet.value);
  };
  wide.addEventListener("change", unfold);
  const changed = () => { show(); keep(); };
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  addEventListener("hashchange", restore);
  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  form.hidden = false;
  restore();
  unfold();
  document.body.dataset.ready = "";
})();
