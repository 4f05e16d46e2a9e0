// SPDX-License-Identifier: Apache-2.0
// Uppy 6 with @uppy/aws-s3 6.3 or later, and Postern: see README.md. `token` is your app's own login.
import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";
import { ask } from "./postern.js";

export function makeUppy({ postern, token, rule }) {
  const uppy = new Uppy();
  return uppy.use(AwsS3, {
    shouldUseMultipart: false, // Postern signs one POST for each file, up to 5 GiB
    // The signer is told this key and the content type. Postern chooses the key itself, and needs name and size of the file:
    // so the key that it is told is the file's id.
    generateObjectKey: (file) => file.id,
    async signRequest({ key: id, contentType }) {
      const file = uppy.getFile(id);
      const wanted = { rule, filename: file.name, contentType: file.type ?? contentType ?? "", size: file.size };
      const { method, url, fields, headers, key } = await ask({ postern, token, path: "/v1/tickets", body: wanted });
      return method === "POST" ? { url, fields, key } : { url, headers, key };
    },
  });
}
