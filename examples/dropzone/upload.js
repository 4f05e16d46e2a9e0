// SPDX-License-Identifier: Apache-2.0
// Dropzone 5 and Postern: see README.md. `Dropzone` is global, as its script makes it.

Dropzone.autoDiscover = false; // else it takes each element of the class "dropzone" by itself

/** Makes a Dropzone of an element, which uploads with tickets of a rule. `token` is your app's own login. */
export async function dropzone(element, { postern, token, rule }) {
  const ask = async (path, options = {}) => {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const response = await fetch(postern + path, { ...options, headers });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail); // a sentence; answer.code is for programs
    return answer;
  };
  const allowed = (await ask("/v1/rules")).rules.find(({ name }) => name === rule);
  if (!allowed) throw new Error(`This user has no rule "${rule}".`);

  // A file gets its ticket when its turn has come: a ticket for the last of a hundred photos would expire in the queue.
  const waiting = [];
  const running = new Set();
  async function next() {
    if (running.size >= 2 || !waiting.length) return;
    const { file, done } = waiting.shift();
    if (!zone.files.includes(file)) return next(); // the user has removed it
    running.add(file);
    try {
      const wanted = { rule, filename: file.name, contentType: file.type, size: file.size };
      file.ticket = await ask("/v1/tickets", { method: "POST", body: JSON.stringify(wanted) });
      if (running.has(file)) done(); // Dropzone begins to send it
    } catch (error) {
      done(error.message); // Dropzone shows it at the file
    }
  }
  function release(file) {
    if (running.delete(file)) next();
  }

  const zone = new Dropzone(element, {
    accept(file, done) {
      waiting.push({ file, done });
      next();
    },
    method: "POST", // the rule's store must take forms: Dropzone 5 sends no plain PUT
    url: ([file]) => file.ticket.url,
    params: ([file]) => file.ticket.fields,
    paramName: "file",
    acceptedFiles: allowed.accept.join(","),
    maxFilesize: allowed.maxSize / 2 ** 20,
    timeout: 0, // Dropzone's own is 30 seconds for a whole file
    // Stores need none of the headers that Dropzone adds, and the bucket's CORS may not allow them.
    headers: { Accept: null, "Cache-Control": null, "X-Requested-With": null },
  });
  for (const event of ["complete", "canceled", "removedfile"]) zone.on(event, release);
  zone.on("error", (file, text, request) => {
    if (!request) return;
    // What the store answered is XML; without an answer the network or the bucket's CORS is the cause.
    const message = new DOMParser().parseFromString(request.responseText, "text/xml").querySelector("Message")?.textContent;
    file.previewElement.querySelector("[data-dz-errormessage]").textContent =
      message ?? (request.status ? text : "The store cannot be reached, or its CORS does not allow this page.");
  });
  return zone;
}
