"use strict";
// The list of cases: filtered by what the address says after "#", so that every view can be linked to.
(() => {
  const PAGE = 100; // cases that are shown at once; more on demand, so that 20,000 cases stay quick
  const FILTERS = ["verdict", "requirement", "graph", "argument", "text"];
  const data = JSON.parse(document.getElementById("data").textContent);
  const cases = data.rows.map((row) => {
    const entry = Object.fromEntries(data.columns.map((name, index) => [name, row[index]]));
    entry.arguments = Object.fromEntries(data.arguments[entry.arguments]);
    entry.requirements = data.requirements[entry.requirements];
    entry.blamed = data.requirements[entry.blamed];
    entry.reason = data.reasons[entry.reason];
    entry.headline = data.headlines[entry.headline];
    entry.findings = entry.findings.map((number) => data.findings[number]);
    return entry;
  });
  for (const finding of data.findings) {
    finding.searchable = [finding.summary, finding.detail, ...finding.hints.map((hint) => hint.text), ...finding.variants].join("\n").toLowerCase();
  }

  const form = document.getElementById("filters");
  const list = document.getElementById("list");
  const found = document.getElementById("found");
  const more = document.getElementById("more");
  const section = document.getElementById("cases");
  let matching = [];
  let shown = 0;

  const TESTS = {
    case: (entry, wanted) => entry.id === wanted,
    verdict: (entry, wanted) => entry.verdict === wanted,
    requirement: (entry, wanted) => entry.requirements.includes(wanted) || entry.blamed.includes(wanted),
    graph: (entry, wanted) => entry.graph === wanted,
    argument: (entry, wanted) => wanted in entry.arguments || (wanted === "plain" && !Object.keys(entry.arguments).length),
    text: (entry, wanted) => {
      const text = wanted.toLowerCase();
      return entry.id.toLowerCase().includes(text) || entry.findings.some((finding) => finding.searchable.includes(text));
    },
  };

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** The filters in the address; null where it names a section of the page. */
  function wantedNow() {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) return null;
    const wanted = {};
    for (const [key, value] of new URLSearchParams(hash)) if (key in TESTS && value) wanted[key] = value;
    return wanted;
  }

  function hashOf(wanted) {
    return "#" + new URLSearchParams(wanted);
  }

  function apply(wanted) {
    const tests = Object.entries(wanted);
    matching = cases.filter((entry) => tests.every(([key, value]) => TESTS[key](entry, value)));
    for (const name of FILTERS) {
      const field = form.elements[name];
      const value = wanted[name] ?? "";
      if (field.value !== value) field.value = value;
    }
    shown = 0;
    list.replaceChildren();
    showMore();
    const only = wanted.case ? " (one case; clear the filters to see all)" : "";
    found.textContent = `${matching.length.toLocaleString("en")} of ${cases.length.toLocaleString("en")} cases${only}`;
  }

  function showMore() {
    const next = matching.slice(shown, shown + PAGE);
    list.append(...next.map((entry) => caseElement(entry, { open: entry.id === wantedNow()?.case })));
    shown += next.length;
    more.hidden = shown >= matching.length;
  }

  function caseElement(entry, { open }) {
    const text = element("span", { class: "row" });
    if (entry.findings.length) text.append(element("span", { class: "headline" }, entry.headline), " ");
    text.append(element("span", { class: "id" }, entry.id));
    const summary = element("summary", {}, chip(entry.verdict), " ", text);
    const box = element("details", { class: "case" }, summary);
    // A case that was linked to is filled at once: the page must be long enough to scroll there.
    box.open = open;
    if (open) box.append(body(entry));
    box.addEventListener("toggle", () => {
      if (box.open && box.childElementCount === 1) box.append(body(entry));
    });
    return box;
  }

  function chip(verdict) {
    return element("span", { class: `chip ${verdict}` }, verdict.replaceAll("_", " "));
  }

  function body(entry) {
    const calls = `${entry.failed_checks} of ${entry.checks} calls with a finding, ${entry.milliseconds} ms, graph ${entry.graph}, ${entry.level}`;
    const box = element("div", { class: "body" }, element("p", { class: "small" }, calls));
    if (entry.reason) box.append(element("p", {}, entry.reason));
    for (const finding of entry.findings) box.append(...findingElements(finding, entry.checks));
    box.append(element("h4", {}, "Run this case again"), ...commandElements(entry));
    const others = entry.requirements.filter((name) => !entry.blamed.includes(name));
    box.append(...rules("Blamed requirements", entry.blamed));
    box.append(...rules(entry.blamed.length ? "Hidden by this failure" : "Requirements", others));
    return box;
  }

  function findingElements(finding, checks) {
    // After a timeout the other variants do not run, so that those that ran are not every one.
    const every = finding.variants.length === checks && finding.code !== "timed_out";
    const variants = every ? "every variant of the call" : finding.variants.join("; ");
    const made = [element("h4", {}, finding.summary), element("p", { class: "small" }, `in: ${variants}`)];
    for (const hint of finding.hints) made.push(element("p", { class: "hint" }, hint.text));
    if (finding.groups.length) made.push(picture(finding.groups));
    if (finding.detail) made.push(element("pre", { tabindex: "0" }, ...finding.detail.split("\n").flatMap(diffLine)));
    return made;
  }

  /** What differs, drawn: a bar for each kind, its length by the logarithm so that one is seen beside thousands. */
  function picture(groups) {
    const longest = Math.log1p(Math.max(...groups.map((group) => group.count)));
    return element("div", { class: "picture" }, ...groups.map((group) => {
      const length = (100 * Math.log1p(group.count)) / longest;
      const bar = element("span", { style: `width:${length.toFixed(1)}%`, "aria-hidden": "true" });
      const amount = element("span", { class: "amount" }, bar, group.count.toLocaleString("en"));
      return element("div", {}, element("span", { class: "label" }, `${group.section}: ${group.kind}`), amount);
    }));
  }

  function diffLine(line, index) {
    const kind = { "+": "add", "-": "del", "~": "chg" }[line.trimStart().slice(0, 2).trimEnd()];
    return [index ? "\n" : "", kind ? element("span", { class: kind }, line) : line];
  }

  function commandElements(entry) {
    const option = `--metagraph-case=${entry.id}`;
    const quoted = /[^\w@%+=:,./-]/.test(option) ? `'${option.replaceAll("'", `'"'"'`)}'` : option;
    const command = `${data.command} ${quoted}`;
    const link = element("a", { href: hashOf({ case: entry.id }) }, "link to this case");
    const actions = element("div", { class: "actions" }, link);
    if (navigator.clipboard) {
      const copy = element("button", { type: "button" }, "Copy");
      copy.addEventListener("click", async () => {
        await navigator.clipboard.writeText(command);
        copy.textContent = "Copied";
      });
      actions.prepend(copy);
    }
    return [element("pre", { class: "command", tabindex: "0" }, command), actions];
  }

  function rules(title, names) {
    return names.length ? [element("h4", {}, title), element("ul", { class: "rules" }, ...names.map(rule))] : [];
  }

  function rule(name) {
    const sentence = data.sentences[name];
    return element("li", {}, element("a", { href: hashOf({ requirement: name }) }, name), sentence ? `: ${sentence}` : "");
  }

  function readForm() {
    const wanted = {};
    for (const name of FILTERS) if (form.elements[name].value) wanted[name] = form.elements[name].value;
    return wanted;
  }

  form.addEventListener("input", () => {
    const wanted = readForm();
    // Typing must not fill the history of the browser.
    history.replaceState(null, "", hashOf(wanted));
    apply(wanted);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    history.replaceState(null, "", "#cases");
    apply({});
  });
  more.addEventListener("click", () => {
    const last = list.lastElementChild;
    showMore();
    last.nextElementSibling.firstElementChild.focus();
  });
  window.addEventListener("hashchange", () => {
    const wanted = wantedNow();
    if (wanted === null) return;
    apply(wanted);
    section.scrollIntoView();
    if (wanted.case && matching.length) list.querySelector("summary").focus();
  });

  const wanted = wantedNow() ?? {};
  const isLinked = Object.keys(wanted).length > 0;
  apply(isLinked || !cases.some((entry) => entry.verdict === "fail") ? wanted : { verdict: "fail" });
  if (isLinked) section.scrollIntoView();
})();
