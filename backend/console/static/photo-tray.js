/** Photos that will go with the next message: chosen, made small, uploaded, taken back. */

import { byId, fill, make, setText } from "./dom.js";
import { Problem } from "./api.js";

const MAX_BYTES = 8 * 1024 * 1024;
const LONGEST = 1600;
const RETRY_AFTER = [1000, 3000];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Return the picture in `file`, at most 1,600 pixels a side: an upload that a phone can afford,
 * and where it was taken stays on the phone. What the browser can't read goes as it is, and the
 * server decides.
 */
async function shrink(file) {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = make("canvas", {
      width: Math.max(1, Math.round(picture.width * scale)),
      height: Math.max(1, Math.round(picture.height * scale)),
    });
    const paper = canvas.getContext("2d");
    paper.fillStyle = "white";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return await new Promise((resolve) =>
      canvas.toBlob((blob) => resolve(blob ?? file), "image/jpeg", 0.85),
    );
  } catch {
    return file;
  }
}

/**
 * Work the tray: #attach opens #file, #tray lists the photos, #tray-said says what happens.
 * `upload(blob)` returns a photo as {id, small, …}, `drop(id)` takes it back, `texts()` are the
 * page's words, `tell(problem)` shows what went wrong, `after` is where the focus goes when the
 * tray is empty. At most `max` photos are in it.
 */
export function photoTray({ upload, drop, texts, tell, after, max }) {
  const list = byId("tray");
  let items = [];

  const say = (text) => setText(byId("tray-said"), text);

  function paint() {
    list.hidden = items.length === 0;
    items.forEach((item, index) => {
      const n = index + 1;
      item.node.classList.toggle("failed", item.state === "failed");
      item.node.setAttribute("aria-busy", String(item.state === "sending"));
      item.remove.setAttribute("aria-label", fill(texts().photo_remove, { n }));
      item.again.setAttribute("aria-label", fill(texts().photo_retry, { n }));
      item.again.hidden = item.state !== "failed";
      if (item.photo && !item.image.src) item.image.src = item.photo.small;
      item.image.hidden = !item.photo;
      list.append(item.node);
    });
  }

  function put(file, photo = null) {
    const item = { file, photo, state: photo ? "ready" : "sending" };
    item.image = make("img", { alt: "", width: 72, height: 72 });
    item.remove = make("button", { type: "button", className: "button small remove", onclick: () => takeOut(item) }, "×");
    item.again = make("button", { type: "button", className: "button small", onclick: () => send(item) }, "↻");
    item.node = make("li", {}, item.image, item.again, item.remove);
    items.push(item);
    return item;
  }

  function takeOut(item) {
    const at = items.indexOf(item);
    items = items.filter((other) => other !== item);
    item.node.remove();
    paint();
    say(texts().photo_removed);
    (items[Math.min(at, items.length - 1)]?.remove ?? after()).focus();
    // What could not be taken back is forgotten by the server within a day.
    if (item.photo) drop(item.photo.id).catch(() => {});
  }

  function send(item) {
    item.state = "sending";
    say(texts().photo_sending);
    paint();
    item.done = run(item);
    return item.done;
  }

  async function run(item) {
    item.blob ??= await shrink(item.file);
    try {
      if (item.blob.size > MAX_BYTES) throw new Problem(413, texts().photo_large);
      item.photo = await tryHard(item.blob);
      item.state = "ready";
      if (!items.includes(item)) drop(item.photo.id).catch(() => {}); // taken out meanwhile
      else say(fill(texts().photo_ready, { n: items.filter((one) => one.photo).length }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      item.state = "failed";
      if (items.includes(item)) tell(error.message || texts().photo_failed);
    }
    paint();
  }

  async function tryHard(blob) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await upload(blob);
      } catch (error) {
        const again = error instanceof Problem && error.passing && error.status !== 429;
        if (!again || attempt >= RETRY_AFTER.length) throw error;
        await pause(RETRY_AFTER[attempt]);
      }
    }
  }

  /** Put files into the tray and upload them. */
  function add(files) {
    tell("");
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    if (pictures.length < files.length) tell(texts().photo_kind);
    if (items.length + pictures.length > max) tell(texts().photo_many);
    for (const file of pictures.slice(0, max - items.length)) send(put(file));
  }

  byId("attach").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", () => {
    add(byId("file").files);
    byId("file").value = "";
    after().focus();
  });

  return {
    add,
    speak: paint,
    /** Whether there is anything in it. */
    get filled() {
      return items.length > 0;
    },
    /** Wait for the uploads and return the photos, or null when one failed. */
    async photos() {
      await Promise.all(items.map((item) => item.done));
      return items.every((item) => item.photo) ? items.map((item) => item.photo) : null;
    },
    /** Empty it: its photos went with a message. */
    clear() {
      items = [];
      list.replaceChildren();
      say("");
      paint();
    },
    /** Empty it and take every photo back: they were meant for somebody else. */
    abandon() {
      for (const { photo } of items) if (photo) drop(photo.id).catch(() => {});
      this.clear();
    },
    /** Put photos back that were uploaded for a message which was not sent after all. */
    restore(photos) {
      for (const photo of photos) put(null, photo);
      paint();
    },
  };
}
