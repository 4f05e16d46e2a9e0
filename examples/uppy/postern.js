// SPDX-License-Identifier: Apache-2.0
// What both versions of Uppy need of Postern.

/** The answer to a request; throws an Error with Postern's sentence if it is refused. */
export async function ask({ postern, token, path, body, signal }) {
  const response = await fetch(postern + path, {
    method: body ? "POST" : "GET",
    signal,
    headers: { Authorization: `Bearer ${await token()}`, ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail); // a sentence; answer.code is for programs
  return answer;
}

/** What the user may choose, before any upload: file types and the sizes in bytes. For `uppy.setOptions({ restrictions })`. */
export async function restrictions({ postern, token, rule }) {
  const { rules } = await ask({ postern, token, path: "/v1/rules" });
  const found = rules.find(({ name }) => name === rule);
  if (!found) throw new Error(`This user has no rule "${rule}".`);
  return { allowedFileTypes: found.accept, minFileSize: found.minSize, maxFileSize: found.maxSize };
}
