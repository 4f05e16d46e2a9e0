// SPDX-License-Identifier: Apache-2.0
// The page of `postern dev`: rules and users to choose from, files to upload, and what is wrong with the rule files.

import { filesOf, forecast, listRules, upload } from "/postern.js";
import { element, FileList, isEnabled, setEnabled } from "./files.js";
import { plural, shellWord, sizeText } from "./words.js";

/** How often `postern dev` is asked for its state, in milliseconds. */
const STATE_INTERVAL = 1000;
/** How long before its end a token is replaced, in milliseconds. */
const TOKEN_MARGIN = 60_000;

const $ = (id) => document.getElementById(id);
const endpoint = location.origin;
let state = null, rules = [], user = "";

function say(text) { $("announcer").textContent = text; }

// Tokens

/** The token of one user, renewed before it ends and when it is refused. */
class UserToken {
  constructor(user) {
    this.user = user;
    this.token = "";
    this.end = 0;
    this.request = null;
    // The module shares a renewal between uploads that have the same function.
    this.source = ({ refresh }) => !refresh && performance.now() < this.end ? this.token : this.request ??= this.fetch();
  }

  async fetch() {
    try {
      const start = performance.now();
      const answer = await fetch(`/dev/token?user=${encodeURIComponent(this.user)}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(`postern dev gives no token: ${answer.status}`);
      const { token, expiresIn } = await answer.json();
      Object.assign(this, { token, end: start + expiresIn * 1000 - TOKEN_MARGIN });
      showCommands();
      return token;
    } finally { this.request = null; }
  }
}
const tokens = new Map();
function userToken() {
  if (!tokens.has(user)) tokens.set(user, new UserToken(user));
  return tokens.get(user);
}

// The state of postern dev

let misses = 0, isPolling = false;
async function poll() {
  if (isPolling) return;
  isPolling = true;
  try {
    const answer = await fetch("/dev/state", { cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    await stateCame(await answer.json(), misses > 0);
    misses = 0;
  } catch { misses += 1; }
  isPolling = false;
  const isLost = misses >= 2;
  if ($("lost").hidden === isLost) {
    $("lost").hidden = !isLost;
    say(isLost ? "Postern does not answer." : "Postern answers again.");
  }
}
setInterval(() => { if (!document.hidden) poll(); }, STATE_INTERVAL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });

/** @param wasLost whether it is perhaps another process, which counts generations from one again */
async function stateCame(next, wasLost) {
  const last = state;
  state = next;
  if (!last) {
    showUsers();
    showPlaces();
  }
  if (JSON.stringify(last?.heldBack) !== JSON.stringify(next.heldBack)) showProblems(next, last);
  if (last?.generation === next.generation && !wasLost) return;
  await loadRules();
  if (last && last.generation !== next.generation && !next.heldBack.length) say("The rules have changed.");
}

function showProblems({ heldBack, moreFiles }, last) {
  const count = heldBack.reduce((sum, file) => sum + file.problems.length + file.moreProblems, 0);
  $("problems").hidden = count === 0;
  if (count === 0) {
    if (last?.heldBack.length) say("The rule file is right again.");
    return;
  }
  const names = heldBack.map((file) => file.file.split("/").at(-1));
  $("h-problems").textContent = `${plural(count, "problem")} in ${moreFiles ? plural(heldBack.length + moreFiles, "file") : names.join(", ")}`;
  $("problems-effect").textContent = heldBack.every((file) => file.isServed)
    ? "What the file said before stays in force until it is right again."
    : "What is new in it is not in force until it is right.";
  $("problem-list").replaceChildren(...heldBack.flatMap((file) => [
    ...file.problems.map((problem) => problemItem(file, problem)),
    ...(file.moreProblems ? [element("li", {}, `${plural(file.moreProblems, "more problem")} in this file.`)] : []),
  ]));
  say(`${$("h-problems").textContent}. ${heldBack[0].problems[0].message}`);
}

function problemItem({ file }, { line, column, message, advice, excerpt, excerptColumn }) {
  const item = element("li", {}, element("p", {}, element("strong", {}, message), `; ${advice}`),
    element("p", { class: "place" }, line ? `${file}:${line}:${column}` : file));
  if (excerpt !== undefined) {
    const scalars = Array.from(excerpt), start = excerptColumn - 1;
    // The word at the column, without the colon of a key.
    const word = /^[^\s:,\]]+/u.exec(scalars.slice(start).join(""))?.[0] ?? scalars[start] ?? "";
    const end = start + Array.from(word).length, text = (from, to) => scalars.slice(from, to).join("");
    item.append(element("pre", { class: "excerpt", tabindex: "0", "aria-label": `Line ${line}` }, text(0, start), element("mark", {}, text(start, end)), text(end)));
  }
  return item;
}

function showUsers() {
  user = state.users[0];
  $("users").replaceChildren(...state.users.map((name) => {
    const input = element("input", { type: "radio", name: "user", value: name, ...(name === user ? { checked: "" } : {}) });
    input.addEventListener("change", () => { user = name; loadRules(); });
    return element("label", {}, input, element("span", {}, name));
  }));
}

function showPlaces() {
  const places = [["Rule file", state.rulesFile], ["Stored files", state.folder], ["Store", state.store], ["Interface", `${endpoint}/openapi.yaml`]];
  $("places").replaceChildren(...places.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, element("code", {}, value))]));
}

// Rules

const chosenName = () => document.querySelector("input[name=rule]:checked")?.value;
const rule = () => rules.find((each) => each.name === chosenName());

async function loadRules() {
  const asked = user;
  let listed = [], failure;
  try {
    listed = await listRules({ endpoint, token: userToken().source, retries: 0 });
  } catch (error) { failure = error; }
  // Someone may have switched in the meantime.
  if (asked === user) showRules(listed, failure);
}

function showRules(listed, failure) {
  const name = chosenName(), focused = document.activeElement?.name === "rule";
  rules = listed;
  const current = rules.find((each) => each.name === name) ?? rules[0];
  if (failure) $("rules").replaceChildren(element("p", {}, "Postern does not say what this user may upload."), element("p", { class: "quiet" }, failure.message));
  else if (!current) $("rules").replaceChildren(element("p", {}, "No rule is for this user."));
  else {
    $("rules").replaceChildren(...rules.map((each) => ruleChoice(each, each === current)));
    if (focused) document.querySelector("input[name=rule]:checked").focus();
  }
  ruleChanged();
}

function ruleChoice(each, isChosen) {
  const input = element("input", { type: "radio", name: "rule", value: each.name, ...(isChosen ? { checked: "" } : {}) });
  input.addEventListener("change", ruleChanged);
  const facts = [each.minSize > 1 ? `${sizeText(each.minSize)} to ${sizeText(each.maxSize)}` : `up to ${sizeText(each.maxSize)}`, each.contentTypes.join(", ")];
  if (each.checksum === "required") facts.push("with a checksum");
  if (each.method === "PUT") facts.push("by PUT");
  return element("label", { class: "rule" }, input, element("span", {}, element("strong", {}, each.name), element("span", { class: "quiet" }, facts.join(" · "))));
}

/** What a parameter may be (`parameters` of a rule). */
const PARAMETERS = {
  digits: [/^[0-9]{1,20}$/, "1 to 20 digits"],
  uuid: [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "a UUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e"],
  name: [/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, “-” and “_”"],
};
const inputs = () => [...$("fields").querySelectorAll("input")];

function ruleChanged() {
  const current = rule(), before = new Map(inputs().map((input) => [input.id, input.value]));
  const focused = $("fields").contains(document.activeElement) ? document.activeElement.id : "";
  const fields = [...Object.entries(current?.parameters ?? {}).map(([name, kind]) => ["parameters", name, PARAMETERS[kind]?.[1] ?? kind]),
    ...(current?.metadata ?? []).map((name) => ["metadata", name, "optional; stored with the file"])];
  $("fields").replaceChildren(...fields.map(([kind, name, hint]) => {
    const id = `${kind}-${name}`;
    const input = element("input", { type: "text", id, "data-kind": kind, "data-name": name, maxlength: "200", autocomplete: "off", "aria-describedby": `${id}-hint`, ...(kind === "parameters" ? { required: "" } : {}) });
    input.value = before.get(id) ?? "";
    input.addEventListener("input", () => { checkField(input, false); showCommands(); });
    return element("div", { class: "field" }, element("label", { for: id }, name), input, element("p", { class: "quiet", id: `${id}-hint` }, hint));
  }));
  if (focused) $(focused)?.focus();
  $("hint").textContent = current ? `Up to ${sizeText(current.maxSize)} each` : "";
  list.judgeAll();
  showCommands();
}

/** The values of the parameters or the metadata; nothing if none is filled in. */
function values(kind) {
  const filled = inputs().filter((input) => input.dataset.kind === kind && input.value);
  return filled.length ? Object.fromEntries(filled.map((input) => [input.dataset.name, input.value])) : undefined;
}

/** Marks a parameter that cannot be right. While someone types, a mark is only taken away. */
function checkField(input, marks) {
  const pattern = input.dataset.kind === "parameters" ? PARAMETERS[rule()?.parameters?.[input.dataset.name]]?.[0] : undefined;
  const isRight = !pattern || pattern.test(input.value), field = input.closest(".field");
  if (isRight) {
    delete field.dataset.wrong;
    input.removeAttribute("aria-invalid");
  } else if (marks) {
    field.dataset.wrong = "";
    input.setAttribute("aria-invalid", "true");
  }
  return isRight;
}

// Files

const list = new FileList({
  $, say, prepare,
  upload: (entry, options) => upload(entry.file, { endpoint, path: entry.path || undefined, ...entry.choice, ...options }),
  linkOf: (ticket) => ticket.method === "PUT" ? ticket.url.split("?")[0] : ticket.url + ticket.key.split("/").map(encodeURIComponent).join("/"),
  judge: ({ file }) => rule() ? forecast(file, rule())?.message ?? "" : "",
  changed: showUpload,
});

/** Notes for each file what is chosen now: a later choice does not change an upload that waits. */
function prepare(entries) {
  const wrong = inputs().filter((input) => !checkField(input, true))[0];
  if (wrong) {
    wrong.focus();
    say(`${wrong.dataset.name} must be ${$(`${wrong.id}-hint`).textContent}.`);
    return false;
  }
  const choice = { token: userToken().source, rule: rule()?.name, metadata: values("metadata"), parameters: values("parameters") };
  for (const entry of entries) entry.choice = choice;
  $("note").textContent = "";
  return true;
}

function showUpload() {
  const count = list.ready.length;
  setEnabled($("upload"), count > 0 && rules.length > 0);
  $("upload").textContent = count ? `Upload ${plural(count, "file")}` : "Upload";
}

/** A file that was dropped or chosen alone has no path. */
function choose(files) {
  if (files.length) $("note").textContent = list.add(files.map(({ file, path }) => ({ file, path: path.includes("/") ? path : "" })));
}

for (const [button, input] of [["choose", "file-input"], ["choose-folder", "folder-input"]]) {
  $(button).addEventListener("click", () => $(input).click());
  $(input).addEventListener("change", () => {
    choose([...$(input).files].map((file) => ({ file, path: file.webkitRelativePath })));
    // So that the same file can be chosen again.
    $(input).value = "";
  });
}
// Phones choose no folders.
$("choose-folder").hidden = !("webkitdirectory" in $("folder-input")) || matchMedia("(pointer: coarse) and (hover: none)").matches;

let inside = 0;
function setOver(count) {
  inside = Math.max(0, count);
  document.body.classList.toggle("over", inside > 0);
}
const hasFiles = (event) => [...event.dataTransfer?.types ?? []].includes("Files");
addEventListener("dragenter", (event) => { if (hasFiles(event)) setOver(inside + 1); });
addEventListener("dragleave", (event) => { if (hasFiles(event)) setOver(inside - 1); });
addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
addEventListener("drop", async (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  setOver(0);
  try {
    choose(await filesOf(event.dataTransfer));
  } catch (error) {
    $("note").textContent = error.message;
    say(error.message);
  }
});

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isEnabled($("upload"))) return;
  list.start();
  // On a phone the list is below what was just pressed.
  if (list.isRunning && matchMedia("(max-width: 60rem)").matches) {
    $("h-files").scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }
});
$("cancel-all").addEventListener("click", () => { if (isEnabled($("cancel-all"))) list.cancelAll(); });
$("retry-all").addEventListener("click", () => { if (isEnabled($("retry-all"))) list.start(list.retryable); });
$("clear").addEventListener("click", () => { if (isEnabled($("clear"))) list.clear(); });

// By hand

function showCommands() {
  const current = rule(), { token } = userToken();
  if (!current || !token) return;
  const type = current.contentTypes.find((each) => !each.includes("*")) ?? "application/octet-stream";
  const name = `example${(current.accept ?? []).find((each) => each.startsWith(".")) ?? ".bin"}`;
  const metadata = values("metadata"), parameters = values("parameters");
  const body = { rule: current.name, filename: name, contentType: type, size: current.method === "PUT" ? 1000 : undefined, metadata, parameters };
  const options = (option, all = {}) => Object.entries(all).map(([key, value]) => ` --${option} ${shellWord(`${key}=${value}`)}`).join("");
  $("command-ticket").textContent = [`curl -sS ${shellWord(`${endpoint}/v1/tickets`)} \\`, `  -H 'Authorization: Bearer ${token}' \\`,
    "  -H 'Content-Type: application/json' \\", `  -d ${shellWord(JSON.stringify(body))}`].join("\n");
  $("command-upload").textContent = `postern upload ${name} --rule ${shellWord(current.name)} --url ${shellWord(endpoint)} \\\n`
    + `  --token ${token}${options("metadata", metadata)}${options("parameter", parameters)}`;
  $("by-hand-text").textContent = `The token is ${user}’s and valid for ten minutes. Put the name of a file of yours for ${name}.`;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = $(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent);
      say("Copied.");
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    } catch {
      // There is no clipboard without https, but for loopback: the text is selected instead.
      getSelection().selectAllChildren(text);
      say("Selected: copy it with the keyboard.");
    }
  });
}

showUpload();
poll();
