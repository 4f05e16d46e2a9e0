// SPDX-License-Identifier: Apache-2.0
// Stands for Uppy's modules where npm cannot be reached: it calls the options of @uppy/aws-s3 and sends the requests that Uppy sends.
// It has no user interface and no restrictions. In an app, install Uppy and leave this file out: see README.md.

/** Stands for the default export of @uppy/core. */
export default class Uppy {
  #files = new Map();
  #listeners = [];
  #options = {};
  #uploader;

  use(Plugin, options) {
    this.#uploader = new Plugin(this, options);
    return this;
  }
  setOptions(options) { this.#options = { ...this.#options, ...options }; }
  get opts() { return this.#options; }
  on(event, listener) {
    this.#listeners.push({ event, listener });
    return this;
  }
  emit(event, ...values) {
    for (const each of this.#listeners) if (each.event === event) each.listener(...values);
  }
  addFile({ name, type, data }) {
    const file = { id: `uppy-${name}-${crypto.randomUUID()}`, name, type, data, size: data.size, meta: { name, type } };
    this.#files.set(file.id, file);
    return file.id;
  }
  getFile(id) { return this.#files.get(id); }
  async upload() {
    const [successful, failed] = [[], []];
    await Promise.all([...this.#files.values()].map(async (file) => {
      const onProgress = (bytesUploaded, bytesTotal) => this.emit("upload-progress", file, { bytesUploaded, bytesTotal });
      try {
        const body = await this.#uploader.upload(file, onProgress);
        this.emit("upload-success", file, { status: 200, uploadURL: body.location, body });
        successful.push(file);
      } catch (error) {
        this.emit("upload-error", file, error);
        failed.push(file);
      }
    }));
    this.#files.clear();
    return { successful, failed };
  }
}

function form(fields, data) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set("file", data);
  return form;
}

function send(method, url, headers, body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url, true);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded, event.total));
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(new Error("Unknown error")));
    request.send(body);
  });
}

/** Stands for @uppy/aws-s3 5.1.0: src/HTTPCommunicationQueue.ts (#nonMultipartUpload) and src/index.ts (uploadPartBytes). */
export class AwsS3Of5 {
  constructor(uppy, options) { this.options = options; }
  async upload(file, onProgress) {
    const { method = "POST", url, fields, headers = {} } =
      await this.options.getUploadParameters(file, { signal: new AbortController().signal });
    const body = method.toUpperCase() === "POST" ? form(fields, file.data) : file.data;
    const request = await send(method, url, headers, body, onProgress);
    if (request.status < 200 || request.status >= 300) throw new Error("Non 2xx");
    const [etag, location] = ["ETag", "Location"].map((name) => request.getResponseHeader(name));
    if (etag == null) {
      console.error("@uppy/aws-s3: Could not read the ETag header.");
      return new Promise(() => {}); // as Uppy: the upload never ends
    }
    return { etag, location: location ?? url.split("?")[0], bucket: fields?.bucket, key: fields?.key };
  }
}

/**
 * Stands for @uppy/aws-s3 6.3, whose source could not be read here. What it does is from the release notes of 6.1.0 (`key`), 6.2.0 (`headers`)
 * and 6.3.0 (`fields`, `contentType`: one code path with Companion), and from Companion's code path in 6.0: src/s3-client/CompanionS3.ts and
 * src/s3-client/S3mini.ts (putObject, request).
 */
export class AwsS3Of6 {
  constructor(uppy, options) { this.options = options; }
  async upload(file, onProgress) {
    const requested = this.options.generateObjectKey?.(file) ?? `${crypto.randomUUID()}-${file.name}`;
    const contentType = file.type || "application/octet-stream";
    const { url, fields, headers = {}, key = fields?.key ?? requested } =
      await this.options.signRequest({ method: "PUT", key: requested, contentType });
    const request = fields
      ? await send("POST", url, {}, form(fields, file.data), onProgress)
      : await send("PUT", url, { "Content-Type": contentType, ...headers }, file.data, onProgress);
    if (request.status < 200 || request.status >= 300) {
      const code = new DOMParser().parseFromString(request.responseText, "text/xml").querySelector("Code")?.textContent;
      throw new Error(`S3 returned ${request.status}${code ? ` – ${code}` : ""}`);
    }
    const path = key.split("/").map(encodeURIComponent).join("/");
    return { key, location: fields ? url + path : url.split("?")[0] };
  }
}
