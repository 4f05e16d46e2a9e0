// SPDX-License-Identifier: Apache-2.0
import { createElement as h } from "react";
import { useUpload } from "./useUpload.js";

function App({ options }) {
  const { state, progress, key, error, start, cancel } = useUpload(options);
  return h("main", null,
    h("h1", null, "React"),
    h("label", null, "Picture ", h("input", { type: "file", id: "file", onChange: (event) => event.target.files[0] && start(event.target.files[0]) })),
    h("p", null, h("progress", { id: "bar", value: progress, max: 1, "aria-label": "Upload" })),
    state === "uploading" && h("button", { type: "button", onClick: cancel }, "Cancel"),
    h("p", { id: "message", role: "status" }, state === "stored" ? `Stored as ${key}` : state === "failed" ? error.message : ""));
}

const { postern, token } = await (await fetch("/session")).json(); // what your app's login gives the page
window.ReactDOM.createRoot(document.getElementById("root")).render(h(App, { options: { endpoint: postern, token, rule: "images" } }));
