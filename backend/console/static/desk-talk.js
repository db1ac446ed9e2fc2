/** The desk's conversation: who owns it, what the bot hands over, what was said. */

import { arrange, byId, fill, linked, make, setText } from "./dom.js";

const log = byId("log");
const scroll = byId("scroll");
const PENDING = new Set(["pending", "dispatching"]);
const BAD = new Set(["failed", "suppressed", "expired", "unknown"]);

let nodes = new Map();

/** Empty the conversation, before another one is shown. */
export function clearTalk() {
  nodes = new Map();
  log.replaceChildren();
}

/** Show the top of the conversation and which actions `me` has. */
export function showHead(item, { texts, me, agent }) {
  setText(byId("talk-title"), `${texts.channels[item.channel] ?? item.channel} ${item.citizen}`);
  const kind = { queued: "danger", callback: "danger", active: "person" }[item.state] ?? "accent";
  arrange(byId("talk-badges"), [
    make("span", { className: `badge ${kind}` }, texts.states[item.state]),
    make("span", { className: "badge" }, texts.languages[item.language] ?? item.language),
  ]);
  const mine = item.agent?.id === me;
  setText(byId("talk-owner"), ownership(item, mine, texts));
  byId("claim").hidden = !agent || !["queued", "callback"].includes(item.state);
  for (const id of ["release", "return", "close"]) byId(id).hidden = !mine;
  byId("composer").hidden = !agent || item.state === "closed";
  byId("look-only").hidden = agent;
  return mine;
}

function ownership(item, mine, texts) {
  if (item.state === "closed") return texts.ended;
  if (mine) return texts.owned_by_me;
  if (item.agent) return fill(texts.owned_by, item.agent);
  return item.owner === "queue" ? texts.owned_by_nobody : texts.owned_by_bot;
}

/** Show what the bot knew when it handed over. */
export function showPacket(packet, item, texts) {
  const facts = [];
  const fact = (label, ...values) => facts.push(make("div", {}, make("dt", {}, label), values));
  const told = Object.entries(packet?.slots ?? {}).filter(([, value]) => value !== null && value !== "");
  const reason = packet?.reason ?? item.reason;
  if (reason) fact(texts.reason, make("dd", {}, texts.reasons[reason] ?? reason));
  if (packet?.phone) fact(texts.callback_phone, make("dd", {}, packet.phone));
  if (packet?.flow) fact(texts.flow, make("dd", {}, texts.flows[packet.flow] ?? packet.flow));
  if (told.length) fact(texts.slots, told.map(([name, value]) => slot(name, value, texts)));
  if (packet?.understood?.length)
    fact(texts.intents, packet.understood.map((guess) => score(guess, texts)));
  if (packet?.answered?.length)
    fact(texts.answers, packet.answered.map((title) => make("dd", {}, String(title))));
  if (!facts.length) facts.push(make("p", { className: "muted" }, texts.packet_empty));
  byId("packet-facts").replaceChildren(...facts);
}

function slot(name, value, texts) {
  const shown = typeof value === "object" ? JSON.stringify(value) : String(value);
  const label = make("span", {}, texts.slot_names[name] ?? name);
  return make("dd", { className: "slot" }, label, make("span", {}, shown));
}

function score({ intent, confidence }, texts) {
  const name = texts.intent_names[intent] ?? intent;
  const percent = `${Math.round(confidence * 100)}%`;
  const meter = make("meter", { min: 0, max: 1, value: confidence, ariaLabel: `${name} ${percent}` });
  return make("dd", { className: "score" }, make("span", {}, name), make("span", {}, percent), meter);
}

/** Show messages, new ones and ones whose delivery went on. Returns the new ones. */
export function showMessages(messages, { texts, language }) {
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const fresh = messages.filter((message) => !nodes.has(message.seq));
  for (const message of messages) {
    const node = line(message, texts, language);
    nodes.get(message.seq)?.replaceWith(node);
    if (!nodes.has(message.seq)) log.append(node);
    nodes.set(message.seq, node);
  }
  if (fresh.length && (atEnd || fresh.length === nodes.size)) scroll.scrollTop = scroll.scrollHeight;
  return fresh;
}

function line(message, texts, language) {
  const name = { agent: message.agent?.name, note: `${texts.note_author} · ${message.agent?.name ?? ""}` };
  return make(
    "li",
    { className: "said", data: { author: message.author } },
    make("span", { className: "who" }, name[message.author] ?? texts[message.author]),
    message.text && make("div", { className: "bubble" }, linked(message.text)),
    message.photos.length > 0 && pictures(message, texts),
    message.location && make("span", { className: "place" }, place(message.location, texts)),
    message.choices.length > 0 &&
      make("span", { className: "offered" }, `${texts.offered}: ${message.choices.map((c) => c.title).join(" / ")}`),
    meta(message, texts, language),
  );
}

function pictures({ photos, author }, texts) {
  const alt = (n) => fill(author === "citizen" ? texts.photo_citizen : texts.photo_agent, { n });
  return make(
    "div",
    { className: "photos" },
    photos.map(({ url, small, width, height }, index) =>
      make(
        "a",
        { href: url, target: "_blank", rel: "noopener" },
        make("img", { src: small, width, height, alt: alt(index + 1) }),
      ),
    ),
  );
}

const place = ({ name, latitude, longitude }, texts) =>
  `${texts.place}: ${name ? `${name}, ` : ""}${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;

function meta(message, texts, language) {
  const at = new Date(message.at);
  const today = at.toDateString() === new Date().toDateString();
  const day = today ? {} : { month: "numeric", day: "numeric" };
  const time = at.toLocaleString(language, { ...day, hour: "numeric", minute: "2-digit" });
  const { delivery, intent, confidence, author } = message;
  const tone = BAD.has(delivery?.status) ? "bad" : "";
  return make(
    "span",
    { className: "meta" },
    make("time", { dateTime: message.at }, time),
    delivery && author !== "notice" && make("span", { className: tone }, texts.delivery[delivery.status]),
    author === "citizen" && intent && intent !== "out_of_scope" &&
      make("span", {}, `${texts.intent_names[intent] ?? intent} ${Math.round((confidence ?? 0) * 100)}%`),
  );
}

/** Return from which number on to ask again: what is on its way may have gone on since. */
export const askFrom = (seen, messages) =>
  Math.min(seen, ...messages.filter((m) => PENDING.has(m.delivery?.status)).map((m) => m.seq - 1));
