"use strict";
// Functions that do not use the document.

const number = new Intl.NumberFormat("en");
const plural = (count, one, many = `${one}s`) => `${number.format(count)} ${count === 1 ? one : many}`;

// 59 s, 59 min, 23 h 59 min, 9 d 23 h, 400 d
function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds)), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
  if (s < 60) return `${s} s`;
  if (m < 60) return `${m} min`;
  if (h < 24) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
  if (d < 10) return h % 24 ? `${d} d ${h % 24} h` : `${d} d`;
  return `${number.format(d)} d`;
}
const ago = (seconds) => (seconds === null ? "never" : seconds < 1 ? "just now" : `${duration(seconds)} ago`);
const left = (seconds) => (seconds >= 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`);

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0, value = count;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const sum = (counts) => counts.reduce((total, count) => total + count, 0);
// 27 Nov 2026 21:05:03, of an RFC 3339 time in UTC
function instant(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" })} ${date.toISOString().slice(11, 19)}`;
}
// The time of day of a minute, by its index.
const minuteOf = (start, index) => new Date(Date.parse(start) + index * 60000).toISOString().slice(11, 16);
// Text from outside: what acts on the text around it is written as an escape, as in the log.
const printable = (text) => String(text).replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (one) => `\\u{${one.codePointAt(0).toString(16)}}`);

// Elements. Text is always text: nothing here makes markup of a string.

function node(namespace, name, attributes, children) {
  const made = namespace ? document.createElementNS(namespace, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(4).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}
const h = (name, attributes, ...children) => node(null, name, attributes, children);
const s = (name, attributes, ...children) => node("http://www.w3.org/2000/svg", name, attributes, children);
// A name from outside: its direction of writing stays inside of it.
const name = (text, attributes) => h("bdi", attributes, printable(text));
const when = (text, shown) => h("time", { datetime: text, title: `${instant(text)} UTC` }, shown ?? instant(text));

// Makes an element like another one, and keeps what has not changed: focus, selection and open details stay.
function renew(old, made) {
  if (old.nodeType !== made.nodeType || old.nodeName !== made.nodeName) return void old.replaceWith(made);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== made.data) old.data = made.data;
    return;
  }
  for (const { name, value } of [...made.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!made.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  renewChildren(old, [...made.childNodes]);
}

function renewChildren(parent, children) {
  const keyed = new Map([...parent.children].filter((child) => child.dataset?.key).map((child) => [child.dataset.key, child]));
  let place = parent.firstChild;
  for (const child of children) {
    const key = child.dataset?.key;
    const same = key ? keyed.get(key) : place && !place.dataset?.key ? place : null;
    if (!same) { parent.insertBefore(child, place); continue; }
    if (same === place) place = place.nextSibling; else parent.insertBefore(same, place);
    renew(same, child);
  }
  while (place) { const next = place.nextSibling; place.remove(); place = next; }
}

const show = (id, ...children) => renewChildren(document.querySelector(`#${id} > div`), children.flat(4).filter(Boolean));
const nothing = (text) => h("p", { class: "nothing" }, text);
const more = (count, shown, one, many) => count > shown && h("p", { class: "more" }, `${number.format(count - shown)} more ${count - shown === 1 ? one : many} not listed.`);

const shapes = { ok: "M6 0a6 6 0 1 0 0 12A6 6 0 0 0 6 0z", warning: "M6 .5 12 11.5H0z", fault: "M0 0h12v12H0z" };
const words = { ok: "Fine", warning: "Warning", fault: "Fault" };
const mark = (level) => [s("svg", { class: `mark ${level}`, viewBox: "0 0 12 12", "aria-hidden": "true" }, s("path", { d: shapes[level] })), h("span", { class: "hidden" }, `${words[level]}: `)];
const row = (level, ...children) => h("li", {}, mark(level), h("div", { class: "row" }, ...children));
const facts = (...parts) => h("p", { class: "facts" }, parts.filter(Boolean).map((part) => h("span", {}, part, " ")));

// Plots

// One bar a minute, from below. The largest is as high as the plot, unless all are small.
function bars(counts, width, height) {
  const most = Math.max(5, ...counts), step = width / counts.length;
  return counts.map((count, index) => {
    const size = count === 0 ? 0 : Math.max(1, (count / most) * height);
    return { x: index * step, y: height - size, width: step * 0.8, height: size };
  });
}
const rounded = (value) => String(Math.round(value * 100) / 100);
const path = (all) => all.filter((bar) => bar.height > 0).map((bar) => `M${rounded(bar.x)} ${rounded(bar.y)}h${rounded(bar.width)}v${rounded(bar.height)}h${rounded(-bar.width)}z`).join("");

function peak(counts, start) {
  const most = Math.max(0, ...counts);
  return most === 0 ? "none" : `most ${number.format(most)} a minute, at ${minuteOf(start, counts.lastIndexOf(most))}`;
}

function plot(title, counts, kind, start) {
  const total = sum(counts), width = 360, height = 72;
  const hover = counts.map((count, index) => s("rect", { class: "room", x: rounded(index * width / counts.length), y: "0", width: rounded(width / counts.length), height: String(height) },
    s("title", {}, `${minuteOf(start, index)}: ${number.format(count)}`)));
  return h("figure", { class: "plot" },
    h("figcaption", {}, h("span", {}, h("strong", {}, title), ` ${number.format(total)}`), total > 0 && h("span", {}, peak(counts, start))),
    s("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title} by minute: ${number.format(total)} in total, ${peak(counts, start)}` },
      s("path", { class: `bar-${kind}`, d: path(bars(counts, width, height)) }), hover));
}

// Beside its total; the rows of a table have scales of their own.
function spark(counts, kind, label, start) {
  return s("svg", { viewBox: "0 0 120 18", preserveAspectRatio: "none", role: "img", "aria-label": `${label} by minute: ${peak(counts, start)}` },
    s("path", { class: `bar-${kind}`, d: path(bars(counts, 120, 18)) }));
}

function axis(start, count) {
  const times = [0, count / 3, (2 * count) / 3].map((index) => minuteOf(start, Math.floor(index)));
  return h("p", { class: "axis", "aria-hidden": "true" }, times.map((time) => h("span", {}, time)), h("span", {}, "now"));
}

// Sections

function showHeader(status) {
  renewChildren(document.getElementById("process"), [document.createTextNode(`version ${status.version}, up ${duration(status.uptimeSeconds)}`)]);
}

// What the links of the verdict are called.
const sections = { decisions: "last hour", "held-back": "files", keys: "keys", credentials: "credentials", ends: "ends", reloads: "reloads", tenants: "tenants", warnings: "warnings" };
function showVerdict(status) {
  const { attention } = status;
  const level = attention.faults > 0 || status.status !== "ready" ? "fault" : attention.warnings > 0 ? "warning" : "ok";
  const heading = status.status !== "ready" ? "Not ready" : level === "ok" ? "Ready" : level === "fault" ? "Ready, with faults" : "Ready, with warnings";
  const counts = [attention.faults && plural(attention.faults, "fault"), attention.warnings && plural(attention.warnings, "warning")].filter(Boolean).join(", ");
  const section = document.getElementById("verdict");
  section.className = level;
  renew(document.getElementById("h-verdict"), h("h2", { id: "h-verdict" }, mark(level)[0], h("span", {}, heading), h("small", {}, counts || "nothing needs attention")));
  show("verdict", attention.items.length > 0 && h("ul", { class: "attention" }, attention.items.map((item) => h("li", {}, mark(item.level), name(item.text),
    item.section !== null && h("a", { class: "where", href: `#${item.section}` }, sections[item.section] ?? item.section)))),
  more(attention.faults + attention.warnings, attention.items.length, "one is", "are"));
  document.title = `Postern: ${status.status === "ready" ? "ready" : "not ready"}${counts ? `, ${counts}` : ""}`;
  return `${heading}. ${counts}`;
}

function showFigures(status) {
  const { decisions, rules, connections, audit } = status;
  const tickets = sum(decisions.tickets), refusals = sum(decisions.refusals);
  const held = status.heldBackFiles > 0, dropped = status.logLinesDropped > 0;
  const figures = [
    ["Tickets, 60 min", number.format(tickets), `${number.format(decisions.tickets.at(-1))} this minute`],
    ["Refusals, 60 min", number.format(refusals), tickets + refusals > 0 ? `${((100 * refusals) / (tickets + refusals)).toFixed(refusals > 0 && refusals * 200 < tickets + refusals ? 1 : 0)} % of all` : "no requests"],
    ["Tenants", number.format(rules.tenants), held ? `${plural(status.heldBackFiles, "file")} held back` : "no file held back", held && "fault"],
    ["Generation of the rules", number.format(rules.generation), `in force for ${duration(rules.ageSeconds)}`],
    ["Connections", number.format(connections.open), `of ${number.format(connections.limit)}; ${number.format(connections.refused)} refused`],
    ["Memory", status.residentBytes === null ? "–" : bytes(status.residentBytes), dropped ? `${plural(status.logLinesDropped, "log line")} dropped` : "no log line dropped", dropped && "warning"],
    audit !== null && ["Audit log", audit.isWritable ? plural(audit.lines, "line") : "Not written", audit.failedRequests === 0 ? "no request failed" : `${plural(audit.failedRequests, "request")} failed since the start`, audit.isWritable ? audit.failedRequests > 0 && "warning" : "fault"],
  ].filter(Boolean);
  renewChildren(document.getElementById("figures"), figures.map(([title, value, note, level]) => h("div", {}, h("dt", {}, title), h("dd", { class: "number" }, value), h("dd", { class: `note ${level ? `text-${level}` : ""}` }, note))));
}

function showDecisions({ decisions }) {
  const { start, tickets, refusals, codes, tenants, others } = decisions;
  const codeRow = ({ code, status, title, perMinute }) => h("tr", { "data-key": code }, h("th", { scope: "row", title: `${status}: ${title}` }, code),
    h("td", { class: "spark" }, spark(perMinute, status >= 500 ? "error" : "refusal", code, start)), h("td", { class: "count" }, number.format(sum(perMinute))));
  const tenantRow = (key, title, one) => h("tr", { "data-key": key }, h("th", { scope: "row" }, name(title)),
    h("td", { class: "spark" }, spark(one.tickets, "ticket", `tickets of ${printable(title)}`, start)), h("td", { class: "count" }, number.format(sum(one.tickets))), h("td", { class: "count" }, number.format(sum(one.refusals))));
  show("decisions", h("div", { class: "columns" },
    h("div", {}, plot("Tickets", tickets, "ticket", start), plot("Refusals", refusals, "refusal", start), axis(start, tickets.length)),
    h("div", {}, codes.length === 0 ? [h("h3", {}, "Refusals by code"), nothing("None.")] : h("table", {}, h("caption", {}, "Refusals by code"),
      h("thead", { class: "hidden" }, h("tr", {}, h("th", { scope: "col" }, "Code"), h("th", { scope: "col" }, "By minute"), h("th", { scope: "col" }, "Count"))), h("tbody", {}, codes.map(codeRow)))),
    h("div", {}, tenants.length === 0 ? [h("h3", {}, "By tenant"), nothing("None.")] : h("table", {}, h("caption", {}, "By tenant"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Tenant"), h("th", { scope: "col", colspan: "2", class: "count" }, "Tickets"), h("th", { scope: "col", class: "count" }, "Refusals"))),
      h("tbody", {}, tenants.map((one) => tenantRow(`tenant ${one.tenant}`, one.tenant, one)), others && tenantRow("others", "others", others))))));
}

function problemPlace({ file, line, column }) { return line > 0 ? `${file}:${line}:${column}` : file; }
const problem = (one) => h("p", { class: "problem" }, name(problemPlace(one), { class: "place" }), name(one.message), h("br"), h("span", { class: "quiet" }, name(one.advice)));

function showHeldBack(status) {
  const files = status.heldBack.map((held) => h("li", { "data-key": held.file }, mark("fault"), h("div", { class: "row" },
    h("div", { class: "head" }, name(held.file), h("span", { class: "quiet" }, `for ${duration(held.sinceSeconds)}`)),
    h("p", {}, held.tenant !== null ? [h("strong", {}, name(held.tenant)), held.serves ? " is served by what the file said before." : " is not served."] : "What it said before stays in force."),
    held.problems.map(problem), more(held.problemCount, held.problems.length, "problem is", "problems are"))));
  show("held-back", files.length === 0 ? nothing("None: the latest content of every file is in force.") : h("ul", { class: "rows" }, files), more(status.heldBackFiles, files.length, "file is", "files are"));
}

const lastError = (one) => one.lastError !== null && h("p", { class: one.failuresInARow > 0 ? "problem" : "problem quiet" },
  one.failuresInARow > 0 ? `${plural(one.failuresInARow, "fetch has", "fetches in a row have")} failed, the last ${ago(one.lastErrorAgeSeconds)}: ` : `The last failure was ${ago(one.lastErrorAgeSeconds)}: `, name(one.lastError));

function showKeys(status) {
  const sets = status.keySets.map(({ skippedKeys = [], ...keys }) => row(keys.level,
    h("div", { class: "head" }, name(keys.issuer), h("span", { class: `text-${keys.level}` }, keys.source === "file" ? "file" : keys.ageSeconds === null ? "never fetched" : ago(keys.ageSeconds))),
    facts(keys.tenant === null ? "service-wide" : ["tenant ", name(keys.tenant)], keys.source === "file" ? null : keys.source, plural(keys.keyIds.length, "key"),
      keys.keyIds.some((id) => id !== null) && name(keys.keyIds.slice(0, 4).map((id) => id ?? "without id").join(", ") + (keys.keyIds.length > 4 ? ", …" : ""), { class: "mono" })),
    skippedKeys.length > 0 && h("p", { class: "problem" }, `${plural(skippedKeys.length, "key is", "keys are")} not used: `, name(skippedKeys.slice(0, 4).join("; "))),
    lastError(keys)));
  show("keys", sets.length === 0 ? nothing("No issuer is declared: only API keys are accepted.") : h("ul", { class: "rows" }, sets), more(status.keySetCount, sets.length, "key set is", "key sets are"));
}

function showCredentials(status) {
  const sources = status.credentials.map((one) => row(one.level,
    h("div", { class: "head" }, name(one.source), h("span", { class: `text-${one.level}` }, one.provider === null ? "none" : one.expiresAt === null ? "no end" : ["ends ", when(one.expiresAt, left(one.remainingSeconds))])),
    facts(one.provider !== null && name(one.provider), one.accessKeySuffix !== null && ["key …", h("span", { class: "mono" }, one.accessKeySuffix)], one.ageSeconds !== null && `fetched ${ago(one.ageSeconds)}`),
    one.problem !== null && one.problem !== one.lastError && h("p", { class: "problem" }, name(one.problem)),
    lastError(one)));
  show("credentials", h("ul", { class: "rows" }, sources), more(status.credentialsCount, sources.length, "source is", "sources are"));
}

const kinds = { certificate: "certificate of the public listener", "api-key": "API key", issuer: "issuer" };
function showEnds(status) {
  const ends = status.ends.map((end) => row(end.level,
    h("div", { class: "head" }, name(end.name), h("span", { class: `text-${end.level}` }, end.remainingSeconds < 0 ? "ended " : "ends ", when(end.at, left(end.remainingSeconds)))),
    facts(kinds[end.kind] ?? end.kind, end.tenant !== null && ["tenant ", name(end.tenant)], when(end.at))));
  show("ends", ends.length === 0 ? nothing("Nothing that has an end.") : h("ul", { class: "rows" }, ends), more(status.endsCount, ends.length, "later end is", "later ends are"));
}

const results = { ok: ["ok", "in force"], partial: ["warning", "partly in force"], "held-back": ["fault", "held back"] };
function showReloads(status) {
  const { rules } = status;
  const reloads = status.reloads.map((one) => {
    const [level, word] = results[one.result] ?? ["warning", one.result];
    const changes = [one.added && `${number.format(one.added)} added`, one.changed && `${number.format(one.changed)} changed`, one.removed && `${number.format(one.removed)} removed`].filter(Boolean).join(", ");
    const notes = [...one.problems, ...one.warnings];
    return h("li", { "data-key": String(one.number) }, mark(level), h("div", { class: "row" },
      h("div", { class: "head" }, h("span", {}, when(one.at)), h("span", { class: `text-${level}` }, one.isStart ? "start" : word)),
      facts(`generation ${number.format(one.generation)}`, changes && `tenants: ${changes}`, one.serviceFile && "service-wide file", one.certificate && "certificate", one.heldBackFiles > 0 && `${plural(one.heldBackFiles, "file")} held back`),
      one.tenants.length > 0 && h("p", { class: "quiet" }, name(one.tenants.join(", "), { class: "mono" }), one.added + one.changed + one.removed > one.tenants.length ? ", …" : ""),
      one.settingsForRestart.length > 0 && h("p", { class: "text-warning" }, `A restart is needed for: ${one.settingsForRestart.join(", ")}`),
      notes.length > 0 && h("details", {}, h("summary", {}, [one.problemCount && plural(one.problemCount, "problem"), one.warningCount && plural(one.warningCount, "warning")].filter(Boolean).join(", ")),
        notes.map((text) => h("p", { class: "problem" }, name(text))), more(one.problemCount + one.warningCount, notes.length, "is", "are"))));
  });
  const { ok, partial } = rules.reloads, held = rules.reloads["held-back"];
  show("reloads", h("p", { class: "quiet" }, `Since the start: ${number.format(ok)} in force, ${number.format(partial)} partly, ${number.format(held)} held back. `,
    rules.lastLookAgeSeconds === null ? "Files have not been looked at since." : `Files were looked at ${ago(rules.lastLookAgeSeconds)}.`), h("ol", { class: "rows" }, reloads));
}

function showTenants({ tenantSearch, rules }) {
  const { text, matches, tenants } = tenantSearch;
  const states = (one) => [one.suspended && h("span", { class: "text-warning" }, "suspended"), one.heldBack && h("a", { class: "text-fault", href: "#held-back" }, "newest file held back"), one.problems.map((each) => h("span", { class: "text-fault" }, name(each)))].flat().filter(Boolean);
  const items = tenants.map((one) => {
    const state = states(one);
    return h("li", { "data-key": one.tenant }, h("div", { class: "row" }, h("p", { class: "name" }, name(one.tenant)),
      " ", h("p", {}, name(one.rules.join(", "), { class: "mono" }), one.ruleCount > one.rules.length && ` and ${number.format(one.ruleCount - one.rules.length)} more`), " ",
      h("p", { class: "quiet" }, name(one.buckets.join(", "), { class: "mono" }), state.map((each) => [" · ", each]))));
  });
  const found = text === "" ? plural(rules.tenants, "tenant") : `${plural(matches, "tenant")} of ${number.format(rules.tenants)} ${matches === 1 ? "matches" : "match"}`;
  show("tenants", h("p", { class: "quiet", id: "found" }, `${found}${matches > tenants.length ? `; the first ${number.format(tenants.length)} are listed` : ""}. Digest `, h("code", {}, rules.digest)),
    items.length > 0 && h("ul", { class: "rows" }, items));
}

function showWarnings(status) {
  show("warnings", status.warnings.length === 0 ? nothing("None.") : h("ul", { class: "rows" }, status.warnings.map((one) => row("warning", h("div", { class: "head" }, name(problemPlace(one))), h("p", {}, name(one.message)), h("p", { class: "quiet" }, name(one.advice))))),
    more(status.warningCount, status.warnings.length, "warning is", "warnings are"));
}

// Asking the service

const interval = 5000, patience = 10000;
let paused = false, timer = 0, lastAnswer = 0, running = null, told = "";

function showStatus(status) {
  document.getElementById("all").hidden = false;
  showHeader(status);
  const verdict = showVerdict(status);
  for (const each of [showFigures, showDecisions, showHeldBack, showKeys, showCredentials, showEnds, showReloads, showTenants, showWarnings]) each(status);
  if (verdict !== told) { document.getElementById("announcer").textContent = verdict; told = verdict; }
}

function showAge() {
  const text = lastAnswer === 0 ? "" : `${paused ? "Paused, updated" : "Updated"} ${ago((Date.now() - lastAnswer) / 1000)}`;
  const age = document.getElementById("age");
  if (age.textContent !== text) age.textContent = text;
}

function showLost(reason) {
  const lost = document.getElementById("lost");
  const text = reason === null ? "" : `The service does not answer (${reason}).${lastAnswer ? ` What is shown is of ${new Date(lastAnswer).toISOString().slice(11, 19)}.` : ""}`;
  if (lost.textContent !== text) lost.textContent = text;
  lost.hidden = reason === null;
  document.body.classList.toggle("stale", reason !== null);
  const verdict = document.getElementById("h-verdict");
  if (reason !== null && lastAnswer && !verdict.dataset.before) {
    renew(verdict, h("h2", { id: "h-verdict", "data-before": "yes" }, h("span", {}, "No answer"), h("small", {}, `before: ${verdict.textContent}`)));
  }
}

async function ask() {
  clearTimeout(timer);
  running?.abort();
  const request = running = new AbortController();
  const limit = setTimeout(() => request.abort(new Error("no answer in 10 s")), patience);
  try {
    const text = document.getElementById("query").value.trim();
    const response = await fetch(`/status.json${text ? `?tenants=${encodeURIComponent(text)}` : ""}`, { signal: request.signal, credentials: "omit", cache: "no-store" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const status = await response.json();
    if (request !== running) return;
    lastAnswer = Date.now();
    showLost(null);
    showStatus(status);
  } catch (error) {
    if (request !== running) return;
    showLost(error.message);
    document.title = "Postern: no answer";
  } finally {
    clearTimeout(limit);
    if (request === running) {
      showAge();
      if (!paused && !document.hidden) timer = setTimeout(ask, interval);
    }
  }
}

document.getElementById("host").textContent = location.host;
document.getElementById("pause").addEventListener("click", (event) => {
  paused = !paused;
  event.currentTarget.textContent = paused ? "Resume" : "Pause";
  if (paused) clearTimeout(timer); else ask();
  showAge();
});
let typing = 0;
document.getElementById("query").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(ask, 250); });
document.getElementById("search").addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); ask(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden && !paused) ask(); else clearTimeout(timer); });
setInterval(showAge, 1000);
ask();
