// SPDX-License-Identifier: Apache-2.0
// Direct uploads as the guide of Shrine (Ruby) builds them: Uppy asks the presign endpoint. See README.md.
import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";

export function makeUppy({ postern, token, rule }) {
  return new Uppy().use(AwsS3, {
    shouldUseMultipart: false,
    async getUploadParameters(file, { signal } = {}) {
      const query = new URLSearchParams({ filename: file.name, type: file.type ?? "", rule, size: file.size });
      const response = await fetch(`${postern}/v1/presign?${query}`, { signal, headers: { Authorization: `Bearer ${await token()}` } });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail);
      return answer; // {method, url, fields, headers}
    },
  });
}

/** The value of Shrine's hidden field: what `Attacher#assign` takes. `prefix` is that of the Shrine storage `cache`. */
export function cachedFile(file, { key }, prefix) {
  if (!key.startsWith(`${prefix}/`)) throw new Error(`The key "${key}" is not below "${prefix}/".`);
  const metadata = { size: file.size, filename: file.name, mime_type: file.type };
  return JSON.stringify({ id: key.slice(prefix.length + 1), storage: "cache", metadata });
}
