// One run in full: figures, timeline, findings, provenance, and the command to run it again.

const drawer = () => document.getElementById("drawer");

function openDrawer(doc, id) {
  const row = doc.rows.row(id);
  const box = drawer();
  if (box.open && box.dataset.run === id) return;
  box.dataset.run = id;
  const close = h("button", { type: "button", class: "close", "aria-label": "Close",
    onclick: () => go({ run: null }) }, "×");
  box.replaceChildren(close, ...(row === undefined
    ? [h("h2", {}, "No such run"), empty(`${id} is not in this report.`)] : content(doc, row)));
  if (!box.open) box.showModal();
  box.scrollTop = 0;
}

function content(doc, row) {
  const get = (name) => doc.rows.get(name, row);
  const failure = doc.details.failure(row);
  const findings = doc.details.findings(row);
  return [
    h("h2", {}, get("tool"), " ", badge(get("status"))),
    h("p", { class: "conditions" }, [modeText(get), `variant ${get("variant")}`, get("workload"),
      `dataset ${get("dataset")}`, `launcher ${get("launcher")}`, `device ${get("device")}`,
      get("precision"), get("machine")].filter(Boolean).map((part) => h("span", {}, part))),
    h("p", { class: "id" }, h("code", {}, get("run_id"))),
    failure ? h("div", { class: "alert" }, h("p", {}, h("strong", {}, failure.reason), ": ",
      failure.message), failure.advice ? h("p", {}, "Advice: ", failure.advice) : null) : null,
    findings.length ? h("section", {}, h("h3", {}, "Findings"), findings.map((finding) =>
      h("div", { class: "alert" }, h("p", {}, badge(finding.severity), " ", h("code", {}, finding.code),
        `: ${finding.evidence}`), h("p", {}, "Advice: ", finding.advice)))) : null,
    h("section", {}, h("h3", {}, "Figures"), facts(shownOf(doc, row, "detail"), "figures-of-run")),
    h("section", { class: "timeline" }, h("h3", {}, "Timeline"), timelineBox(doc, row)),
    epochsTable(doc, row),
    h("section", {}, h("h3", {}, "The run"), facts(shownOf(doc, row, "about"))),
    h("section", {}, h("h3", {}, "Run it again"), rerunBox(doc, row)),
    h("section", { class: "provenance" }, h("h3", {}, "Provenance"), facts(provenance(doc, row))),
  ].filter(Boolean);
}

// All columns of a place that the run can have; "-" is "not measured". Texts that are not there are
// left out.
function shownOf(doc, row, place) {
  const get = (name) => doc.rows.get(name, row);
  const measured = get("time_s") !== null;
  return doc.fields.shownIn(place).map((field) => settled(doc, field, row)).filter((field) => applies(field, get))
    .filter((field) => ![null, ""].includes(get(field.key)) || (measured && field.digits !== null))
    .map((field) => [field.head, cellText(field, get), field.definition]);
}

function provenance(doc, row) {
  const part = (name) => doc.details.part(name, row) || {};
  const [from, pins, live, host] = [part("provenance"), part("pins"), part("attestation"), part("host")];
  const [gpu, launch, isolation] = ["gpu", "launch", "isolation"].map(part);
  const listed = (map) => Object.entries(map || {}).map(([name, value]) =>
    h("div", {}, h("code", {}, `${name} `), String(value)));
  const debian = Object.keys(from.debian_packages || {}).length;
  return [
    [from.kind === "image" ? "Image" : "Environment", from.reference],
    ["Image id", from.image_id && h("code", {}, from.image_id)],
    ["Base", from.base && h("span", {}, from.base, " ", h("code", {}, from.base_id || ""))],
    ["Lock files (SHA-256)", listed(from.locks_sha256)],
    ["Note", from.note],
    ["Pinned", [...listed({ python: pins.python, ...pins.packages }), ...listed({
      ...(pins.cuda && { CUDA: pins.cuda }), ...(pins.cudnn && { cuDNN: pins.cudnn }) })]],
    ["Loaded", listed(live.packages && { python: live.python, ...live.packages })],
    ["Libraries loaded", listed(live.library_versions)],
    ["Library files", Object.keys(live.libraries || {}).length ? h("details", {}, h("summary", {},
      count(Object.keys(live.libraries).length, "file")), listed(live.libraries)) : null],
    ["Settings", doc.rows.get("settings", row)],
    ["Changed by --set", doc.rows.get("overrides", row)],
    ["Trained on", live.device],
    ["GPU driver", gpu.driver],
    ["GPUs", (gpu.devices || []).map((device) => h("div", {}, `${device.index}: ${device.name}`,
      device.used ? ", used " : ", not used ", h("code", {}, device.uuid)))],
    ["GPU state", gpu.state && gpu.state !== "ok" ? `${gpu.state} ${gpu.detail}` : null],
    ["Host", host.cpu_model && `${host.cpu_model}, ${host.logical_cores} cores, ` +
      `${gib(host.memory_bytes)}, kernel ${host.kernel}`],
    ["Engine", launch.engine],
    ["GPU injection", launch.injection],
    ["Before the start", launch.idle && `${launch.idle.reached ? "idle" : "not idle"}, waited ` +
      `${launch.idle.waited_s} s, CPUs ${fixed(launch.idle.cpu_percent, 0)} % busy`],
    ["Ran as", isolation.uid !== undefined ? `uid ${isolation.uid}, capabilities ` +
      `${isolation.capabilities_effective}, read-only root ${isolation.root_read_only}` : null],
    ["Harness", launch.harness_version && `benchdl ${launch.harness_version}`],
    ["Debian packages", debian ? h("details", {}, h("summary", {}, count(debian, "package")),
      listed(from.debian_packages)) : null],
  ];
}

// Name and value; what was not measured or does not apply is left out.
function facts(pairs, kind = "") {
  const said = pairs.filter(([, value]) => value && (!Array.isArray(value) || value.length));
  return h("dl", { class: `facts ${kind}` }, said.map(([name, value, title]) =>
    [h("dt", { title }, name), h("dd", {}, value)]));
}

function epochsTable(doc, row) {
  const epochs = doc.details.epochs(row);
  if (!epochs.length) return null;
  return h("details", {}, h("summary", {}, count(epochs.length, "epoch")), table({ name: "epochs", label: "Epochs",
    fields: plainFields(["Epoch", "Seconds", "Loss"]), numeric: [1, 2],
    rows: epochs.map(([s, loss], n) => [String(n + 1), s.toFixed(2), loss === null ? "-" : loss.toFixed(4)]) }));
}

function rerunBox(doc, row) {
  const words = doc.details.rerun(row);
  const button = h("button", { type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(words);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
    }
  } }, "Copy");
  const text = h("pre", {}, words);
  return [text, button];
}
