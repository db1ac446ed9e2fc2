/** The citizens' chat: writes by POST, reads the history, and hears over a socket when to look. */

import { call, Problem } from "./api.js";
import { ask, byId, composing, setText } from "./dom.js";
import { watch } from "./live.js";
import * as store from "./chat-store.js";
import * as view from "./chat-view.js";

const TEXT_MAX = 4000;
const PAGE = 500;
const RETRY_AFTER = [1000, 3000];

const words = JSON.parse(byId("main").dataset.texts);
const input = byId("text");

let language = words[store.chosenLanguage()] ? store.chosenLanguage() : document.documentElement.lang;
let conversation = null;
let seen = 0;
let owner = "bot";
let sending = false;
let running = null;
let lookAgain = false;
let first = true;
let unwatch;

const texts = () => words[language];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function setLanguage(next) {
  language = next;
  view.speak(language, texts());
  view.showOwner(owner, texts());
  view.showWelcome(!byId("welcome").hidden, texts(), begin);
}

/** Read what came since the last message seen, and show it. One run at a time does it. */
function look() {
  lookAgain = true;
  if (sending) return Promise.resolve();
  running ??= run().finally(() => {
    running = null;
  });
  return running;
}

async function run() {
  try {
    while (lookAgain && !sending) {
      lookAgain = false;
      await readOn();
    }
    byId("offline").hidden = true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    byId("offline").hidden = false;
  }
}

async function readOn() {
  for (;;) {
    const asked = store.session();
    const headers = { "X-Session": asked };
    const found = await call("GET", `/channels/web/messages?since=${seen}`, undefined, headers);
    if (asked !== store.session() || sending) return;
    const another = found.conversation !== conversation && seen > 0;
    conversation = found.conversation;
    if (another) {
      view.markNewTalk();
      seen = 0;
      continue;
    }
    show(found);
    if (found.messages.length < PAGE) return;
  }
}

function show(found) {
  owner = found.owner;
  if (words[found.language] && !store.chosenLanguage() && found.language !== language) {
    setLanguage(found.language);
  }
  const wasAtEnd = view.atEnd();
  const waiting = store.outbox();
  if (found.messages.length) {
    const arrived = found.messages.some(
      (message) =>
        message.author === "citizen" && message.text === waiting?.text && message.seq > waiting.after,
    );
    if (arrived) {
      // The answer to our POST was lost, but the message was not.
      store.emptyOutbox();
      view.hideWaiting();
    }
    seen = found.messages.at(-1).seq;
    view.hideWaiting();
    view.add(found.messages, { language, texts: texts(), silently: first, choose });
    if (store.outbox()) showWaiting(true);
  }
  view.showOwner(owner, texts());
  view.showWelcome(seen === 0 && !store.outbox(), texts(), begin);
  if (first || wasAtEnd) view.toEnd(!first);
  else if (found.messages.length) byId("newest").hidden = false;
  if (found.messages.length || found.conversation === null) first = false;
}

function showWaiting(failed) {
  view.showWaiting(store.outbox(), failed, texts(), { retry: deliver, discard });
}

function discard() {
  const waiting = store.outbox();
  store.emptyOutbox();
  view.hideWaiting();
  if (waiting && !input.value) input.value = waiting.text;
  input.focus();
  look();
}

/** Send what waits in the outbox; the same id every time, so that it counts once. */
async function deliver() {
  const message = store.outbox();
  if (!message || sending) return;
  sending = true;
  byId("problem").hidden = true;
  showWaiting(false);
  view.clearChoices();
  view.showWelcome(false);
  view.showTyping(owner === "bot");
  view.toEnd();
  const sent = await post(message);
  sending = false;
  view.showTyping(false);
  if (sent) {
    store.emptyOutbox();
    await look();
    if (!store.outbox()) view.hideWaiting();
  } else {
    showWaiting(true);
  }
  view.toEnd();
}

async function post(message) {
  const body = { session: store.session(), text: message.text, message_id: message.id };
  if (store.chosenLanguage()) body.language = store.chosenLanguage();
  for (let attempt = 0; ; attempt += 1) {
    try {
      await call("POST", "/channels/web/messages", body);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.passing && attempt < RETRY_AFTER.length) {
        await pause(RETRY_AFTER[attempt]);
        continue;
      }
      if (error.message) tell(error.message);
      return false;
    }
  }
}

function tell(problem) {
  setText(byId("problem"), problem);
  byId("problem").hidden = false;
}

/** Say `text`; `shown` is how it looks, where that differs. */
function say(text, shown = text) {
  if (sending) return false;
  if (store.outbox()) {
    deliver(); // what was written before goes first
    return false;
  }
  if (text.length > TEXT_MAX) {
    tell(texts().too_long);
    return false;
  }
  store.putOutbox(text, shown, seen);
  deliver();
  return true;
}

const choose = (id, title) => say(id, title);
const begin = (text) => say(text);

function submit() {
  const text = input.value.trim();
  if (text && say(text)) {
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
  view.showOwner(owner, texts());
  view.showWelcome(true, texts(), begin);
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
for (const link of document.querySelectorAll(".segmented a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    store.chooseLanguage(link.lang);
    setLanguage(link.lang);
  });
}

setLanguage(language);
listen();
if (store.outbox()) deliver();
else look();
if (matchMedia("(pointer: fine)").matches) input.focus();
