// SPDX-License-Identifier: Apache-2.0

/** The token of the signed-in user. A function is called for each request, and with `refresh: true` after one was refused with 401. */
export type Token = string | ((request: { refresh: boolean }) => string | Promise<string>);

export interface ServiceOptions {
  /** The URL of Postern, such as `https://uploads.example.com`. */
  endpoint: string;
  token: Token;
  /** Ends everything at once, with the code `aborted`. */
  signal?: AbortSignal;
  /** How often something that failed is tried again; 0 to 20, by default 4. */
  retries?: number;
  /** How long Postern may take to answer, in milliseconds; by default 30,000. */
  requestTimeout?: number;
}

/** The algorithms that the module computes. */
export type ChecksumAlgorithm = "sha256" | "crc32c" | "crc32";

export interface FileOptions {
  /** The rule's name, or the rule from `listRules`, which saves a request where it needs a checksum. May be left out if the user has one rule only. */
  rule?: string | Rule;
  /** By default the file's name. */
  filename?: string;
  /** By default the file's type as the browser tells it, which may be empty. */
  contentType?: string;
  metadata?: Record<string, string>;
  parameters?: Record<string, string>;
  /** The path with the file's name, for rules with `{path}`. By default the file's `webkitRelativePath`. */
  path?: string;
  /** Computes this checksum. By default one is computed where the rule needs it. */
  checksum?: ChecksumAlgorithm;
  onProgress?: (progress: Progress) => void;
  /** Called with each ticket that is taken, as Postern answered it; a file may need several. */
  onTicket?: (ticket: object) => void;
}

export interface UploadOptions extends ServiceOptions, FileOptions {
  /** How long the upload may stand still, in milliseconds; by default 60,000. */
  stallTimeout?: number;
  /** False: large files are hashed without a worker. */
  worker?: boolean;
}

export interface Progress {
  /** `waiting` for a ticket, or for the next try if `error` is there. */
  phase: "waiting" | "hashing" | "uploading" | "stored";
  /** Bytes of the file that were sent. It never decreases, and is `total` once the file is stored. */
  loaded: number;
  /** The file's size in bytes. */
  total: number;
  /** With `hashing`: how many bytes are hashed. */
  hashed?: number;
  /** With `waiting`: what went wrong, and the milliseconds until the next try. */
  error?: UploadError;
  retryIn?: number;
}

/** What was stored. */
export interface Uploaded {
  /** The object's key. */
  key: string;
  rule: string;
  ticketId: string;
  /** In bytes. */
  size: number;
  /** The type that was signed. */
  contentType: string;
  /** If the bucket's CORS rules expose it. */
  etag?: string;
}

export type UploadResult<F = Blob> =
  | { file: F; status: "fulfilled"; value: Uploaded }
  | { file: F; status: "rejected"; reason: UploadError };

export type FileEvent =
  | { index: number; file: Blob; state: "running"; progress: Progress }
  | { index: number; file: Blob; state: "stored"; result: Uploaded }
  | { index: number; file: Blob; state: "failed"; error: UploadError };

export interface UploadAllOptions extends Omit<UploadOptions, "onProgress"> {
  /** How many uploads run at a time; by default 3. */
  concurrency?: number;
  onFile?: (event: FileEvent) => void;
  /** `loaded` and `total` in bytes of all files, `done` and `files` in files. */
  onProgress?: (progress: { loaded: number; total: number; files: number; done: number }) => void;
}

/** A rule as `GET /v1/rules` lists it. */
export interface Rule {
  name: string;
  method: string;
  contentTypes: string[];
  /** For `<input accept>`, joined by commas. */
  accept: string[];
  minSize: number;
  maxSize: number;
  expiresIn: number;
  checksum: "required" | "optional";
  checksumAlgorithms: string[];
  metadata: string[];
  usesFilename: boolean;
  usesPath: boolean;
  parameters: Record<string, string>;
}

export interface DroppedFile {
  file: File;
  /** With its folders: `site/css/a.png`. */
  path: string;
}

/** Why a file was not uploaded. */
export class UploadError extends Error {
  constructor(code: string, message: string, more?: object);
  readonly name: "UploadError";
  /** Stable, for programs. README.md lists the codes. */
  readonly code: string;
  /** Whether the same upload may succeed later. */
  readonly retryable: boolean;
  /** The HTTP status, if there was an answer. */
  readonly status?: number;
  /** What the server itself said: a problem's title, or the store's code and message. */
  readonly detail?: string;
  /** What the operator finds in the log of Postern, or of the store. */
  readonly requestId?: string;
  /** Seconds to wait before another try. */
  readonly retryAfter?: number;
}

/** Uploads one file. Rejects with an `UploadError`, or with a `TypeError` if the call itself is wrong. */
export function upload(file: Blob, options: UploadOptions): Promise<Uploaded>;

/** Uploads many files, a few at a time. A file that fails does not stop the others; the results are in order. */
export function uploadAll(files: Iterable<Blob | ({ file: Blob } & FileOptions)>, options: UploadAllOptions): Promise<UploadResult[]>;

/** The rules that the user may use. */
export function listRules(options: ServiceOptions): Promise<Rule[]>;

/** Why Postern will refuse this file, before anything is asked; null if nothing speaks against it. */
export function forecast(file: Blob & { name?: string }, rule: Rule): { code: string; message: string } | null;

/** The files and folders of a drop. Call it in the handler of `drop`, before anything is awaited. */
export function filesOf(transfer: DataTransfer): Promise<DroppedFile[]>;

/** What an answer of a store means: for pages that send the upload by other means. `retryAfter` in seconds. */
export function storeError(status: number, text: string, retryAfter?: number): UploadError;
