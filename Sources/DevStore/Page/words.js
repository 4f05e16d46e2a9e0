// SPDX-License-Identifier: Apache-2.0
// Numbers, sizes and times as text.

/** `1 file`, `2 files`, `1,000 files` */
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** `1 byte`, `5 KiB`, `3.2 MiB` */
export function sizeText(bytes) {
  if (bytes < 1024) return plural(bytes, "byte");
  let unit = -1, value = bytes;
  do { value /= 1024; unit += 1; } while (value >= 1023.95 && unit < 3);
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${["KiB", "MiB", "GiB", "TiB"][unit]}`;
}

/** `under a second`, `12 s`, `3 min 5 s`, `2 h 10 min` */
export function timeText(seconds) {
  if (seconds < 1) return "under a second";
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  return `${Math.floor(whole / 3600)} h${Math.floor(whole % 3600 / 60) ? ` ${Math.floor(whole % 3600 / 60)} min` : ""}`;
}

/** The letters of a file's name after its last dot, for a tile without a picture: `PDF`. */
export function endingText(name) {
  const ending = /\.([\p{L}\p{N}]{1,5})$/u.exec(name)?.[1] ?? "file";
  return ending.toUpperCase();
}

/** Quotes a word for a POSIX shell. */
export function shellWord(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
