// SPDX-License-Identifier: Apache-2.0
// A React hook on clients/web/postern.js: see README.md.
import { useCallback, useEffect, useRef, useState } from "react";
import { upload } from "./postern.js";

const IDLE = { state: "idle", progress: 0, key: null, error: null };

/**
 * Uploads one file at a time: a new one takes the place of one that is under way.
 * `options` are those of `upload`: endpoint, token, rule. `state` is "idle", "uploading", "stored" or "failed"; `progress` is 0 to 1.
 */
export function useUpload(options) {
  const [status, setStatus] = useState(IDLE);
  const current = useRef(null);
  const latest = useRef(options);
  useEffect(() => { latest.current = options; });

  const cancel = useCallback(() => {
    current.current?.abort();
    current.current = null;
    setStatus(IDLE);
  }, []);

  const start = useCallback(async (file) => {
    current.current?.abort();
    const controller = (current.current = new AbortController());
    // A status of an upload that was replaced or cancelled is not shown.
    const show = (change) => { if (current.current === controller) setStatus((old) => ({ ...old, ...change })); };
    setStatus({ ...IDLE, state: "uploading" });
    try {
      const onProgress = ({ loaded, total }) => show({ progress: total ? loaded / total : 0 });
      const { key } = await upload(file, { ...latest.current, onProgress, signal: controller.signal });
      show({ state: "stored", progress: 1, key });
    } catch (error) {
      show({ state: "failed", error });
    }
  }, []);

  useEffect(() => () => current.current?.abort(), []); // the component is gone
  return { ...status, start, cancel };
}
