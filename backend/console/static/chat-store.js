/** What a citizen's browser keeps: the secret session, the language, what is not sent yet. */

import { randomHex } from "./dom.js";

const SESSION = "eungdap.session";
const LANGUAGE = "eungdap.language";
const OUTBOX = "eungdap.outbox";

// Where storage is refused (private windows of some browsers) the page still works, until reload.
const memory = new Map();

function read(key) {
  try {
    return localStorage.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key, value) {
  memory.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // Kept in memory above.
  }
}

function drop(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // It was only in memory.
  }
}

/** Return the session's secret: 256 random bits, made on the first visit. */
export function session() {
  let secret = read(SESSION);
  if (!secret) {
    secret = randomHex(32);
    write(SESSION, secret);
  }
  return secret;
}

/** Return the language the citizen chose, or null. */
export const chosenLanguage = () => read(LANGUAGE);

/** Remember the language the citizen chose. */
export const chooseLanguage = (language) => write(LANGUAGE, language);

/** Return the message that waits to be sent, as {id, text, shown, photos, location}, or null. */
export function outbox() {
  try {
    return JSON.parse(read(OUTBOX) ?? "null");
  } catch {
    return null;
  }
}

/**
 * Keep a message until the server has it; its id stays the same however often it is sent.
 * `photos` were uploaded for it before, `location` is a point {latitude, longitude} or null.
 */
export function putOutbox(text, shown, photos, location) {
  const message = { id: randomHex(16), text, shown, photos, location };
  write(OUTBOX, JSON.stringify(message));
  return message;
}

/** Forget the message that waited: the server has it, or the citizen took it back. */
export const emptyOutbox = () => drop(OUTBOX);

/** Forget the session and everything unsent. */
export function erase() {
  drop(SESSION);
  drop(OUTBOX);
}
