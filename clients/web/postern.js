// SPDX-License-Identifier: Apache-2.0
//
// Uploads files from a browser with Postern's tickets, straight to the store. One module without dependencies; postern.d.ts has its types
// and README.md its use. It works in a page and is its own worker: `worker` below starts this file again to hash large files.

/** Why a file was not uploaded: a stable `code` for programs, and `message`, a sentence for people that says what to do. */
export class UploadError extends Error {
  /**
   * @param {string} code of a Postern problem, of clients/store-errors.json, or one of this module
   * @param {string} message
   * @param {object} [more] retryable, status, detail (what the server said), requestId, retryAfter (seconds), cause
   */
  constructor(code, message, more = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "UploadError";
    this.code = code;
    this.retryable = more.retryable ?? false;
    for (const name of ["status", "detail", "requestId", "retryAfter"]) this[name] = more[name];
    // For this module only: whether another ticket may help, and the problem's `allowed`.
    Object.defineProperty(this, "needsNewTicket", { value: more.needsNewTicket ?? false });
    Object.defineProperty(this, "allowed", { value: more.allowed ?? [] });
  }
}

// MARK: Limits and defaults

/** The longest answer that is read: of Postern and of a store, in bytes or UTF-16 units. */
const MAX_POSTERN_ANSWER = 4 << 20, MAX_STORE_ANSWER = 64 << 10;
/** Visible ASCII, as a header field takes it. */
const TOKEN_FORM = /^[\x21-\x7e]{1,8192}$/;
/** The option by which uploadAll gives its uploads what one of them learns. */
const SHARED = Symbol("shared");
/** S3 takes no more in one upload. */
const MAX_FILE = 5 * 2 ** 30;
/** How long before its end a ticket is no longer used, in milliseconds. */
const TICKET_MARGIN = 2000;
/** A server that asks for a longer pause is not waited for, in seconds. */
const MAX_RETRY_AFTER = 60;
/** Below this size the browser's own SHA-256 takes the file whole, in bytes; pages have it over HTTPS and on localhost. */
const WHOLE_BELOW = 16 << 20;
/** From this size on a worker does the other hashing, in bytes; one that gives no sign of life for so long, in milliseconds, is given up. */
const WORKER_FROM = 4 << 20, WORKER_SILENCE = 10_000;
const MAX_DROPPED_FILES = 10_000, MAX_DROPPED_DEPTH = 32;

// MARK: The interface

/**
 * Uploads one file.
 * @returns what was stored: key, rule, size, contentType, ticketId, etag (if the store shows it)
 * @throws {UploadError}
 */
export async function upload(file, options) {
  checkOptions(options);
  if (!(file instanceof Blob)) throw new TypeError("upload() takes a File or a Blob");
  return await new Upload(file, options).run();
}

/**
 * Uploads many files, `concurrency` at a time; each ticket is taken when its file's turn comes. A file that fails does not stop the others.
 * @param {Iterable<Blob | {file: Blob}>} files each a file, or an object with `file` and options of its own, such as `path`
 * @returns for each file, in order, an object as Promise.allSettled gives: {file, status, value or reason}
 */
export async function uploadAll(files, options) {
  checkOptions(options);
  const { concurrency = 3, onProgress, onFile, ...common } = options;
  common[SHARED] = new Shared();
  if (!Number.isInteger(concurrency) || concurrency < 1) throw new TypeError("concurrency must be a whole number, at least 1");
  const items = Array.from(files, (each) => (each instanceof Blob ? { file: each } : { ...each }));
  if (items.some((item) => !(item.file instanceof Blob))) throw new TypeError("uploadAll() takes files, or objects with a file");
  const total = items.reduce((sum, item) => sum + item.file.size, 0);
  const loaded = new Array(items.length).fill(0);
  const results = new Array(items.length);
  let sum = 0, done = 0, next = 0;

  const report = () => tell(onProgress, { loaded: sum, total, files: items.length, done });
  async function one(index) {
    const { file, ...own } = items[index];
    try {
      const value = await upload(file, {
        ...common, ...own,
        onProgress(progress) {
          sum += progress.loaded - loaded[index];
          loaded[index] = progress.loaded;
          tell(own.onProgress, progress);
          tell(onFile, { index, file, state: "running", progress });
          report();
        },
      });
      results[index] = { file, status: "fulfilled", value };
    } catch (reason) {
      results[index] = { file, status: "rejected", reason };
    }
    done += 1;
    const { status, value, reason } = results[index];
    tell(onFile, status === "fulfilled" ? { index, file, state: "stored", result: value } : { index, file, state: "failed", error: reason });
    report();
  }
  async function lane() {
    while (next < items.length) await one(next++);
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, lane));
  return results;
}

/**
 * The rules that the caller may use, as GET /v1/rules lists them.
 * @throws {UploadError}
 */
export async function listRules(options) {
  checkOptions(options);
  const attempts = new Attempts(options);
  const list = await attempts.run(() => new Service(options).request("GET", "/v1/rules", undefined, attempts.signal));
  if (!Array.isArray(list.rules)) throw unexpected("Postern", 200);
  return list.rules;
}

/**
 * Why Postern will refuse this file under this rule, before anything is asked; null if nothing speaks against it. Postern decides: it
 * knows more names of types than this does.
 * @returns {null | {code: string, message: string}}
 */
export function forecast(file, rule) {
  const largest = Math.min(rule.maxSize, MAX_FILE);
  if (file.size > largest) {
    return { code: "size-too-large", message: `The file is too large: it has ${bytes(file.size)}, and at most ${bytes(largest)} are allowed.` };
  }
  if (file.size < rule.minSize) {
    return { code: "size-too-small", message: `The file is too small: it has ${bytes(file.size)}, and at least ${bytes(rule.minSize)} are needed.` };
  }
  const type = file.type.split(";")[0].trim().toLowerCase(), name = (file.name ?? "").toLowerCase();
  // An unknown type can become one that the rule allows, by the file's ending.
  const fits = (rule.accept ?? rule.contentTypes).some((each) => each === "*/*" || each === type || (each.startsWith(".") && name.endsWith(each))
    || (each.endsWith("/*") && type.startsWith(each.slice(0, -1)) && type !== "image/svg+xml"));
  if (fits || type === "" && rule.contentTypes.includes("application/octet-stream")) return null;
  const what = type === "" ? "The type of this file is not known" : `Files of the type ${type} are not allowed here`;
  return { code: "content-type-not-allowed", message: `${what}; allowed: ${rule.contentTypes.join(", ")}.` };
}

/**
 * The files and folders of a drop, with their paths. Call it in the handler of `drop`, before anything is awaited: the browser forgets
 * what was dropped when the handler returns.
 * @param {DataTransfer} transfer
 * @returns {Promise<{file: File, path: string}[]>} for uploadAll; path is the name alone for a file that was dropped itself
 * @throws {UploadError} too-many-files, folders-too-deep or file-unreadable
 */
export function filesOf(transfer) {
  const entries = Array.from(transfer.items ?? []).filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter((entry) => entry !== null);
  return walk(entries);
}

async function walk(entries) {
  const found = [];
  async function visit(entry, folder, depth) {
    if (found.length >= MAX_DROPPED_FILES) {
      throw new UploadError("too-many-files", `These are more than ${MAX_DROPPED_FILES} files. Choose fewer at a time.`);
    }
    if (entry instanceof File) {
      found.push({ file: entry, path: entry.name });
    } else if (entry.isFile) {
      found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path: folder + entry.name });
    } else {
      if (depth >= MAX_DROPPED_DEPTH) throw new UploadError("folders-too-deep", `The folder has more than ${MAX_DROPPED_DEPTH} levels.`);
      const reader = entry.createReader();
      // It gives at most a hundred entries at a time, and none at the end.
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        for (const each of some) await visit(each, `${folder}${entry.name}/`, depth + 1);
      }
    }
  }
  try {
    for (const entry of entries) await visit(entry, "", 0);
  } catch (error) {
    throw error instanceof UploadError ? error : unreadable(error);
  }
  return found;
}

function checkOptions(options) {
  if (typeof options?.endpoint !== "string" || options.endpoint === "") throw new TypeError("endpoint must be the URL of Postern");
  if (typeof options.token !== "string" && typeof options.token !== "function") throw new TypeError("token must be a string or a function");
  const { retries = 4 } = options;
  if (!Number.isInteger(retries) || retries < 0 || retries > 20) throw new TypeError("retries must be a whole number from 0 to 20");
}

/** Calls what the page gave. Its mistakes are the page's: they are reported, and the upload goes on. */
function tell(callback, event) {
  try {
    callback?.(event);
  } catch (error) {
    setTimeout(() => { throw error; });
  }
}

/** What the uploads of one uploadAll learn from each other. */
class Shared {
  /** The checksum that a rule needs, by its name. */
  algorithms = new Map();
  /** Postern asked for no further request before this, by performance.now(). */
  notBefore = 0;
}

function bytes(count) {
  if (count === 1) return "1 byte";
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 1024]]) {
    if (count >= size) {
      const text = Number((count / size).toFixed(1));
      // Never "5 MiB, and at most 5 MiB are allowed".
      return text * size === count ? `${text} ${unit}` : `${count.toLocaleString("en")} bytes (${text} ${unit})`;
    }
  }
  return `${count} bytes`;
}

// MARK: Tries

/** How often something is tried, and the pauses between. */
class Attempts {
  constructor({ signal, retries = 4 }, onPause) {
    this.signal = signal;
    this.left = retries;
    this.made = 0;
    this.newTickets = 0;
    this.timesWithoutCORS = 0;
    this.onPause = onPause;
  }

  /** Does the work until it succeeds, fails for good, or no try is left. */
  async run(work) {
    for (;;) {
      throwIfAborted(this.signal);
      try {
        return await work();
      } catch (error) {
        throwIfAborted(this.signal);
        if (!(error instanceof UploadError)) throw error;
        await this.pauseAfter(error);
      }
    }
  }

  async pauseAfter(error) {
    // Once may be a connection that broke; twice it is a setting, which no third try changes.
    if (error.code === "cors" && (this.timesWithoutCORS += 1) > 1) error.retryable = false;
    if (this.left <= 0 || !(error.retryable || error.needsNewTicket) || (error.retryAfter ?? 0) > MAX_RETRY_AFTER) throw error;
    this.left -= 1;
    const backoff = 500 * 2 ** this.made * (0.5 + Math.random() / 2);
    this.made += 1;
    let milliseconds = Math.max(Math.min(backoff, 10_000), (error.retryAfter ?? 0) * 1000);
    // A new ticket helps at once, or, if the clocks of Postern and of the store differ, not at all.
    if (error.needsNewTicket && (this.newTickets += 1) === 1) milliseconds = 0;
    else if (this.newTickets > 2) throw error;
    this.onPause?.(error, milliseconds);
    await pause(milliseconds, this.signal);
  }
}

function throwIfAborted(signal) {
  if (signal?.aborted) throw aborted();
}

function aborted() {
  return new UploadError("aborted", "The upload was cancelled.", { retryable: true });
}

/** Waits, and while the device is offline up to 30 s more. */
async function pause(milliseconds, signal) {
  await wait(milliseconds, signal);
  if (globalThis.navigator?.onLine === false && typeof addEventListener === "function") await wait(30_000, signal, "online");
}

/** The promise's value, or at once the error of a signal that aborts. */
function untilAborted(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(aborted());
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}

function wait(milliseconds, signal, event) {
  return new Promise((resolve, reject) => {
    const end = (finish, value) => () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      if (event) removeEventListener(event, ready);
      finish(value);
    };
    const ready = end(resolve), stop = end(reject, aborted());
    const timer = setTimeout(ready, milliseconds);
    signal?.addEventListener("abort", stop);
    if (event) addEventListener(event, ready);
    if (signal?.aborted) stop();
  });
}

// MARK: Postern

/** The token, renewed once for all uploads that find it refused. */
class Tokens {
  static #known = new WeakMap();

  static of(token) {
    if (typeof token === "string") return new Tokens(token);
    if (!Tokens.#known.has(token)) Tokens.#known.set(token, new Tokens(token));
    return Tokens.#known.get(token);
  }

  constructor(source) {
    this.source = source;
    /** The token that was refused last, and the one that came for it. */
    this.stale = undefined;
    this.fresh = undefined;
    this.renewal = undefined;
  }

  async current() {
    const token = await this.#call(false);
    return token === this.stale ? this.fresh : token;
  }

  /** Another token in place of one that was refused; undefined if there is none. */
  async renewed(refused) {
    if (typeof this.source === "string") return undefined;
    if (refused === this.stale && this.fresh !== undefined) return this.fresh;
    this.renewal ??= this.#call(true).then((token) => {
      [this.stale, this.fresh] = [refused, token];
      return token;
    }).finally(() => { this.renewal = undefined; });
    const token = await this.renewal;
    return token === refused ? undefined : token;
  }

  async #call(refresh) {
    let token = this.source;
    try {
      if (typeof token === "function") token = await token({ refresh });
    } catch (error) {
      if (error instanceof UploadError) throw error;
      throw new UploadError("token-unavailable", "There is no token for the upload: sign in again.", { cause: error });
    }
    if (typeof token === "string" && TOKEN_FORM.test(token)) return token;
    throw new UploadError("token-unavailable", "There is no token for the upload: sign in again.");
  }
}

/** Postern's interface. */
class Service {
  constructor({ endpoint, token, requestTimeout = 30_000 }) {
    this.endpoint = endpoint.replace(/\/+$/, "");
    this.tokens = Tokens.of(token);
    this.timeout = requestTimeout;
  }

  /** The answer's JSON. A token that is refused is renewed once. */
  async request(method, path, body, signal) {
    const token = await untilAborted(this.tokens.current(), signal);
    try {
      return await this.#send(method, path, body, token, signal);
    } catch (error) {
      if (error.status !== 401) throw error;
      const other = await untilAborted(this.tokens.renewed(token), signal);
      if (other === undefined) throw error;
      return await this.#send(method, path, body, other, signal);
    }
  }

  async #send(method, path, body, token, signal) {
    const url = this.endpoint + path;
    const ended = new AbortController();
    const stop = () => ended.abort();
    const timer = setTimeout(stop, this.timeout);
    signal?.addEventListener("abort", stop);
    let response, text;
    try {
      response = await fetch(url, {
        method, signal: ended.signal, cache: "no-store", credentials: "omit", redirect: "error",
        headers: { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) },
        body: body && JSON.stringify(body),
      });
      text = await boundedText(response);
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof UploadError) throw error;
      if (ended.signal.aborted) throw timedOut("Postern", error);
      throw await unreachable("Postern", `${this.endpoint}/healthz`, signal, error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
    return Service.#read(response, text);
  }

  static #read(response, text) {
    let value;
    try { value = JSON.parse(text); } catch { /* told below */ }
    if (typeof value !== "object" || value === null) throw unexpected("Postern", response.status);
    if (response.ok) return value;
    if (typeof value.code !== "string") throw unexpected("Postern", response.status);
    throw new UploadError(value.code, String(value.detail ?? value.title ?? "Postern refused the upload."), {
      status: response.status, detail: value.title, requestId: value.requestId ?? response.headers.get("X-Request-Id") ?? undefined,
      retryable: isPassing(response.status), retryAfter: seconds(response.headers.get("Retry-After")) ?? seconds(value.retryAfter),
      allowed: Array.isArray(value.allowed) ? value.allowed : [],
    });
  }
}

/** Whether a later try may have another answer. */
function isPassing(status) { return status === 408 || status === 429 || status >= 500 && status !== 501; }

function seconds(value) {
  if (value === null || value === undefined) return undefined;
  const number = Number(value);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

async function boundedText(response) {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "", size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > MAX_POSTERN_ANSWER) {
      await reader.cancel();
      throw unexpected("Postern", response.status);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function unexpected(who, status) {
  return new UploadError("unexpected-answer", `The answer, with status ${status}, did not come from ${who}: check the address, and any proxy between.`, {
    status, retryable: isPassing(status),
  });
}

function timedOut(who, cause) {
  return new UploadError("timeout", `${who} did not answer in time. Check the connection, and try again.`, { retryable: true, cause });
}

/** Tells a server that cannot be reached from one that is there but does not allow the page: a browser gives no reason for either. */
async function unreachable(who, url, signal, cause) {
  let isThere = false, isBlocked = false;
  const { origin } = new URL(url);
  const blocked = (event) => { isBlocked ||= event.effectiveDirective === "connect-src" && event.blockedURI.startsWith(origin); };
  document.addEventListener("securitypolicyviolation", blocked);
  const ended = new AbortController();
  const stop = () => ended.abort();
  const timer = setTimeout(stop, 5000);
  signal?.addEventListener("abort", stop);
  try {
    await fetch(url, { method: "HEAD", mode: "no-cors", cache: "no-store", credentials: "omit", signal: ended.signal });
    isThere = true;
  } catch {
    // It is not there, or the page's policy forbids even to ask: a task of its own tells that.
    await new Promise((resolve) => { setTimeout(resolve); });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    document.removeEventListener("securitypolicyviolation", blocked);
  }
  throwIfAborted(signal);
  if (isBlocked) {
    return new UploadError("blocked-by-csp", `The page's Content-Security-Policy forbids requests to ${origin}: add it to connect-src.`, { cause });
  }
  if (!isThere) return new UploadError("network", `${who} cannot be reached. Check the connection, and try again.`, { retryable: true, cause });
  const where = who === "Postern" ? "the tenant's origins in Postern" : "the bucket's CORS rules";
  return new UploadError("cors", `${who} can be reached, but gave this page no answer: ${where} may not list ${location.origin}.`, { retryable: true, cause });
}

// MARK: One upload

class Upload {
  constructor(file, options) {
    this.file = file;
    this.options = options;
    this.service = new Service(options);
    this.shared = options[SHARED] ?? new Shared();
    this.attempts = new Attempts(options, (error, milliseconds) => {
      if (error.retryAfter) this.shared.notBefore = Math.max(this.shared.notBefore, performance.now() + milliseconds);
      this.#report("waiting", { error, retryIn: Math.round(milliseconds) });
    });
    this.ticket = undefined;
    this.loaded = 0;
    const { rule, filename = file.name, contentType = file.type, metadata, parameters } = options;
    let { path = file.webkitRelativePath || undefined } = options;
    if (rule?.usesPath === false) path = undefined;
    /** What Postern is asked; JSON leaves out what is undefined. */
    this.request = { rule: rule?.name ?? rule, filename, contentType, size: file.size, metadata, parameters, path };
  }

  async run() {
    if (this.file.size > MAX_FILE) throw new UploadError("size-too-large", "The file has more than 5 GiB, the most that a store takes in one upload.");
    this.#report("waiting");
    const { checksum, rule } = this.options;
    const algorithm = checksum ?? (rule?.checksum === "required" ? bestOf(rule.checksumAlgorithms) : this.shared.algorithms.get(this.request.rule));
    if (algorithm) {
      await this.#checkFile();
      await this.#hash(algorithm);
    }
    return await this.attempts.run(() => this.#once());
  }

  async #once() {
    await this.#checkFile();
    const ticket = await this.#currentTicket();
    try {
      const answer = await this.#send(ticket);
      const result = storedBy(answer, ticket, this.file.size);
      this.loaded = this.file.size;
      this.#report("stored");
      return result;
    } catch (error) {
      if (error.needsNewTicket) this.ticket = undefined;
      // The ticket is for the size that the file had. Firefox sends a file that has grown since with the rest.
      if (["file-too-large", "file-too-small"].includes(error.code) && ticket.minSize <= this.file.size && this.file.size <= ticket.maxSize) throw fileChanged(error);
      throw error;
    }
  }

  /** The ticket that is held while it is valid, or a new one. Its end is counted from before the request by a clock that nobody sets. */
  async #currentTicket() {
    if (this.ticket && performance.now() < this.ticket.end) return this.ticket;
    // Another upload was told to wait: this one would be, too.
    while (this.shared.notBefore > performance.now()) await pause(this.shared.notBefore - performance.now(), this.options.signal);
    const start = performance.now();
    const taken = await this.#take();
    if (!isTicket(taken)) throw unexpected("Postern", 201);
    this.ticket = { ...taken, end: start + taken.expiresIn * 1000 - TICKET_MARGIN };
    this.options.onTicket?.(taken);
    return this.ticket;
  }

  async #take() {
    const ask = () => this.service.request("POST", "/v1/tickets", this.request, this.options.signal);
    try {
      return await ask();
    } catch (error) {
      // Hashing reads the whole file, so it waits until Postern says that the rule needs it.
      if (error.code !== "checksum-required" || this.request.checksum) throw error;
      const algorithm = bestOf(error.allowed);
      this.shared.algorithms.set(this.request.rule, algorithm);
      await this.#hash(algorithm);
      return await ask();
    }
  }

  async #hash(algorithm) {
    if (!HASHES[algorithm]) throw new TypeError(`checksum must be one of ${Object.keys(HASHES).join(", ")}`);
    const value = await hash(this.file, algorithm, this.options, (hashed) => this.#report("hashing", { hashed }));
    this.request.checksum = { algorithm, value };
  }

  /** A file that was changed or removed cannot be read any more, and a request with it only says that the network failed. */
  async #checkFile() {
    const { file, request: { size } } = this;
    if (file.size !== size) throw fileChanged();
    try {
      // A file that has vanished seems to be empty: it is read whole, not a part of it.
      await untilAborted((size === 0 ? file : file.slice(0, 1)).arrayBuffer(), this.options.signal);
      await untilAborted(file.slice(Math.max(0, size - 1)).arrayBuffer(), this.options.signal);
    } catch (error) {
      throw error instanceof UploadError ? error : unreadable(error);
    }
  }

  #report(phase, more = {}) {
    tell(this.options.onProgress, { phase, loaded: this.loaded, total: this.request.size, ...more });
  }

  /** Sends the form or the file. XMLHttpRequest tells how much was sent, which fetch does not. */
  #send(ticket) {
    const { file, options: { signal, stallTimeout = 60_000 } } = this;
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      let timer, failed;
      const end = (finish, value) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
        request.onload = request.onerror = request.onabort = request.onprogress = request.upload.onprogress = null;
        finish(value);
      };
      const fail = (error) => {
        failed = error;
        end(reject, error);
        request.abort();
      };
      const stop = () => fail(aborted());
      const moved = () => {
        clearTimeout(timer);
        timer = setTimeout(() => fail(timedOut("The store")), stallTimeout);
      };
      request.upload.onprogress = (event) => {
        moved();
        // What comes before the file counts too.
        const sent = Math.min(file.size, Math.max(0, event.loaded - Math.max(0, event.total - file.size)));
        if (sent <= this.loaded) return;
        this.loaded = sent;
        this.#report("uploading");
      };
      request.onprogress = (event) => {
        moved();
        if (event.loaded > MAX_STORE_ANSWER) fail(unexpected("the store", request.status));
      };
      request.onload = () => end(resolve, request);
      request.onerror = () => {
        end(() => {});
        if (!failed) this.#reason(ticket).then(reject, reject);
      };
      signal?.addEventListener("abort", stop);
      if (signal?.aborted) { stop(); return; }
      let body = file;
      try {
        request.open(ticket.method, ticket.url);
        for (const [name, value] of Object.entries(ticket.headers)) request.setRequestHeader(name, value);
      } catch (error) {
        end(reject, new UploadError("unexpected-answer", "Postern's ticket has a URL or a header that a browser does not take.", { cause: error }));
        return;
      }
      if (ticket.method === "POST") {
        body = new FormData();
        for (const [name, value] of Object.entries(ticket.fields)) body.append(name, value);
        // Last: stores ignore what follows the file. The ticket has its name already, where the rule uses it.
        body.append(ticket.fileField, file, "file");
      }
      this.#report("uploading");
      // The page may have cancelled at that.
      if (failed) return;
      moved();
      request.send(body);
    });
  }

  /** Why a request to the store had no answer. */
  async #reason(ticket) {
    await this.#checkFile();
    const error = await unreachable("The store", new URL("/", ticket.url).href, this.options.signal);
    if (error.code === "cors" && "success_action_redirect" in ticket.fields) {
      return new UploadError("redirect-unreadable", "The file may be stored: the rule's successRedirect is an address that this page may not read. For pages with "
        + "a script use a rule without successRedirect.");
    }
    // With a part sent already, the page was allowed.
    if (error.code === "cors" && this.loaded > 0) {
      return new UploadError("network", "The connection to the store broke. Check it, and try again.", { retryable: true });
    }
    return error;
  }
}

/** The first of HASHES that is allowed. */
function bestOf(allowed) {
  const found = Object.keys(HASHES).find((name) => allowed.includes(name));
  if (found) return found;
  throw new UploadError("checksum-unsupported", `The rule needs a checksum by one of ${allowed.join(", ")}, which this page cannot compute.`);
}

function isTicket(value) {
  const isText = (each) => typeof each === "string";
  const isTable = (each) => typeof each === "object" && each !== null && Object.values(each).every(isText);
  return ["POST", "PUT"].includes(value.method) && isText(value.url) && /^https?:/.test(value.url) && isText(value.key)
    && isText(value.fileField) && isTable(value.fields) && isTable(value.headers) && Number.isFinite(value.expiresIn);
}

function fileChanged(cause) {
  return new UploadError("file-changed", "The file has changed since it was chosen. Choose it again.", { cause });
}

function unreadable(error) {
  // What browsers throw for a file that is another one by now.
  if (error?.name === "NotReadableError") return fileChanged(error);
  return new UploadError("file-unreadable", "The file cannot be read: it was moved, removed, or may not be opened. Choose it again.", { cause: error });
}

// MARK: The store's answer

function storedBy(request, ticket, size) {
  const { status } = request;
  const isHTML = /^text\/html\b/i.test(headerOf(request, "content-type") ?? "");
  const elements = xmlElements(request.responseText);
  const etag = headerOf(request, "etag") ?? elements.get("ETag") ?? undefined;
  const isMoved = request.responseURL !== "" && request.responseURL !== new URL(ticket.url).href;
  const isRedirected = isMoved && "success_action_redirect" in ticket.fields;
  // A page with status 200 is of a proxy, or of a network that wants a login first.
  const isForeign = isHTML || elements.has("Error") || isMoved && etag === undefined;
  if ([200, 201, 204].includes(status) && (isRedirected || !isForeign)) {
    const signed = { ...ticket.headers, ...ticket.fields };
    return { key: ticket.key, rule: ticket.rule, ticketId: ticket.id, size, contentType: signed["Content-Type"], etag };
  }
  throw storeError(status, request.responseText, seconds(headerOf(request, "retry-after")));
}

/** A header field by its name in lower case. To ask for one that the bucket does not expose would be an error in the console. */
function headerOf(request, name) {
  const line = request.getAllResponseHeaders().split("\r\n").find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

/**
 * What an answer of a store means, by clients/store-errors.json: for pages that send the upload by other means.
 * @param {number} status
 * @param {string} text the answer's body: S3's XML, or whatever came
 * @param {number} [retryAfter] in seconds
 * @returns {UploadError}
 */
export function storeError(status, text, retryAfter) {
  const elements = xmlElements(text), code = elements.get("Code");
  if (!code) return Object.assign(unexpected("the store", status), { retryAfter });
  const message = elements.get("Message") ?? "";
  const more = { status, retryAfter, detail: message ? `${code}: ${message}` : code, requestId: elements.get("RequestId"), retryable: isPassing(status) };
  const lowered = message.toLowerCase();
  const entry = STORE_ERRORS.find((each) => each.store === code && lowered.includes(each.contains ?? ""));
  if (!entry) return new UploadError("store-refused", `The store did not take the file: ${more.detail}`, more);
  return new UploadError(entry.code, entry.sentence, { ...more, retryable: entry.retry ?? false, needsNewTicket: entry.newTicket ?? false });
}

/** The text of the root's children by name, and the root's own name; empty if it is no XML. */
function xmlElements(text) {
  const found = new Map();
  // Nothing else is parsed: neither a page of a proxy, nor a document type with entities.
  if (!text || text.length > MAX_STORE_ANSWER || !/^\s*(<\?xml[^>]*>)?\s*<(Error|PostResponse)\b/.test(text)) return found;
  const { documentElement: root } = new DOMParser().parseFromString(text, "application/xml");
  if (!root || root.getElementsByTagName("parsererror").length || root.localName === "parsererror") return found;
  found.set(root.localName, "");
  for (const child of root.children) found.set(child.localName, child.textContent);
  return found;
}

// BEGIN clients/store-errors.json: written by scripts/store-errors
const STORE_ERRORS = [
  {"store": "EntityTooLarge", "code": "file-too-large", "sentence": "The file is larger than the ticket allows. Nothing was stored."},
  {"store": "EntityTooSmall", "code": "file-too-small", "sentence": "The file is smaller than the ticket allows. Nothing was stored."},
  {"store": "MaxMessageLengthExceeded", "code": "file-too-large", "sentence": "The file is larger than the store takes in one upload."},
  {"store": "AccessDenied", "contains": "policy expired", "code": "ticket-expired", "sentence": "The ticket expired before the upload began. Take a new ticket and upload again.", "newTicket": true},
  {"store": "AccessDenied", "contains": "request has expired", "code": "ticket-expired", "sentence": "The ticket expired before the upload began. Take a new ticket and upload again.", "newTicket": true},
  {"store": "ExpiredToken", "code": "ticket-expired", "sentence": "The credentials that signed the ticket have expired. Take a new ticket and upload again.", "newTicket": true},
  {"store": "TokenRefreshRequired", "code": "ticket-expired", "sentence": "The credentials that signed the ticket have expired. Take a new ticket and upload again.", "newTicket": true},
  {"store": "AccessDenied", "contains": "\"$content-type\"", "code": "type-not-signed", "sentence": "The form's Content-Type is not the one that was signed. Send the ticket's fields as they are."},
  {"store": "AccessDenied", "contains": "not met condition: content-type", "code": "type-not-signed", "sentence": "The form's Content-Type is not the one that was signed. Send the ticket's fields as they are."},
  {"store": "AccessDenied", "contains": "extra input fields", "code": "field-not-signed", "sentence": "The form has a field that was not signed. Send the ticket's fields and the file, and nothing else."},
  {"store": "AccessDenied", "contains": "policy missing condition", "code": "field-not-signed", "sentence": "The form has a field that was not signed. Send the ticket's fields and the file, and nothing else."},
  {"store": "AccessDenied", "contains": "policy condition failed", "code": "policy-condition-failed", "sentence": "The form is not what was signed. Send the ticket's fields as they are, before the file."},
  {"store": "AccessDenied", "contains": "policy check failed", "code": "policy-condition-failed", "sentence": "The form is not what was signed. Send the ticket's fields as they are, before the file."},
  {"store": "AccessDenied", "contains": "according to policy", "code": "policy-condition-failed", "sentence": "The form is not what was signed. Send the ticket's fields as they are, before the file."},
  {"store": "AccessDenied", "contains": "headers present in the request which were not signed", "code": "field-not-signed", "sentence": "The request has a header that was not signed. Send the ticket's headers and the file, and nothing else."},
  {"store": "AccessDenied", "contains": "cors", "code": "cors-not-allowed", "sentence": "The bucket's CORS rules do not allow this page. Add the page's origin to them."},
  {"store": "AccessForbidden", "code": "cors-not-allowed", "sentence": "The bucket's CORS rules do not allow this page. Add the page's origin to them."},
  {"store": "AccessDenied", "code": "access-denied", "sentence": "The store denied the upload: the request is not the one that was signed, or the credentials that signed it may not write there."},
  {"store": "AllAccessDisabled", "code": "access-denied", "sentence": "The bucket allows no access at all."},
  {"store": "AccountProblem", "code": "access-denied", "sentence": "The owner's account does not allow the upload."},
  {"store": "NotSignedUp", "code": "access-denied", "sentence": "The account that signed the ticket is not signed up for this store."},
  {"store": "SignatureDoesNotMatch", "code": "signature-mismatch", "sentence": "The signature does not match the request: the ticket was changed, or signed with another secret key."},
  {"store": "InvalidAccessKeyId", "code": "signer-unknown", "sentence": "The store does not know the access key that signed the ticket."},
  {"store": "InvalidToken", "code": "signer-unknown", "sentence": "The store does not accept the session token of the credentials that signed the ticket."},
  {"store": "RequestTimeTooSkewed", "code": "clock-skewed", "sentence": "The clocks of the signer and of the store differ too much."},
  {"store": "AuthorizationHeaderMalformed", "code": "region-wrong", "sentence": "The ticket is signed for another region than the bucket's."},
  {"store": "AuthorizationQueryParametersError", "code": "policy-invalid", "sentence": "The signed URL cannot be read: it was changed after it was signed."},
  {"store": "PermanentRedirect", "code": "region-wrong", "sentence": "The bucket is in another region, or must be addressed by another host name."},
  {"store": "TemporaryRedirect", "code": "store-busy", "sentence": "The store is moving the bucket. Try again later.", "retry": true},
  {"store": "Redirect", "code": "store-busy", "sentence": "The store is moving the bucket. Try again later.", "retry": true},
  {"store": "InvalidPolicyDocument", "code": "policy-invalid", "sentence": "The store cannot read the policy: it was changed after it was signed."},
  {"store": "SignatureVersionNotSupported", "code": "signature-version", "sentence": "The bucket takes no signatures of this version. Set signatureVersion to v4."},
  {"store": "BadDigest", "code": "checksum-mismatch", "sentence": "The bytes that arrived do not have the checksum that was signed: the file changed, or was damaged on the way."},
  {"store": "XAmzContentChecksumMismatch", "code": "checksum-mismatch", "sentence": "The bytes that arrived do not have the checksum that was signed: the file changed, or was damaged on the way."},
  {"store": "XAmzContentSHA256Mismatch", "code": "checksum-mismatch", "sentence": "The bytes that arrived do not have the checksum that was signed: the file changed, or was damaged on the way."},
  {"store": "InvalidDigest", "code": "checksum-mismatch", "sentence": "The checksum is not one that the store can read."},
  {"store": "PreconditionFailed", "code": "object-exists", "sentence": "There is already an object with this key, and the rule does not let it be replaced."},
  {"store": "ConditionalRequestConflict", "code": "store-busy", "sentence": "Another upload to this key was under way. Try again.", "retry": true},
  {"store": "OperationAborted", "code": "store-busy", "sentence": "Another operation on this key was under way. Try again.", "retry": true},
  {"store": "SlowDown", "code": "store-busy", "sentence": "The store has too many requests at the moment. Try again later.", "retry": true},
  {"store": "ServiceUnavailable", "code": "store-busy", "sentence": "The store is not available at the moment. Try again later.", "retry": true},
  {"store": "InternalError", "code": "store-busy", "sentence": "The store has an error of its own. Try again later.", "retry": true},
  {"store": "RequestTimeout", "code": "connection-slow", "sentence": "The store stopped waiting for the file, because the connection was too slow. Try again.", "retry": true},
  {"store": "IncompleteBody", "code": "connection-broken", "sentence": "The connection ended before the whole file had arrived. Try again.", "retry": true},
  {"store": "NoSuchBucket", "code": "bucket-missing", "sentence": "The store has no bucket of this name."},
  {"store": "MethodNotAllowed", "code": "method-not-supported", "sentence": "The store does not take this kind of upload at this address."},
  {"store": "NotImplemented", "code": "method-not-supported", "sentence": "The store does not take this kind of upload. For stores without forms, set method to put."},
  {"store": "MissingContentLength", "code": "length-missing", "sentence": "The upload was sent in chunks, without a Content-Length. Send its length."},
  {"store": "InvalidArgument", "contains": "only one auth mechanism", "code": "authorization-sent", "sentence": "The upload had an Authorization header. Send none to the store: the ticket is signed already."},
  {"store": "InvalidArgument", "contains": "authorization", "code": "authorization-sent", "sentence": "The upload had an Authorization header. Send none to the store: the ticket is signed already."},
  {"store": "InvalidArgument", "code": "form-invalid", "sentence": "The store does not accept a field of the upload. Send the ticket's fields as they are, with no Authorization header."},
  {"store": "InvalidRequest", "contains": "aws4-hmac-sha256", "code": "signature-version", "sentence": "The bucket takes no signatures of this version. Set signatureVersion to v4."},
  {"store": "InvalidRequest", "code": "form-invalid", "sentence": "The store does not accept the upload as it was sent."},
  {"store": "MalformedPOSTRequest", "code": "form-invalid", "sentence": "The form is not well formed: it must be multipart/form-data, with the file last."},
  {"store": "IncorrectNumberOfFilesInPostRequest", "code": "form-invalid", "sentence": "The form must have one file, as its last part."},
  {"store": "MaxPostPreDataLengthExceeded", "code": "form-invalid", "sentence": "The fields before the file are too long together."},
  {"store": "UserKeyMustBeSpecified", "code": "form-invalid", "sentence": "The form has no key before the file. The file must come last."},
  {"store": "RequestIsNotMultiPartContent", "code": "form-invalid", "sentence": "The form must be multipart/form-data."},
  {"store": "KeyTooLongError", "code": "form-invalid", "sentence": "The object's key is longer than the store allows."},
  {"store": "MetadataTooLarge", "code": "form-invalid", "sentence": "The metadata is larger than the store allows."},
  {"store": "InvalidTag", "code": "form-invalid", "sentence": "The store does not accept the tags of the upload."},
  {"store": "AccessControlListNotSupported", "code": "acl-not-supported", "sentence": "The bucket takes no ACLs. Remove acl from the rule."},
  {"store": "InvalidStorageClass", "code": "storage-class-unknown", "sentence": "The store does not have the storage class of the rule."},
  {"store": "KMS.DisabledException", "code": "encryption-key-unusable", "sentence": "The key that encrypts the bucket is disabled."},
  {"store": "KMS.NotFoundException", "code": "encryption-key-unusable", "sentence": "The key that encrypts the bucket does not exist."},
  {"store": "KMS.KMSInvalidStateException", "code": "encryption-key-unusable", "sentence": "The key that encrypts the bucket cannot be used at the moment."},
  {"store": "QuotaExceeded", "code": "store-full", "sentence": "The store's quota is used up."},
  {"store": "XMinioStorageFull", "code": "store-full", "sentence": "The store is full."},
  {"store": "XMinioAdminBucketQuotaExceeded", "code": "store-full", "sentence": "The bucket's quota is used up."},
];
// END clients/store-errors.json

// MARK: Checksums

/** Reads a file in parts, so that it is never in memory as a whole. */
async function* partsOf(file, partSize, signal) {
  for (let start = 0; start < file.size; start += partSize) {
    throwIfAborted(signal);
    const part = await untilAborted(file.slice(start, start + partSize).arrayBuffer(), signal);
    yield new Uint8Array(part);
  }
}

/** Computes a checksum in base64: in a worker for a large file if the page allows one, else here, part by part. */
async function hash(file, algorithm, { signal, worker = true }, onHashed) {
  throwIfAborted(signal);
  if (algorithm === "sha256" && file.size < WHOLE_BELOW && globalThis.crypto?.subtle) {
    const data = await untilAborted(file.arrayBuffer(), signal).catch((error) => { throw error instanceof UploadError ? error : unreadable(error); });
    if (data.byteLength !== file.size) throw fileChanged();
    const digest = await untilAborted(crypto.subtle.digest("SHA-256", data), signal);
    onHashed(data.byteLength);
    return base64(new Uint8Array(digest));
  }
  if (worker && file.size >= WORKER_FROM && typeof Worker === "function") {
    const value = await hashInWorker(file, algorithm, signal, onHashed);
    if (value !== undefined) return value;
  }
  // Parts that keep the page responsive: a few milliseconds each.
  return await hashHere(file, algorithm, 1 << 20, signal, onHashed);
}

async function hashHere(file, algorithm, partSize, signal, onHashed) {
  const state = new HASHES[algorithm]();
  let hashed = 0;
  try {
    for await (const part of partsOf(file, partSize, signal)) {
      state.update(part);
      hashed += part.length;
      onHashed(hashed);
    }
  } catch (error) {
    throw error instanceof UploadError ? error : unreadable(error);
  }
  if (hashed !== file.size) throw fileChanged();
  return base64(state.digest());
}

function base64(data) { return btoa(String.fromCharCode(...data)); }

/** Undefined if there can be no worker here: the page's Content-Security-Policy forbids it, or this file is not served under its name. */
function hashInWorker(file, algorithm, signal, onHashed) {
  return new Promise((resolve, reject) => {
    let worker;
    try {
      // Bundlers know this form, and put the module where it can be loaded again.
      worker = new Worker(new URL("./postern.js", import.meta.url), { type: "module", name: "postern-hash" });
    } catch {
      resolve(undefined);
      return;
    }
    const end = (finish, value) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      worker.terminate();
      finish(value);
    };
    const stop = () => end(reject, aborted());
    const timer = setTimeout(() => end(resolve, undefined), WORKER_SILENCE);
    worker.onmessage = ({ data }) => {
      clearTimeout(timer);
      if (data.hashed !== undefined) onHashed(data.hashed);
      else if (data.value !== undefined) end(resolve, data.value);
      else end(reject, new UploadError(data.code, data.message));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(resolve, undefined);
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    else worker.postMessage({ file, algorithm });
  });
}

/** SHA-256 (FIPS 180-4), for bytes that come in parts: browsers have it for whole texts only. */
class SHA256 {
  static #constants = Uint32Array.from([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2]);

  #state = Uint32Array.from([0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]);
  #words = new Uint32Array(64);
  #rest = new Uint8Array(64);
  #restCount = 0;
  #length = 0;

  update(data) {
    this.#length += data.length;
    let start = 0;
    if (this.#restCount > 0) {
      start = Math.min(64 - this.#restCount, data.length);
      this.#rest.set(data.subarray(0, start), this.#restCount);
      this.#restCount += start;
      if (this.#restCount < 64) return;
      this.#block(new DataView(this.#rest.buffer), 0);
      this.#restCount = 0;
    }
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (; start + 64 <= data.length; start += 64) this.#block(view, start);
    this.#rest.set(data.subarray(start));
    this.#restCount = data.length - start;
  }

  digest() {
    const length = this.#length;
    const end = new Uint8Array(((this.#restCount < 56 ? 64 : 128) - this.#restCount));
    end[0] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(end.length - 4, length << 3);
    this.update(end);
    const digest = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, index) => digest.setUint32(index * 4, word));
    return new Uint8Array(digest.buffer);
  }

  #block(view, start) {
    const words = this.#words, constants = SHA256.#constants, state = this.#state;
    for (let i = 0; i < 16; i += 1) words[i] = view.getUint32(start + i * 4);
    for (let i = 16; i < 64; i += 1) {
      const x = words[i - 15], y = words[i - 2];
      const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3, s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
      words[i] = words[i - 16] + s0 + words[i - 7] + s1 | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i += 1) {
      const t1 = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + constants[i] + words[i] | 0;
      const t2 = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
      h = g; g = f; f = e; e = d + t1 | 0; d = c; c = b; b = a; a = t1 + t2 | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }
}

/** A CRC of 32 bits over reflected bytes, by its reversed polynomial. */
function crc(polynomial) {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? value >>> 1 ^ polynomial : value >>> 1;
    return value;
  });
  return class {
    #value = 0xffffffff;

    update(data) {
      let value = this.#value;
      for (let i = 0; i < data.length; i += 1) value = value >>> 8 ^ table[(value ^ data[i]) & 0xff];
      this.#value = value;
    }

    digest() {
      const digest = new DataView(new ArrayBuffer(4));
      digest.setUint32(0, ~this.#value);
      return new Uint8Array(digest.buffer);
    }
  };
}

/** The algorithms that this module computes, the strongest first. */
const HASHES = { sha256: SHA256, crc32c: crc(0x82f63b78), crc32: crc(0xedb88320) };

if (typeof WorkerGlobalScope === "function" && globalThis instanceof WorkerGlobalScope && globalThis.name === "postern-hash") {
  globalThis.onmessage = async ({ data: { file, algorithm } }) => {
    try {
      const value = await hashHere(file, algorithm, 4 << 20, undefined, (hashed) => postMessage({ hashed }));
      postMessage({ value });
    } catch (error) {
      postMessage({ code: error.code ?? "file-unreadable", message: error.message });
    }
  };
}
