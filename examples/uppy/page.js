// SPDX-License-Identifier: Apache-2.0
// The page's part: a file input in place of Uppy's Dashboard, and a line for each file.
import { restrictions } from "./postern.js";

/** Uploads the files that the user chooses, and shows how far each is and what became of it. */
export async function show(makeUppy) {
  const { postern, token } = await (await fetch("/session")).json(); // what your app's login gives the page
  const options = { postern, rule: "images", token: () => token };
  const uppy = makeUppy(options);
  const [input, list, message] = ["files", "list", "message"].map((id) => document.getElementById(id));
  const lines = new Map();
  const say = (file, text) => { lines.get(file.id).textContent = `${file.name}: ${text}`; };
  uppy.on("upload-progress", (file, { bytesUploaded, bytesTotal }) => say(file, `${Math.round((100 * bytesUploaded) / bytesTotal)} %`));
  uppy.on("upload-success", (file, { body }) => say(file, `stored as ${body.key}`));
  uppy.on("upload-error", (file, error) => say(file, error.message));
  uppy.setOptions({ restrictions: await restrictions(options) });
  input.accept = uppy.opts.restrictions.allowedFileTypes.join(",");
  input.disabled = false;
  input.addEventListener("change", async () => {
    for (const data of input.files) {
      const line = list.appendChild(document.createElement("li"));
      lines.set(uppy.addFile({ name: data.name, type: data.type, data }), line);
    }
    input.value = "";
    const { failed } = await uppy.upload();
    message.textContent = failed.length ? "Not all files are stored." : "All files are stored.";
  });
}
