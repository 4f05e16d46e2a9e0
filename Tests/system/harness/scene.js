// What the scenes of test_web_client.py use in a page: the module, files, and counts of what is open.
import * as postern from "/postern.js";

Object.assign(window, postern, { asked: [], workers: 0, refreshes: 0, violations: [], mistakes: [] });
addEventListener("error", (event) => mistakes.push(event.message));
addEventListener("unhandledrejection", (event) => mistakes.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));

const open = { timers: new Set(), requests: 0, listeners: 0 };
const { setTimeout: begin, clearTimeout: end, fetch: ask, Worker: PlainWorker } = window;
window.setTimeout = (work, ...more) => {
  const timer = begin(() => { open.timers.delete(timer); work(); }, ...more);
  open.timers.add(timer);
  return timer;
};
window.clearTimeout = (timer) => { open.timers.delete(timer); end(timer); };
window.fetch = (url, options = {}) => {
  open.requests += 1;
  asked.push({ method: options.method, path: new URL(url).pathname, body: options.body && JSON.parse(options.body) });
  return ask(url, options).finally(() => { open.requests -= 1; });
};
const { send } = XMLHttpRequest.prototype;
XMLHttpRequest.prototype.send = function (...all) {
  open.requests += 1;
  this.addEventListener("loadend", () => { open.requests -= 1; });
  send.apply(this, all);
};
window.Worker = class extends PlainWorker {
  constructor(...all) { super(...all); workers += 1; }
};
/** A signal that counts who listens to it. */
window.controller = () => {
  const made = new AbortController(), { signal } = made, { addEventListener: add, removeEventListener: remove } = signal;
  const listeners = new Set();
  signal.addEventListener = (name, listener, ...more) => { listeners.add(listener); add.call(signal, name, listener, ...more); open.listeners = listeners.size; };
  signal.removeEventListener = (name, listener) => { listeners.delete(listener); remove.call(signal, name, listener); open.listeners = listeners.size; };
  return made;
};
window.state = () => ({ timers: open.timers.size, requests: open.requests, violations, mistakes });
window.listeners = () => open.listeners;
window.taken = () => asked.filter(({ path }) => path === "/v1/tickets").length;
window.content = (size) => {
  const data = new Uint8Array(size);
  for (let index = 0; index < size; index += 1) data[index] = index * 7 + (index >> 8);
  return data;
};
window.file = (size, name = "a.png", type = "image/png") => new File([content(size)], name, { type });
/** What came of an upload, as JSON has it. */
window.outcome = (promise) => promise.then((value) => ({ value }), tell);
window.tell = ({ name, code, message, status, retryable, detail, requestId }) => ({ error: { name, code, message, status, retryable, detail, requestId } });
window.ready = true;
