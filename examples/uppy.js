// SPDX-License-Identifier: Apache-2.0
// Uppy 5 and Postern: see uppy.md. `token` is your app's own login.
import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";

export function makeUppy({ postern, token, rule }) {
  return new Uppy().use(AwsS3, {
    shouldUseMultipart: false, // Postern signs one POST for each file, up to 5 GiB
    async getUploadParameters(file, { signal } = {}) {
      const response = await fetch(`${postern}/v1/tickets`, {
        method: "POST",
        signal,
        headers: { Authorization: `Bearer ${await token()}`, "Content-Type": "application/json" },
        body: JSON.stringify({ rule, filename: file.name, contentType: file.type ?? "", size: file.size }),
      });
      const ticket = await response.json();
      if (!response.ok) throw new Error(ticket.detail); // a sentence; ticket.code is for programs
      return { method: ticket.method, url: ticket.url, fields: ticket.fields, headers: ticket.headers };
    },
  });
}

// What the user may choose, before any upload: file types and the largest size.
export async function restrictions({ postern, token, rule }) {
  const response = await fetch(`${postern}/v1/rules`, { headers: { Authorization: `Bearer ${await token()}` } });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  const found = answer.rules.find(({ name }) => name === rule);
  if (!found) throw new Error(`This user has no rule "${rule}".`);
  return { allowedFileTypes: found.accept, minFileSize: found.minSize, maxFileSize: found.maxSize };
}
