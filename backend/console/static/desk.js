/** The agents' desk: writes by POST, reads again when a signal comes, says what happened. */

import { call, Problem } from "./api.js";
import { ask, begun, byId, composing, randomHex, setText } from "./dom.js";
import { watch } from "./live.js";
import { photoTray } from "./photo-tray.js";
import { showCounts, showEmpty, showList } from "./desk-list.js";
import { bePresent, ring, setUpKeys, setUpSound } from "./desk-self.js";
import { askFrom, clearTalk, showHead, showMessages, showPacket } from "./desk-talk.js";

const main = byId("main");
const texts = JSON.parse(main.dataset.texts);
const me = Number(main.dataset.me);
const agent = main.dataset.agent === "yes";
const language = document.documentElement.lang;
const input = byId("text");
const PAGE = 50;
const BREATH = 300; // a burst of signals becomes three readings a second at most
const LOOK_AGAIN = 2000;
const SAID_FOR = 6000;
const UPLOAD_SECONDS = 90;
const phone = matchMedia("(max-width: 52rem)");
const tray = photoTray({
  upload: (blob) => call("POST", "/api/v1/photos", blob, {}, UPLOAD_SECONDS),
  drop: (id) => call("DELETE", `/api/v1/photos/${id}`),
  texts: () => texts,
  tell: (problem) => tell(problem, "danger"),
  after: () => input,
  max: 1,
});

let tab = "queued";
let limit = PAGE;
let items = [];
let mine = [];
let queued = null;
let selected = null;
let shown = null; // the open conversation as last read
let messages = []; // its messages, by number
let seen = 0;
const read = new Map(); // conversation id -> the last number seen in it
const drafts = new Map(); // conversation id -> {reply, note, mode}

const draft = (id = selected) => {
  if (!drafts.has(id)) drafts.set(id, { mode: "reply", reply: "", note: "", ids: {} });
  return drafts.get(id);
};
const unread = (item) =>
  item.agent?.id === me && item.id !== selected && item.last_author === "citizen" &&
  item.last_seq > (read.get(item.id) ?? 0);

function query() {
  const asked = new URLSearchParams({ limit });
  if (tab === "mine") asked.set("mine", "true");
  else asked.set("state", tab);
  for (const id of ["channel", "language"]) if (byId(id).value) asked.set(id, byId(id).value);
  return asked;
}

async function refreshList() {
  const [found, own] = await Promise.all([
    call("GET", `/api/v1/handoffs?${query()}`),
    agent ? call("GET", "/api/v1/handoffs?mine=true") : { items: [] },
  ]);
  const before = new Map(mine.map((item) => [item.id, item.last_seq]));
  mine = own.items;
  items = found.items.map((item) => ({ ...item, fetched: Date.now() }));
  paintList();
  showCounts(found.counts, found.on_duty, tab, texts);
  showEmpty(items.length === 0, tab, texts);
  byId("more").hidden = found.total <= items.length;
  if (queued !== null && found.counts.queued > queued) alertAgent(texts.said_queue);
  const news = mine.some((item) => unread(item) && item.last_seq > (before.get(item.id) ?? 0));
  if (news) alertAgent(texts.said_new);
  queued = found.counts.queued;
  const count = (agent ? queued : 0) + mine.filter(unread).length;
  document.title = (count ? `(${count}) ` : "") + texts.title;
}

function paintList() {
  showList(items, { texts, selected, unread, me, open: (id) => (location.hash = id) });
}

let untell;

function alertAgent(text) {
  announce(text);
  ring();
}

function announce(text) {
  setText(byId("said"), "");
  setTimeout(() => setText(byId("said"), text), 50);
}

function tell(text, kind = "good") {
  const result = byId("result");
  clearTimeout(untell);
  if (kind === "good") untell = setTimeout(() => (result.hidden = true), SAID_FOR);
  result.className = `message ${kind}`;
  result.hidden = !text;
  setText(result, text);
}

async function refreshTalk() {
  if (!selected) return;
  const asked = selected;
  const since = askFrom(seen, messages);
  const found = await call("GET", `/api/v1/conversations/${asked}?since=${since}`);
  if (asked !== selected) return;
  const opened = shown === null;
  shown = found.conversation;
  const known = new Map(messages.map((message) => [message.seq, message]));
  for (const message of found.messages) known.set(message.seq, message);
  messages = [...known.values()];
  seen = Math.max(seen, ...found.messages.map((message) => message.seq));
  read.set(asked, seen);
  byId("talk").hidden = false;
  byId("talk-none").hidden = true;
  const owned = showHead(shown, { texts, me, agent });
  showMode(owned);
  if (opened) showPacket({ ...found.packet, phone: found.callback_phone }, shown, texts);
  const fresh = showMessages(found.messages, { texts, language });
  if (!opened && fresh.some((message) => message.author === "citizen")) alertAgent(texts.said_new);
  clearTimeout(later);
  if (askFrom(seen, messages) < seen) later = setTimeout(refresh, LOOK_AGAIN);
}

let later;
let wanted = false;
let refreshing = false;

/** Read the list and the open conversation again; calls in quick succession become one. */
async function refresh() {
  wanted = true;
  if (refreshing) return;
  refreshing = true;
  try {
    while (wanted) {
      wanted = false;
      await Promise.all([refreshList(), refreshTalk()]);
      if (wanted) await new Promise((resolve) => setTimeout(resolve, BREATH));
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) location.assign(`/login?next=${location.pathname}`);
    else if (error.status === 404 || error.status === 422) location.hash = "";
    else if (error.message) tell(error.message, "danger");
  } finally {
    refreshing = false;
  }
}

function open(id) {
  if (id === selected) return;
  keepDraft();
  selected = id || null;
  shown = null;
  messages = [];
  seen = 0;
  clearTalk();
  tray.abandon();
  tell("");
  main.dataset.view = selected ? "talk" : "list";
  byId("talk").hidden = true;
  byId("talk-none").hidden = Boolean(selected);
  paintList();
  if (!selected) return;
  input.value = draft()[draft().mode];
  byId("packet").open = !phone.matches;
  refresh().then(() => byId("talk-title").focus());
}

function keepDraft() {
  if (selected) draft()[draft().mode] = input.value;
}

function showMode(owned) {
  const current = draft();
  // Whoever has just taken a talk over means to answer; a note begun before stays a note.
  if (owned && !current.owned && current.mode !== "reply") setMode("reply");
  current.owned = owned;
  const mode = owned ? current.mode : "note";
  if (mode !== current.mode) setMode(mode);
  byId("composer").dataset.mode = mode; // which hides the photos of a reply beside a note
  for (const button of document.querySelectorAll(".modes [data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    button.disabled = button.dataset.mode === "reply" && !owned;
  }
  setText(byId("text-label"), texts[`${mode}_label`]);
  input.placeholder = texts[`${mode}_placeholder`];
  setText(byId("send"), mode === "note" ? texts.send_note : texts.send);
}

function setMode(mode) {
  keepDraft();
  draft().mode = mode;
  input.value = draft()[mode];
}

function switchMode(mode) {
  if (!shown || byId("composer").hidden) return;
  setMode(mode);
  showMode(shown.agent?.id === me);
  input.focus();
}

/** Do one step at the server; say what came of it, and read again either way. */
async function step(action, body, done) {
  const buttons = document.querySelectorAll("#actions button, #send");
  for (const button of buttons) button.disabled = true;
  try {
    await call("POST", `/api/v1/handoffs/${selected}/${action}`, body);
    tell(done);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tell(error.message || texts.failed, "danger");
    return false;
  } finally {
    for (const button of buttons) button.disabled = false;
    await refresh();
  }
}

async function claim() {
  if (byId("claim").hidden || !(await step("claim", undefined, texts.claimed))) return;
  draft().mode = "reply";
  tab = "mine";
  byId("packet").open = true;
  await refresh();
  if (!phone.matches) input.focus(); // there a keyboard would cover what the bot hands over
}

async function send() {
  const text = input.value.trim();
  const { mode, ids } = draft();
  const id = selected;
  if (byId("send").disabled || !(text || (mode === "reply" && tray.filled))) return;
  const photos = mode === "reply" ? await tray.photos() : [];
  if (id !== selected) return;
  if (photos === null) {
    tell(texts.photo_failed, "danger");
    return;
  }
  const photo = photos[0]?.id;
  // The same words keep their id until they arrived, so that trying again counts once.
  if (ids[mode]?.text !== text || ids[mode].photo !== photo) ids[mode] = { text, photo, id: randomHex(16) };
  const body = { text, client_id: ids[mode].id, ...(photo && { photo }) };
  if (!(await step(mode, body, ""))) return;
  if (photo && id === selected) tray.clear();
  draft(id)[mode] = "";
  delete ids[mode];
  if (id === selected && draft().mode === mode && input.value.trim() === text) input.value = "";
  byId("scroll").scrollTop = byId("scroll").scrollHeight;
  input.focus();
}

function move(by) {
  const at = items.findIndex((item) => item.id === selected);
  const next = items[at === -1 ? 0 : at + by];
  if (next) location.hash = next.id;
}

for (const name of ["release", "return"]) {
  byId(name).addEventListener("click", async () => {
    if ((await ask(byId(`ask-${name}`))) === "yes") step(name, undefined, texts[`${name}_done`]);
  });
}
byId("close").addEventListener("click", async () => {
  if ((await ask(byId("ask-close"))) !== "yes") return;
  const outcome = new FormData(byId("close-form")).get("outcome");
  step("close", { outcome }, texts.close_done);
});
byId("claim").addEventListener("click", claim);
byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !composing(event)) {
    event.preventDefault();
    send();
  }
});
for (const button of document.querySelectorAll(".modes [data-mode]"))
  button.addEventListener("click", () => switchMode(button.dataset.mode));
byId("tabs").addEventListener("click", (event) => {
  const button = event.target.closest("[data-tab]");
  if (!button) return;
  tab = button.dataset.tab;
  limit = PAGE;
  refresh();
});
for (const id of ["channel", "language"]) byId(id).addEventListener("change", refresh);
byId("more").addEventListener("click", () => {
  limit = Math.min(500, limit + PAGE);
  refresh();
});
byId("back").addEventListener("click", () => (location.hash = ""));
window.addEventListener("hashchange", () => open(location.hash.slice(1)));

setUpSound(texts);
setUpKeys({
  KeyJ: () => move(1),
  KeyK: () => move(-1),
  KeyC: claim,
  KeyR: () => switchMode("reply"),
  KeyN: () => switchMode("note"),
});
const beat = agent ? bePresent() : () => {};
watch({
  path: "/desk/live",
  look: () => {
    beat();
    refresh();
  },
  state: (on) => {
    byId("live").dataset.on = on ? "yes" : "no";
    setText(byId("live"), on ? texts.live : texts.offline);
  },
});
setInterval(paintList, 10000);
begun();
if (location.hash.length > 1) open(location.hash.slice(1));
else refresh();
