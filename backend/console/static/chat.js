/** The citizens' chat: writes by POST, reads the history, and hears over a socket when to look. */

import { call, Problem } from "./api.js";
import { frame } from "./chat-frame.js";
import { sender } from "./chat-send.js";
import { ask, begun, byId, composing, fill, setText } from "./dom.js";
import { watch } from "./live.js";
import { placeButton } from "./place-button.js";
import { photoTray } from "./photo-tray.js";
import * as store from "./chat-store.js";
import * as view from "./chat-view.js";

const PAGE = 500;
const PHOTO_SECONDS = 90;
const AGAIN_SHOWN = 4000;

const main = byId("main");
// What the door takes: the server says it, so that page and door agree.
const TEXT_MAX = Number(main.dataset.textMax);
const PHOTOS_MAX = Number(main.dataset.photosMax);
const words = JSON.parse(main.dataset.texts);
const input = byId("text");

let language = words[store.chosenLanguage()] ? store.chosenLanguage() : document.documentElement.lang;
let conversation = null;
let seen = 0;
let owner = "bot";
let running = null;
let lookAgain = false;
let first = true;
let unwatch;

const texts = () => words[language];
const tell = (problem) => setText(byId("problem"), problem);
const session = () => ({ "X-Session": store.session() });

const outbox = sender({ texts, tell, look, putBack, botAnswers: () => owner === "bot" });
const tray = photoTray({
  upload: (blob) => call("POST", "/channels/web/photos", blob, session(), PHOTO_SECONDS),
  drop: (id) => call("DELETE", `/channels/web/photos/${id}`, undefined, session()),
  texts,
  tell,
  after: () => input,
  max: PHOTOS_MAX,
});
const around = main.dataset.embedded
  ? frame((focus) => {
      view.toEnd(false);
      if (focus) input.focus();
    })
  : null;

function setLanguage(next) {
  language = next;
  byId("language").value = next;
  view.speak(language, texts());
  view.showOwner(owner, texts());
  view.showWelcome(!byId("welcome").hidden, texts(), outbox.say);
  tray.speak();
  if (byId("connection").textContent) showConnection(false);
}

let forget;

/** Say that the connection is lost, or, when it was, that it is there again. */
function showConnection(on) {
  const line = byId("connection");
  if (on && !line.classList.contains("danger")) return;
  clearTimeout(forget);
  if (on && !line.textContent) return;
  line.className = `message ${on ? "good" : "danger"}`;
  setText(line, on ? texts().back_online : texts().offline);
  if (!on) return;
  forget = setTimeout(() => {
    line.className = "message danger";
    setText(line, "");
  }, AGAIN_SHOWN);
}

/** Read what came since the last message seen, and show it. One run at a time does it. */
function look() {
  lookAgain = true;
  if (outbox.sending) return Promise.resolve();
  running ??= run().finally(() => {
    running = null;
  });
  return running;
}

async function run() {
  try {
    while (lookAgain && !outbox.sending) {
      lookAgain = false;
      await readOn();
    }
    showConnection(true);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    showConnection(false);
  }
}

async function readOn() {
  for (;;) {
    const asked = store.session();
    const found = await call("GET", `/channels/web/messages?since=${seen}`, undefined, session());
    if (asked !== store.session() || outbox.sending) return;
    const another = found.conversation !== conversation && seen > 0;
    conversation = found.conversation;
    if (another) {
      view.markNewTalk(texts());
      seen = 0;
      continue;
    }
    show(found);
    if (found.messages.length < PAGE) return;
  }
}

function show({ messages, owner: owns, language: spoken }) {
  owner = owns;
  // Korean is also what is spoken to those whose language the bot lacks: they keep their page.
  const follow = spoken !== language && (spoken !== "ko" || language === "en");
  if (words[spoken] && follow && !store.chosenLanguage()) setLanguage(spoken);
  const wasAtEnd = view.atEnd();
  if (messages.length) {
    // The answer to our POST may have been lost while the message was not.
    if (messages.some((message) => message.message_id === store.outbox()?.id)) store.emptyOutbox();
    seen = messages.at(-1).seq;
    view.hideWaiting();
    view.add(messages, { language, spoken, texts: texts(), silently: first, choose: outbox.say });
    if (store.outbox()) outbox.show(true);
    if (!first) around?.unread(messages.filter((message) => message.author !== "citizen").length);
  }
  view.showOwner(owner, texts());
  view.showWelcome(seen === 0 && !store.outbox(), texts(), outbox.say);
  if (first || wasAtEnd) view.toEnd(!first);
  else if (messages.length) byId("newest").hidden = false;
  if (messages.length || conversation === null) first = false;
}

function putBack({ text, photos }) {
  if (!input.value) input.value = text;
  tray.restore(photos ?? []);
  grow();
  input.focus();
}

let preparing = false;

async function submit() {
  if (preparing || (!input.value.trim() && !tray.filled)) return;
  preparing = true;
  const photos = await tray.photos();
  preparing = false;
  const text = input.value.trim();
  if (text.length > TEXT_MAX) {
    tell(fill(texts().too_long, { n: TEXT_MAX.toLocaleString(language) }));
  } else if (photos === null) {
    tell(texts().photo_failed);
  } else if (outbox.say(text, text, photos)) {
    tray.clear();
    input.value = "";
    grow();
  }
  input.focus();
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight + 2, 160)}px`;
}

function listen() {
  unwatch?.();
  unwatch = watch({
    path: "/channels/web/live",
    hello: () => ({ session: store.session() }),
    look: (signal) => signal.type !== "tick" && look(),
  });
}

async function eraseTalk() {
  byId("info").close();
  if ((await ask(byId("erase"))) !== "yes") return;
  store.erase();
  [conversation, seen, owner, first] = [null, 0, "bot", true];
  view.clear();
  view.hideWaiting();
  tray.clear();
  view.showOwner(owner, texts());
  view.showWelcome(true, texts(), outbox.say);
  listen();
  input.focus();
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
input.addEventListener("input", grow);
input.addEventListener("keydown", (event) => {
  // While a Korean syllable is being composed, Enter belongs to the input method.
  if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
  event.preventDefault();
  submit();
});
input.addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  tray.add(event.clipboardData.files);
});
byId("newest").addEventListener("click", () => {
  view.toEnd();
  byId("newest").hidden = true;
  input.focus();
});
byId("scroll").addEventListener("scroll", () => {
  if (view.atEnd()) byId("newest").hidden = true;
});
byId("open-info").addEventListener("click", () => byId("info").showModal());
for (const button of document.querySelectorAll(".erase")) button.addEventListener("click", eraseTalk);
byId("language").addEventListener("change", () => {
  store.chooseLanguage(byId("language").value);
  setLanguage(byId("language").value);
});
window.addEventListener("offline", () => {
  showConnection(false);
  look(); // the browser may be wrong about it
});
window.addEventListener("online", () => outbox.deliver());

placeButton({ texts, tell, send: (point) => outbox.say("", texts().place_mine, [], point) });

setLanguage(language);
begun();
around?.begun();
listen();
if (store.outbox()) outbox.deliver();
else look();
if (!around && matchMedia("(pointer: fine)").matches) input.focus();
