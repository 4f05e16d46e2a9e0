// SPDX-License-Identifier: Apache-2.0
// The list of chosen files: their uploads, and their rows on the page.

import { endingText, plural, sizeText, timeText } from "./words.js";

/** How many files are uploaded at once. */
const CONCURRENT = 3;
/** How many rows are shown, and how many more at a time. */
const SHOWN = 100;
/** How many files the list can have. */
export const MAXIMUM = 10_000;
/** The files of which a row shows a small picture: types that every browser decodes, up to this size in bytes. */
const PICTURES = /^image\/(png|jpeg|gif|webp|avif)$/, MAXIMUM_PICTURE = 64 * 1024 * 1024;
/** The time over which the speed is measured, in milliseconds. */
const SPEED_WINDOW = 5000;

const FILTERS = {
  all: ["All", () => true],
  open: ["To do", (entry) => ["ready", "waiting", "running"].includes(entry.state)],
  problems: ["With problems", (entry) => ["refused", "failed", "cancelled"].includes(entry.state)],
  stored: ["Stored", (entry) => entry.state === "stored"],
};
const isOpen = (entry) => entry.state === "waiting" || entry.state === "running";
const isOver = (entry) => ["stored", "failed", "cancelled"].includes(entry.state);

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Makes a button do nothing without taking the focus from it. */
export function setEnabled(button, isEnabled) {
  if (isEnabled) button.removeAttribute("aria-disabled"); else button.setAttribute("aria-disabled", "true");
}
export const isEnabled = (button) => button.getAttribute("aria-disabled") !== "true";

export class FileList {
  /**
   * @param $ finds an element of the page by its id
   * @param prepare notes for entries what is chosen now, and says whether they can be uploaded: `(entries)`
   * @param upload uploads the file of an entry, as the module's `upload` does: `(entry, {onProgress, onTicket, signal})`
   * @param linkOf the address of what a ticket has stored: `(ticket)`
   * @param judge says why a file will be refused, or "": `(entry)`
   * @param say announces a text to a screen reader
   * @param changed is called when the number of files to upload may have changed
   */
  constructor({ $, prepare, upload, linkOf, judge, say, changed }) {
    Object.assign(this, { $, prepare, upload, linkOf, judge, say, changed });
    this.entries = [];
    this.lastID = 0;
    this.limit = SHOWN;
    this.filter = "all";
    // The entries of this round of uploads, and the bytes sent in it by time.
    this.round = new Set();
    this.samples = [];
    this.isOrderStale = false;
    this.stale = new Set();
    this.frame = 0;
    this.pictures = [];
    this.isPainting = false;
    $("more").addEventListener("click", () => this.showMore());
    for (const [name, [text]] of Object.entries(FILTERS)) {
      const input = element("input", { type: "radio", name: "filter", value: name, ...(name === "all" ? { checked: "" } : {}) });
      input.addEventListener("change", () => { this.filter = name; this.limit = SHOWN; this.reorder(); });
      $("filters").append(element("label", {}, input, element("span", {}, text)));
    }
  }

  get ready() { return this.entries.filter((entry) => entry.state === "ready"); }
  get refused() { return this.entries.filter((entry) => entry.state === "refused"); }
  get isRunning() { return this.entries.some(isOpen); }

  // Choosing

  /**
   * Adds files, `{file, path}`; the path is that below a chosen folder, or empty. Those that wait in the list already are left out.
   * @returns what was left out, in a sentence; empty for nothing
   */
  add(chosen) {
    const known = new Set(this.entries.filter((entry) => !isOver(entry)).map((entry) => entry.name));
    let doubles = 0, over = 0;
    const added = [];
    for (const { file, path } of chosen) {
      const name = [path, file.name, file.size, file.lastModified].join("\0");
      if (known.has(name)) { doubles += 1; continue; }
      if (this.entries.length >= MAXIMUM) { over += 1; continue; }
      known.add(name);
      const entry = { id: this.lastID += 1, file, path, name, state: "ready", loaded: 0, phase: "waiting", text: "", source: "", ticket: null, isForced: false };
      this.entries.push(entry);
      added.push(entry);
    }
    this.judgeAll(added);
    this.reorder();
    const parts = [];
    if (doubles) parts.push(`${plural(doubles, "file is", "files are")} in the list already.`);
    if (over) parts.push(`${plural(over, "file was", "files were")} left out: the list has room for ${MAXIMUM.toLocaleString("en")}.`);
    const refused = added.filter((entry) => entry.state === "refused").length;
    this.say([`${plural(added.length, "file")} added.`, ...parts, ...(refused ? [`${plural(refused, "file does", "files do")} not fit the rule.`] : [])].join(" "));
    return parts.join(" ");
  }

  /** Judges the files that have not been uploaded by the rule that is chosen now. */
  judgeAll(entries = this.entries) {
    for (const entry of entries) {
      if (entry.state !== "ready" && entry.state !== "refused") continue;
      entry.text = entry.isForced ? "" : this.judge(entry);
      this.set(entry, entry.text ? "refused" : "ready");
    }
    this.changed();
  }

  // Uploading

  start(entries = this.ready) {
    if (!entries.length || !this.prepare(entries)) return;
    if (!this.isRunning) { this.round.clear(); this.samples = []; }
    for (const entry of entries) {
      Object.assign(entry, { loaded: 0, phase: "waiting", text: "", source: "", ticket: null });
      this.round.add(entry);
      this.set(entry, "waiting");
    }
    this.say(`Uploading ${plural(entries.length, "file")}.`);
    this.pump();
  }

  pump() {
    let running = this.entries.filter((entry) => entry.state === "running").length;
    for (const entry of this.entries) {
      if (running >= CONCURRENT) break;
      if (entry.state !== "waiting") continue;
      running += 1;
      this.run(entry);
    }
    this.changed();
  }

  async run(entry) {
    entry.controller = new AbortController();
    this.set(entry, "running");
    try {
      await this.upload(entry, {
        signal: entry.controller.signal,
        onTicket: (ticket) => { entry.ticket = ticket; },
        onProgress: ({ phase, loaded, hashed }) => { Object.assign(entry, { phase, loaded, hashed }); this.refresh(entry); },
      });
      entry.loaded = entry.file.size;
      this.set(entry, "stored");
    } catch (error) {
      entry.text = error.message;
      // An answer that came after the ticket is the store's.
      if (error.status) entry.source = `Answer of ${entry.ticket ? "the store" : "Postern"}: ${error.status} ${error.code}`;
      this.set(entry, error.code === "aborted" ? "cancelled" : "failed");
    }
    this.pump();
    if (!this.isRunning) this.ended();
  }

  ended() {
    const all = [...this.round], count = (state) => all.filter((entry) => entry.state === state).length;
    const failed = all.filter((entry) => entry.state === "failed");
    const parts = [];
    if (count("stored")) parts.push(`${plural(count("stored"), "file")} stored.`);
    if (failed.length === 1) parts.push(`${failed[0].file.name}: ${failed[0].text}`);
    if (failed.length > 1) parts.push(`${plural(failed.length, "file")} not stored; the list says why.`);
    if (count("cancelled")) parts.push(`${count("cancelled").toLocaleString("en")} cancelled.`);
    this.say(parts.join(" "));
  }

  cancel(entries) {
    // Those that wait first, so that none of them starts when another ends.
    for (const entry of entries.filter((each) => each.state === "waiting")) this.set(entry, "cancelled");
    for (const entry of entries.filter((each) => each.state === "running")) entry.controller.abort();
    if (!this.isRunning) this.ended();
    this.changed();
  }
  cancelAll() { this.cancel(this.entries.filter(isOpen)); }

  get retryable() { return this.entries.filter((entry) => entry.state === "failed" || entry.state === "cancelled"); }

  remove(entry) {
    const next = entry.row?.root.nextElementSibling ?? entry.row?.root.previousElementSibling;
    this.entries = this.entries.filter((each) => each !== entry);
    this.round.delete(entry);
    (next?.querySelector(".remove:not([hidden]), .act:not([hidden])") ?? this.$("choose")).focus();
    this.reorder();
    this.changed();
  }

  /** Removes all files but those that are being uploaded. */
  clear() {
    this.entries = this.entries.filter(isOpen);
    this.round = new Set(this.entries);
    this.limit = SHOWN;
    this.reorder();
    this.changed();
    this.say("The list is empty.");
    if (!this.entries.length) this.$("choose").focus();
  }

  // Showing

  set(entry, state) {
    entry.state = state;
    if (this.filter !== "all") this.isOrderStale = true;
    this.refresh(entry);
  }
  refresh(entry) {
    this.stale.add(entry);
    this.frame ||= requestAnimationFrame(() => this.show());
  }
  reorder() {
    this.isOrderStale = true;
    this.frame ||= requestAnimationFrame(() => this.show());
  }
  showMore() {
    const rows = this.$("files").children.length;
    this.limit += SHOWN;
    this.reorder();
    this.show();
    this.$("files").children[rows]?.querySelector(".acts button:not([hidden])")?.focus();
  }

  show() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.isOrderStale) this.showRows();
    for (const entry of this.stale) if (entry.row) showRow(entry, this);
    this.stale.clear();
    this.showTotals();
  }

  showRows() {
    this.isOrderStale = false;
    const list = this.$("files"), matching = this.entries.filter(FILTERS[this.filter][1]), shown = matching.slice(0, this.limit);
    const focused = list.contains(document.activeElement) ? document.activeElement.closest("li") : null;
    const wanted = new Set(shown);
    for (const row of [...list.children]) if (!wanted.has(row.entry)) { row.entry.row = null; row.remove(); }
    shown.forEach((entry, index) => {
      if (!entry.row) { this.makeRow(entry); showRow(entry, this); }
      if (list.children[index] !== entry.row.root) list.insertBefore(entry.row.root, list.children[index] ?? null);
    });
    // The filter has removed the row on which the focus was.
    if (focused && !focused.isConnected && document.activeElement === document.body) this.$("h-files").focus();
    const rest = matching.length - shown.length;
    this.$("more-line").hidden = rest === 0;
    this.$("more").textContent = `Show ${Math.min(rest, SHOWN)} more of ${rest.toLocaleString("en")}`;
    this.$("empty").hidden = this.entries.length > 0;
    this.$("totals").hidden = this.entries.length === 0;
    this.$("filter").hidden = this.entries.length <= 10;
  }

  showTotals() {
    const count = (state) => this.entries.filter((entry) => entry.state === state).length;
    const counts = [["ready", "to upload"], ["running", "uploading"], ["waiting", "waiting"], ["stored", "stored"],
      ["refused", "do not fit the rule", "does not fit the rule"], ["failed", "failed"], ["cancelled", "cancelled"]];
    const parts = counts.map(([state, many, one = many]) => [count(state), count(state) === 1 ? one : many])
      .filter(([number]) => number).map(([number, text]) => `${number.toLocaleString("en")} ${text}`);
    this.$("counts").textContent = this.entries.length ? parts.join(" · ") : "";

    const all = [...this.round], sum = (value) => all.reduce((total, entry) => total + value(entry), 0);
    // Each file counts a little besides its bytes, so that empty files are seen too.
    const size = (entry) => entry.file.size + 1024, done = (entry) => isOver(entry) ? size(entry) : Math.min(entry.loaded, entry.file.size);
    const part = all.length ? sum(done) / sum(size) : 0;
    showBar(this.$("overall"), part, `${Math.floor(part * 100)} %`);
    this.showSpeed(sum((entry) => entry.loaded), sum((entry) => isOver(entry) ? 0 : entry.file.size - entry.loaded), all);
    setEnabled(this.$("cancel-all"), this.isRunning);
    setEnabled(this.$("retry-all"), this.retryable.length > 0);
    this.$("retry-all").textContent = this.retryable.length ? `Retry ${plural(this.retryable.length, "file")}` : "Retry";
    setEnabled(this.$("clear"), this.entries.some((entry) => !isOpen(entry)));
  }

  showSpeed(sent, rest, all) {
    if (!this.isRunning) {
      const stored = all.filter((entry) => entry.state === "stored");
      const bytes = stored.reduce((total, entry) => total + entry.file.size, 0);
      this.$("rate").textContent = stored.length ? `${sizeText(bytes)} stored in ${plural(stored.length, "file")}` : "";
      return;
    }
    const now = performance.now();
    this.samples = this.samples.filter(([time]) => now - time < SPEED_WINDOW);
    this.samples.push([now, sent]);
    const [since, before] = this.samples[0], seconds = (now - since) / 1000;
    const speed = seconds > 0.5 ? (sent - before) / seconds : 0;
    const total = all.reduce((sum, entry) => sum + entry.file.size, 0);
    const parts = [`${sizeText(sent)} of ${sizeText(total)}`];
    if (speed > 0) parts.push(`${sizeText(Math.round(speed))}/s`, rest > 0 ? `${timeText(rest / speed)} left` : "finishing");
    this.$("rate").textContent = parts.join(" · ");
  }

  makeRow(entry) {
    const { file, path } = entry, label = path || file.name;
    const row = {
      tile: element("div", { class: "tile", "aria-hidden": "true" }, endingText(file.name)),
      name: element("p", { class: "name", id: `name-${entry.id}`, dir: "auto", title: label }, label),
      state: element("p", { class: "state" }),
      source: element("p", { class: "quiet source" }),
      act: element("button", { type: "button", class: "plain act", "aria-describedby": `name-${entry.id}` }),
      link: element("a", { target: "_blank", rel: "noreferrer", "aria-describedby": `name-${entry.id}` }, "Open"),
      remove: element("button", { type: "button", class: "plain remove", "aria-label": "Remove", "aria-describedby": `name-${entry.id}` }),
      bar: element("div", { class: "bar", role: "progressbar", "aria-labelledby": `name-${entry.id}`, "aria-valuemin": "0", "aria-valuemax": "100" }, element("div")),
      details: element("details", {}, element("summary", {}, "What was signed")),
    };
    row.remove.append(cross());
    row.root = element("li", { "aria-labelledby": `name-${entry.id}` }, row.tile, row.name,
      element("div", { class: "acts" }, row.link, row.act, row.remove), row.state, row.source, row.bar, row.details);
    row.root.entry = entry;
    entry.row = row;
    row.act.addEventListener("click", () => this.act(entry));
    row.remove.addEventListener("click", () => this.remove(entry));
    row.details.addEventListener("toggle", () => {
      if (!row.details.open || !entry.ticket || row.shownTicket === entry.ticket) return;
      row.shownTicket = entry.ticket;
      row.details.replaceChildren(row.details.firstChild, ...signedParts(entry.ticket));
    });
    if (PICTURES.test(file.type) && file.size <= MAXIMUM_PICTURE) { this.pictures.push(entry); this.paint(); }
  }

  act(entry) {
    if (isOpen(entry)) return this.cancel([entry]);
    entry.isForced = entry.state === "refused";
    this.start([entry]);
  }

  /** Paints small pictures, one after the other, so that few large ones are in memory. */
  async paint() {
    if (this.isPainting) return;
    this.isPainting = true;
    for (let entry; (entry = this.pictures.shift());) {
      if (!entry.row || entry.isPainted === false) continue;
      try {
        const picture = await createImageBitmap(entry.file, { resizeWidth: 96, resizeQuality: "medium" });
        const canvas = element("canvas", { width: "96", height: "96" }), side = Math.min(picture.width, picture.height);
        canvas.getContext("2d").drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, 96, 96);
        picture.close();
        entry.row?.tile.replaceChildren(canvas);
      } catch { entry.isPainted = false; /* not a picture, whatever its name says */ }
    }
    this.isPainting = false;
  }
}

function cross() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  svg.firstChild.setAttribute("d", "M4 4l8 8M12 4l-8 8");
  return svg;
}

function showBar(bar, part, text) {
  bar.setAttribute("aria-valuenow", String(Math.floor(part * 100)));
  bar.setAttribute("aria-valuetext", text);
  bar.firstElementChild.style.transform = `scaleX(${part})`;
}

function showRow(entry, list) {
  const { row, file, state } = entry;
  if (row.root.dataset.state !== state) row.root.dataset.state = state;
  const facts = `${sizeText(file.size)}${file.type ? ` · ${file.type}` : ""}`;
  const part = file.size ? Math.min(1, entry.loaded / file.size) : 0;
  row.state.textContent = {
    ready: facts,
    refused: entry.text,
    waiting: `${facts} · waiting`,
    running: entry.phase === "hashing" ? `computing the checksum: ${sizeText(entry.hashed)} of ${sizeText(file.size)}`
      : entry.phase === "waiting" ? `${facts} · asking for a ticket` : part >= 1 ? `${sizeText(file.size)} sent · the store checks it` : `${sizeText(entry.loaded)} of ${sizeText(file.size)}`,
    stored: entry.ticket ? `Stored as ${entry.ticket.key}` : "Stored",
    failed: entry.text,
    cancelled: `${facts} · cancelled, not stored`,
  }[state];
  row.source.textContent = entry.source;
  row.source.hidden = state !== "failed" || !entry.source;
  row.bar.hidden = state !== "running";
  showBar(row.bar, part, row.state.textContent);

  const act = { refused: "Try anyway", waiting: "Cancel", running: "Cancel", failed: "Retry", cancelled: "Retry" }[state] ?? "";
  const hadFocus = document.activeElement === row.act;
  row.act.textContent = act;
  row.act.hidden = !act;
  row.remove.hidden = isOpen(entry);
  row.link.hidden = state !== "stored";
  if (state === "stored") row.link.href = list.linkOf(entry.ticket);
  row.details.hidden = !entry.ticket || isOpen(entry);
  if (row.details.hidden) row.details.open = false;
  if (hadFocus && !act) (row.link.hidden ? row.remove : row.link).focus();
}

/** The ticket in words: for those who learn what Postern signs. */
function signedParts(ticket) {
  const facts = [["Bucket and key", ticket.fields?.bucket ? `${ticket.fields.bucket} / ${ticket.key}` : ticket.key],
    ["Size", ticket.minSize === ticket.maxSize ? `exactly ${plural(ticket.maxSize, "byte")}` : `${ticket.minSize.toLocaleString("en")} to ${plural(ticket.maxSize, "byte")}`],
    ["Type", ticket.fields?.["Content-Type"] ?? ticket.headers?.["Content-Type"] ?? "any"],
    ["Valid", `for ${timeText(ticket.expiresIn)}, until ${ticket.expiresAt}`]];
  const parts = [element("dl", {}, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]))];
  const policy = ticket.fields?.Policy ?? ticket.fields?.policy;
  if (policy) {
    const bytes = Uint8Array.from(atob(policy), (char) => char.charCodeAt(0));
    parts.push(element("p", {}, "The policy, which the store compares with form and file:"), code(JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), null, 2)));
    parts.push(element("p", {}, "The fields of the form, which come before the file:"), code(JSON.stringify(ticket.fields, null, 2)));
  } else {
    parts.push(element("p", {}, `The request, a ${ticket.method} with these header fields:`), code(`${ticket.url}\n\n${JSON.stringify(ticket.headers, null, 2)}`));
  }
  return parts;
}
const code = (text) => element("pre", { tabindex: "0" }, text);
