// SPDX-License-Identifier: Apache-2.0
// Uppy 5 and earlier, and Postern: see README.md. `token` is your app's own login.
import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";
import { ask } from "./postern.js";

export function makeUppy({ postern, token, rule }) {
  return new Uppy().use(AwsS3, {
    shouldUseMultipart: false, // Postern signs one POST for each file, up to 5 GiB
    async getUploadParameters(file, { signal } = {}) {
      const wanted = { rule, filename: file.name, contentType: file.type ?? "", size: file.size };
      const { method, url, fields, headers } = await ask({ postern, token, path: "/v1/tickets", body: wanted, signal });
      return { method, url, fields, headers };
    },
  });
}
