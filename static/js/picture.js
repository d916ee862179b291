// Makes any picture that the browser can read small enough for the server, and says what went wrong.

import { AGAIN, sentence, unreachable } from "./words.js";

export const LONGEST_SIDE = 1024; // pixels
export const UNREADABLE = "This file is not a picture that the browser can read.";
const BYTES = 1_000_000; // what the server takes is a little more
const TYPES = ["image/png", "image/jpeg", "image/webp"];
const ENCODINGS = [["image/png"], ["image/webp", 0.92], ["image/jpeg", 0.9]];

/** Width and height within LONGEST_SIDE, proportions kept, never enlarged. */
export function fitted(width, height) {
  const factor = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return [width, height].map((length) => Math.max(1, Math.round(length * factor)));
}

/** The first picture among `files` (a FileList or an array), or undefined. */
export function firstPicture(files) {
  return [...files].find((file) => file.type.startsWith("image/"));
}

/** A Blob of at most BYTES bytes and LONGEST_SIDE pixels. Rejects if it is no picture, or nothing. */
export async function shrink(file) {
  const bitmap = await createImageBitmap(file);
  const [width, height] = fitted(bitmap.width, bitmap.height);
  const small = width === bitmap.width && height === bitmap.height && file.size <= BYTES;
  if (small && TYPES.includes(file.type)) return file;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  for (const [type, quality] of ENCODINGS) {
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, quality));
    if (blob && blob.size <= BYTES) return blob;
  }
  throw new RangeError("no encoding is small enough");
}

/** Why a picture was not answered, in words: from the status and the error that came back. */
export function failure(status, error) {
  if (status === 0) return `${unreachable()} Your drawing is kept.`;
  if (status === 413) return "This picture is too large.";
  if (status === 415) return "This file is not a picture. Use PNG, JPEG or WebP.";
  if (status === 429) return `That was too often. ${AGAIN}`;
  if (status >= 500) return `Recognition is not available right now. ${AGAIN}`;
  return error?.message ? sentence(error.message) : "This picture could not be read.";
}

/** The promise of a Blob as text. */
export function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
