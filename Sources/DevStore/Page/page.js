"use strict";

function sizeText(bytes) {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let unit = -1, value = bytes;
  do { value /= 1024; unit += 1; } while (value >= 1024 && unit < 3);
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${["KiB", "MiB", "GiB", "TiB"][unit]}`;
}

// Two sizes that look alike when rounded are told apart by their bytes.
function sizePair(actual, limit) {
  const texts = [sizeText(actual), sizeText(limit)];
  return texts[0] === texts[1] ? [actual, limit].map((n) => `${n.toLocaleString("en")} bytes`) : texts;
}

function listText(values) {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

function timeText(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function typeOf(file) { return file.type || "application/octet-stream"; }

// Whether the rule has the file's type or ending. Postern decides: it knows other names of types too.
function typeMatches(file, rule) {
  const type = typeOf(file), name = file.name.toLowerCase();
  return (rule.accept ?? rule.contentTypes).some((a) => a === type || a === "*/*" || (a.startsWith(".") && name.endsWith(a))
    || (a.endsWith("/*") && type.startsWith(a.slice(0, -1)) && type !== "image/svg+xml"));
}

// Why Postern will refuse this file, or nothing; only what the rule's members show.
function forecast(rule, file) {
  if (!rule || !file) return "";
  if (!typeMatches(file, rule)) return `Postern will probably refuse this: ${typeOf(file)} is not among the rule’s types. Try it.`;
  if (file.size > rule.maxSize) return `Postern will refuse this: ${sizePair(file.size, rule.maxSize).join(" is more than the rule’s ")}. Try it.`;
  if (file.size < (rule.minSize ?? 0)) return `Postern will refuse this: the rule needs at least ${sizeText(rule.minSize)}. Try it.`;
  return "";
}

// Postern's refusal: problem+json (RFC 9457) with a stable code.
function explainProblem(status, problem, file, rule, retryAfter) {
  const code = problem.code ?? "";
  const max = problem.maxSize ?? rule?.maxSize, min = problem.minSize ?? rule?.minSize;
  const allowed = problem.allowed ?? rule?.contentTypes ?? [];
  const words = {
    "size-too-large": () => ["This file is too large.", max === undefined ? "" : `It is ${sizePair(file.size, max)[0]}; the rule “${rule?.name}” allows at most ${sizePair(file.size, max)[1]}.`],
    "size-too-small": () => ["This file is too small.", min === undefined ? "" : `It is ${sizeText(file.size)}; the rule “${rule?.name}” needs at least ${sizeText(min)}.`],
    "content-type-not-allowed": () => ["This type of file is not allowed here.", `You chose ${file.type ? `a file of type ${file.type}` : "a file whose type the browser does not know"}; the rule “${rule?.name}” allows ${listText(allowed)}.`],
    "unauthenticated": () => ["Postern does not accept this page’s token any more.", "Each start of postern dev makes a new one. Load this page again."],
    "token-expired": () => ["This page’s token has expired.", "Load this page again for a new one."],
    "rate-limited": () => ["Too many tickets in a short time.", retryAfter ? `Try again in ${retryAfter} seconds.` : "Try again in a moment."],
    "rule-unknown": () => ["This rule is gone.", "The rule file was changed. Load this page again."],
    "checksum-required": () => ["This rule needs a checksum.", "The browser could not compute one for this file."],
    "credentials-unavailable": () => ["Postern has no credentials for the store just now.", "No ticket can be signed until it has some."],
  }[code];
  const [title, text] = words ? words() : ["Postern refused the ticket.", ""];
  return { title, text: text || problem.detail || problem.title || `It answered ${status}.`, by: "Refused by Postern before a ticket was signed. Nothing of the file was sent.", status, code };
}

// The store's refusal: S3's XML.
function explainStoreError(status, error, ticket) {
  const proposed = Number(error.ProposedSize), message = error.Message ?? "";
  const [title, text] = (() => {
    switch (error.Code) {
    case "EntityTooLarge": return ["The file is larger than the ticket allows.", `The ticket is for at most ${Number(error.MaxSizeAllowed ?? ticket.maxSize).toLocaleString("en")} bytes. The store stopped reading${proposed ? ` at ${proposed.toLocaleString("en")}` : ""} and saved nothing.`];
    case "EntityTooSmall": return ["The file is smaller than the ticket allows.", `The ticket is for at least ${Number(error.MinSizeAllowed ?? ticket.minSize).toLocaleString("en")} bytes. The store saved nothing.`];
    case "SignatureDoesNotMatch": return ["The signature does not match the policy.", "The signature or the policy was changed after Postern signed."];
    case "InvalidPolicyDocument": return ["The policy cannot be read.", "It was changed after Postern signed."];
    case "InvalidAccessKeyId": return ["The store does not know who signed this.", "The ticket is from another postern dev, perhaps an earlier one. Get a new ticket."];
    case "ExpiredToken": return ["The signer’s credentials have expired.", "Get a new ticket."];
    case "BadDigest": case "XAmzContentChecksumMismatch": return ["The file was changed on its way.", "Its SHA-256 is not the one in the ticket."];
    case "NoSuchBucket": return ["The store has no such bucket.", "The rule file and the store do not name the same bucket."];
    case "AccessDenied":
      if (/expired/i.test(message)) return ["The ticket has expired.", "A ticket is valid for a short time only. Get a new one."];
      if (/extra input/i.test(message)) return ["The form has a field that the ticket does not allow.", `The store named it: ${message}`];
      if (/content-type/i.test(message)) return ["The file’s type is not the one that was signed.", `The ticket is for ${signedType(ticket)} only.`];
      if (/"\$?key"/i.test(message)) return ["The key is not the one in the ticket.", `The ticket is for the key ${ticket.key} only.`];
      return ["The form is not what the ticket allows.", message];
    default: return ["The store refused the upload.", message || `It answered ${status}.`];
    }
  })();
  return { title, text, by: "Refused by the store, which checks every upload against what Postern signed.", status, code: error.Code ?? "" };
}

// Single quotes for a POSIX shell.
function shellQuoted(text) { return `'${text.replaceAll("'", `'\\''`)}'`; }

// Both commands can be pasted: the second makes curl options from the ticket, and the file comes last.
function curlCommands(settings, rule, file) {
  const types = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif", "application/pdf": "pdf", "text/plain": "txt" };
  const type = file ? typeOf(file) : (rule?.contentTypes ?? []).find((t) => types[t]) ?? "image/png";
  const name = file ? file.name : `example.${types[type] ?? "bin"}`;
  let body = shellQuoted(JSON.stringify({ rule: rule?.name, filename: name, contentType: type }));
  if (rule?.checksum === "required") {
    const sum = `"$(openssl dgst -sha256 -binary ${shellQuoted(name)} | base64)"`;
    body = `${body.slice(0, -2)},"checksumSHA256":"'${sum}'"}'`;
  }
  const isPut = rule?.method === "PUT";
  if (isPut) body = `${body.slice(0, -2)},"size":'$(($(wc -c <${shellQuoted(name)})))'}'`;
  const [member, option, between] = isPut ? ["headers", "header", ": "] : ["fields", "form-string", "="];
  const ticket = [
    `curl -sS -o ticket.json ${settings.api}/v1/tickets \\`,
    `  -H ${shellQuoted(`Authorization: Bearer ${settings.token}`)} \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d ${body} && cat ticket.json`,
  ];
  const upload = [
    `{ grep -oE '"url":"([^"\\\\]|\\\\.)*"' ticket.json | sed 's/"url":/url = /'`,
    `  sed -E 's/.*"${member}":\\{(("([^"\\\\]|\\\\.)*"[:,]?)*)\\}.*/\\1/' ticket.json |`,
    `  grep -oE '"([^"\\\\]|\\\\.)*":"([^"\\\\]|\\\\.)*"' | sed -E 's/^"(.*)":"(.*)"$/${option} = "\\1${between}\\2"/'; } |`,
    `  curl -sS -i -K - ${isPut ? `-T ${shellQuoted(name)}` : `-F ${shellQuoted(`file=@"${name.replace(/[\\"]/g, "\\$&")}"`)}`}`,
  ];
  return [ticket.join("\n"), upload.join("\n")];
}
const $ = (id) => document.getElementById(id);
const settings = JSON.parse($("settings").textContent);
let rules = [], chosen = null, ticket = null, ticketEnd = 0, request = null, busy = false;

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
function facts(list, pairs) {
  list.replaceChildren(...pairs.filter(([, value]) => value !== undefined && value !== "").flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}
function say(text) { $("announcer").textContent = text; }
function step(name, state, text) { $(`step-${name}`).dataset.state = state; $(`${name}-state`).textContent = text; }
function selectedRule() { return rules.find((rule) => rule.name === document.querySelector("input[name=rule]:checked")?.value); }

function setBusy(value) {
  busy = value;
  for (const id of ["upload", "take"]) $(id).disabled = value || rules.length === 0;
  $("use").disabled = value;
}

function showRefusal({ title, text, by, status, code }, raw) {
  const box = element("div", { class: "refusal" }, element("h3", {}, title), element("p", {}, text));
  if (by) box.append(element("p", { class: "quiet" }, by));
  if (raw) box.append(element("details", {}, element("summary", {}, `What came back${status ? ` (${[status, code].filter(Boolean).join(" ")})` : ""}`), element("pre", { tabindex: "0" }, raw)));
  $("alert").replaceChildren(box);
  box.scrollIntoView({ block: "nearest" });
}
function unreachable(who, address) {
  showRefusal({ title: `${who} cannot be reached.`, text: `Nothing answered at ${address}. Is postern dev still running?`, by: "This is a network failure, not a refusal." });
}

async function call(path, body) {
  const response = await fetch(path, {
    method: body ? "POST" : "GET", cache: "no-store",
    headers: { Authorization: `Bearer ${settings.token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  let json = {};
  try { json = JSON.parse(text); } catch { /* not JSON: shown as it is */ }
  return { response, text, json };
}

async function loadRules() {
  setBusy(true);
  try {
    const { response, text, json } = await call("/v1/rules");
    if (!response.ok) {
      showRefusal(explainProblem(response.status, json, { size: 0, type: "" }, undefined, response.headers.get("Retry-After")), text);
      $("rules").replaceChildren(element("p", {}, "Postern did not say what you may upload."));
      return;
    }
    rules = json.rules;
    $("tenant").textContent = `tenant ${json.tenant}`;
    $("rules").replaceChildren(...rules.map(ruleChoice));
    ruleChanged();
  } catch {
    $("rules").replaceChildren(element("p", {}, "No rules: Postern cannot be reached."));
    unreachable("Postern", location.origin);
  } finally { setBusy(false); }
}

function ruleChoice(rule, index) {
  const input = element("input", { type: "radio", name: "rule", value: rule.name, ...(index === 0 ? { checked: "" } : {}) });
  input.addEventListener("change", ruleChanged);
  const sizes = rule.minSize > 1 ? `${sizeText(rule.minSize)} to ${sizeText(rule.maxSize)}` : `up to ${sizeText(rule.maxSize)}`;
  const line = [sizes, rule.contentTypes.join(", ")];
  if (rule.checksum === "required") line.push("with a checksum");
  return element("label", { class: "rule" }, input, element("span", {}, element("strong", {}, rule.name), element("span", { class: "quiet" }, line.join(" · "))));
}

function ruleChanged() {
  const rule = selectedRule();
  $("file-hint").textContent = rule ? `Up to ${sizeText(rule.maxSize)}. You may try any file: Postern refuses what the rule does not allow.` : "";
  $("metadata").replaceChildren(...(rule?.metadata ?? []).map((name) => {
    const id = `metadata-${name}`;
    return element("div", { class: "field" }, element("label", { for: id }, `${name} (optional, stored with the file)`), element("input", { type: "text", id, "data-metadata": name, maxlength: "200", autocomplete: "off" }));
  }));
  refresh();
}

function refresh() {
  const text = forecast(selectedRule(), chosen);
  $("forecast").textContent = text;
  $("forecast").hidden = !text;
  [$("curl-ticket").textContent, $("curl-upload").textContent] = curlCommands(settings, selectedRule(), chosen);
}

function choose(file) {
  chosen = file ?? null;
  $("chosen").hidden = !chosen;
  const thumb = $("thumb").querySelector("img");
  if (thumb) URL.revokeObjectURL(thumb.src);
  $("thumb").replaceChildren();
  if (chosen) {
    $("chosen-name").textContent = chosen.name;
    $("chosen-facts").textContent = `${sizeText(chosen.size)} · ${chosen.type || "type unknown to the browser"}`;
    const ending = (chosen.name.split(".").pop() || "?").slice(0, 4).toUpperCase();
    if (/^image\/(png|jpeg|gif|webp|avif)$/.test(chosen.type)) {
      const image = element("img", { src: URL.createObjectURL(chosen), alt: "" });
      image.addEventListener("error", () => $("thumb").replaceChildren(ending));
      $("thumb").append(image);
    } else { $("thumb").append(ending); }
    say(`${chosen.name} chosen, ${sizeText(chosen.size)}.`);
  } else { $("file").value = ""; }
  $("alert").replaceChildren();
  refresh();
}

function needsFile() {
  if (chosen) return false;
  showRefusal({ title: "No file is chosen.", text: "Choose a file first, or drop one on the page." });
  $("file").focus();
  return true;
}

async function sha256(file) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return btoa(String.fromCharCode(...digest));
}

async function takeTicket() {
  const rule = selectedRule(), file = chosen;
  forgetTicket();
  $("alert").replaceChildren();
  step("ticket", "busy", "Asking Postern…");
  step("upload", "idle", "The browser sends the file to the store, not to Postern.");
  resetStored();
  const body = { rule: rule.name, filename: file.name, contentType: file.type, size: file.size };
  const metadata = Object.fromEntries([...document.querySelectorAll("[data-metadata]")].filter((input) => input.value).map((input) => [input.dataset.metadata, input.value]));
  if (Object.keys(metadata).length) body.metadata = metadata;
  let answer, started;
  try {
    if (rule.checksum === "required") body.checksumSHA256 = await sha256(file);
    started = performance.now();
    answer = await call("/v1/tickets", body);
  } catch {
    step("ticket", "failed", "No answer.");
    unreachable("Postern", location.origin);
    return false;
  }
  const { response, text, json } = answer;
  if (response.status !== 201) {
    step("ticket", "failed", `Refused: ${json.code ?? response.status}.`);
    showRefusal(explainProblem(response.status, json, file, rule, response.headers.get("Retry-After")), text);
    return false;
  }
  ticket = json;
  ticketEnd = performance.now() + ticket.expiresIn * 1000;
  step("ticket", "done", `Signed in ${Math.max(1, Math.round(performance.now() - started))} ms.`);
  showTicket();
  say("Ticket signed.");
  return true;
}

function forgetTicket() { ticket = null; $("ticket").hidden = true; }

function showTicket() {
  const sizes = ticket.minSize === ticket.maxSize ? `exactly ${ticket.maxSize.toLocaleString("en")} bytes` : `${ticket.minSize.toLocaleString("en")} to ${ticket.maxSize.toLocaleString("en")} bytes`;
  facts($("ticket-facts"), [
    ["Key", element("code", {}, ticket.key)], ["Type", signedType(ticket)], ["Size", sizes],
    ["Valid for", element("span", { id: "left" }, timeText(ticket.expiresIn))],
  ]);
  const policy = ticket.fields.Policy ?? ticket.fields.policy ?? "";
  if (ticket.method === "PUT") {
    $("policy").textContent = [...new URL(ticket.url).searchParams, ...Object.entries(ticket.headers)].map(([name, value]) => `${name}: ${value}`).join("\n");
  } else try {
    const bytes = Uint8Array.from(atob(policy), (c) => c.charCodeAt(0));
    const { expiration, conditions } = JSON.parse(new TextDecoder().decode(bytes));
    $("policy").textContent = [`until ${expiration}`, ...conditions.map((condition) => JSON.stringify(condition))].join("\n");
  } catch { $("policy").textContent = policy; }
  $("ticket").hidden = false;
}

function signedType({ fields, headers }) { return fields["Content-Type"] ?? headers["Content-Type"] ?? ""; }

setInterval(() => {
  const left = $("left");
  if (!ticket || !left) return;
  const seconds = (ticketEnd - performance.now()) / 1000;
  left.textContent = seconds > 0 ? timeText(seconds) : "expired; the store should refuse it now";
}, 500);

// The upload for the store, changed as the trick says: a form of the ticket's fields and the file, or, for a store that has no
// form, the file with the ticket's header fields.
function prepare(trick) {
  const fields = { ...ticket.fields }, headers = { ...ticket.headers }, isPut = ticket.method === "PUT";
  let url = ticket.url;
  const name = (wanted) => Object.keys(fields).find((key) => key.toLowerCase() === wanted);
  const flipped = (text) => (text.startsWith("A") ? "B" : "A") + text.slice(1);
  let body = chosen;
  switch (trick) {
  case "larger": body = new Blob([chosen, new Uint8Array(Math.max(0, ticket.maxSize + 1 - chosen.size))]); break;
  case "empty": body = new Blob([]); break;
  case "type": (isPut ? headers : fields)["Content-Type"] = "text/html"; break;
  case "key": if (isPut) url = url.replace("?", "-someone-else?"); else fields.key = `someone-else/${fields.key}`; break;
  case "field": if (isPut) headers["x-amz-acl"] = "public-read"; else fields.acl = "public-read"; break;
  case "policy": if (isPut) { url = url.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=604800"); break; } else { const policy = name("policy"); fields[policy] = btoa(atob(fields[policy]).replace(/"content-length-range",\d+,\d+/, '"content-length-range",0,5368709120').replace(/"expiration":"\d{4}/, '"expiration":"2999')); break; }
  case "signature": if (isPut) { url = url.replace(/Signature=.*/, (text) => `Signature=${flipped(text.slice(10))}`); break; } else { const signature = name("x-amz-signature") ?? name("signature"); fields[signature] = flipped(fields[signature]); break; }
  }
  if (isPut) return { url, headers, body, size: body.size };
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  form.append(ticket.fileField ?? "file", body, chosen.name);   // the file comes last: S3 ignores what follows it
  return { url, headers, body: form, size: body.size };
}

function resetStored() {
  step("stored", "idle", "The store checks form and file against the ticket and stores the file.");
  $("stored").hidden = true;
  $("preview").replaceChildren();
}

function send() {
  const used = ticket, file = chosen, trick = $("trick").value;
  const { url, headers, body, size } = prepare(trick);
  $("alert").replaceChildren();
  resetStored();
  step("upload", "busy", trick ? "Sending something the ticket does not allow…" : "Sending to the store…");
  $("bar").value = 0;
  $("progress").hidden = false;
  $("progress-text").textContent = "0 %";
  $("step-upload").scrollIntoView({ block: "nearest" });
  return new Promise((resolve) => {
    const xhr = request = new XMLHttpRequest();
    const started = performance.now();
    let announced = 0;
    xhr.open(used.method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => {
      if (!event.lengthComputable) return;
      const share = event.loaded / event.total, seconds = (performance.now() - started) / 1000;
      $("bar").value = share * 100;
      $("progress-text").textContent = `${Math.floor(share * 100)} % · ${sizeText(Math.round(Math.min(size, share * size)))} of ${sizeText(size)}${seconds > 0.5 ? ` · ${sizeText(Math.round(event.loaded / seconds))}/s` : ""}`;
      const quarter = Math.floor(share * 4) * 25;
      if (quarter > announced && quarter < 100) { announced = quarter; say(`${quarter} percent sent.`); }
    };
    xhr.onload = () => { answered(xhr, used, file, size, trick, performance.now() - started); resolve(); };
    xhr.onerror = () => { step("upload", "failed", "The connection broke."); unreachable("The store", new URL(used.url).origin); resolve(); };
    xhr.onabort = () => { step("upload", "failed", "You cancelled it. The store saves nothing."); say("Upload cancelled."); resolve(); };
    xhr.onloadend = () => { $("progress").hidden = true; request = null; };
    xhr.send(body);
  });
}

function xmlValues(text) {
  const root = new DOMParser().parseFromString(text, "application/xml").documentElement;
  return Object.fromEntries([...root?.children ?? []].map((child) => [child.tagName, child.textContent]));
}

function answered(xhr, used, file, size, trick, milliseconds) {
  const values = xmlValues(xhr.responseText);
  if (xhr.status < 200 || xhr.status > 299) {
    step("upload", "done", `Sent ${sizeText(size)}.`);
    step("stored", "failed", `Refused: ${values.Code ?? xhr.status}. Nothing was stored.`);
    showRefusal(explainStoreError(xhr.status, values, used), xhr.responseText);
    return;
  }
  step("upload", "done", `Sent ${sizeText(size)} in ${milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`}.`);
  step("stored", "done", "The store accepted the file.");
  const key = values.Key ?? used.key, link = used.method === "PUT" ? used.url.split("?")[0] : used.url + key.split("/").map(encodeURIComponent).join("/");
  facts($("stored-facts"), [
    ["Open", element("a", { href: link, target: "_blank", rel: "noopener" }, "the stored file")], ["Key", element("code", {}, key)],
    ["ETag", element("code", {}, values.ETag ?? xhr.getResponseHeader("ETag") ?? "")], ["On disk", element("code", {}, `${settings.folder}/${new URL(used.url).pathname.split("/")[1]}/${key}`)],
  ]);
  const type = signedType(used);
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(type)) {
    const image = element("img", { src: link, alt: `The stored ${file.name}` });
    image.addEventListener("error", () => image.remove());
    $("preview").replaceChildren(image);
  }
  $("stored").hidden = false;
  $("step-stored").scrollIntoView({ block: "nearest" });
  say("Stored.");
  if (trick) showRefusal({ title: "The store should have refused this.", text: "It accepted something that the ticket does not allow. Please report it.", status: xhr.status }, xhr.responseText);
}

async function run(action) {
  if (busy || needsFile()) return;
  setBusy(true);
  try { await action(); } finally { setBusy(false); }
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); run(async () => { if (await takeTicket()) await send(); }); });
$("take").addEventListener("click", () => run(takeTicket));
$("use").addEventListener("click", () => run(async () => { if (ticket) await send(); }));
$("cancel").addEventListener("click", () => request?.abort());
$("clear").addEventListener("click", () => { choose(null); $("file").focus(); });
$("file").addEventListener("change", () => choose($("file").files[0]));
for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").classList.remove("over"); });
addEventListener("drop", (event) => { event.preventDefault(); $("drop").classList.remove("over"); if (event.dataTransfer.files.length) choose(event.dataTransfer.files[0]); });
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText($(button.dataset.copy).textContent); say("Copied."); button.firstChild.data = "Copied"; }
    catch { getSelection().selectAllChildren($(button.dataset.copy)); say("Selected; copy it with the keyboard."); }
    setTimeout(() => { button.firstChild.data = "Copy"; }, 1500);
  });
}

facts($("places"), [
  ["Rule file", element("code", {}, settings.rulesFile)], ["Files", element("code", {}, settings.folder)],
  ["Store", element("code", {}, settings.store)], ["Interface", element("a", { href: "/openapi.yaml" }, "openapi.yaml")],
]);
loadRules();
