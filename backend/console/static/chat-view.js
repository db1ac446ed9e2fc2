/** The chat as it is seen: messages, quick replies, the one being sent. */

import { arrange, byId, fill, linked, make, setText } from "./dom.js";

const log = byId("log");
const live = byId("live-log");
const scroll = byId("scroll");
const choices = make("div", { className: "choices", attributes: { role: "group" } });
const NEAR_END = 80;

let offered = []; // the quick replies of the last message that had any say in them

/** Return whether the end of the talk is in sight. */
export const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END;

/** Show the end of the talk. */
export function toEnd(smooth = true) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scroll.scrollTo({ top: scroll.scrollHeight, behavior: smooth && !calm ? "smooth" : "auto" });
}

/** Show the page's words in `texts`, and say the page's language. */
export function speak(language, texts) {
  document.documentElement.lang = language;
  document.title = texts.page_title;
  for (const node of document.querySelectorAll("[data-t]")) setText(node, texts[node.dataset.t]);
  for (const node of document.querySelectorAll("[data-t-label]"))
    node.setAttribute("aria-label", texts[node.dataset.tLabel]);
  for (const node of document.querySelectorAll("[data-t-placeholder]"))
    node.placeholder = texts[node.dataset.tPlaceholder];
  for (const node of log.querySelectorAll("[data-author] > .who"))
    setText(node, texts[who(node.parentNode.dataset.author)]);
  for (const time of log.querySelectorAll("time"))
    setText(time, clock(time.dateTime, language).textContent);
  for (const image of log.querySelectorAll("img")) image.alt = alt(image.dataset, texts);
}

const who = (author) => (author === "citizen" ? "you" : author);
const alt = ({ author, n }, texts) =>
  fill(author === "citizen" ? texts.photo_mine : texts.photo_theirs, { n });

/** Show who answers now. */
export function showOwner(owner, texts) {
  byId("owner").dataset.owner = owner;
  setText(byId("owner-text"), texts[`owner_${owner}`]);
}

function clock(at, language) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const day = today ? {} : { month: "numeric", day: "numeric" };
  const text = date.toLocaleString(language, { ...day, hour: "numeric", minute: "2-digit" });
  return make("time", { dateTime: at }, text);
}

/** Return the photos of a message, each a link to see it large. */
function pictures(photos, author, texts) {
  return make(
    "div",
    { className: "photos" },
    photos.map(({ url, small, width, height }, index) => {
      const data = { author, n: index + 1 };
      const image = make("img", { src: small, width, height, alt: alt(data, texts), data });
      return make("a", { href: url, target: "_blank", rel: "noopener" }, image);
    }),
  );
}

/** Return the node of one message. A run of the same author shows its name once. */
function bubble(message, shown, { language, spoken, texts }) {
  const item = make("li", { className: "said", data: { author: message.author } });
  const name = make("span", { className: "who" }, texts[who(message.author)]);
  const before = log.lastElementChild;
  if (before?.dataset.author === message.author) {
    name.classList.add("sr");
    const time = before.querySelector("time");
    if (time && time.textContent === clock(message.at, language).textContent) time.remove();
  }
  if (message.author === "citizen") {
    name.classList.add("sr");
    item.setAttribute("aria-live", "off"); // nobody wants their own words read out to them
  }
  const lang = message.author === "citizen" ? "" : spoken;
  item.append(
    name,
    !shown ? "" : make("div", { className: "bubble", ...(lang && { lang }) }, linked(shown)),
    message.photos?.length ? pictures(message.photos, message.author, texts) : "",
    message.choices?.length ? offer(message.choices, texts) : "",
    message.at ? clock(message.at, language) : "",
  );
  return item;
}

/** Return what a screen reader says of the quick replies, which stand outside the log. */
const offer = (offers, texts) =>
  make("span", { className: "sr" }, fill(texts.offered, { titles: offers.map(({ title }) => title).join(", ") }));

/** Add messages to the talk. `silently` for those from before: they are not read out again. */
export function add(messages, { language, spoken, texts, silently, choose }) {
  live.setAttribute("aria-live", silently ? "off" : "polite");
  for (const message of messages) {
    let shown = message.text;
    if (message.author === "citizen") {
      // A quick reply is sent as its id; the citizen picked its title.
      shown = offered.find((choice) => choice.id === shown)?.title ?? shown;
    }
    if (!shown && message.location) shown = texts.place_mine;
    if (!["notice", "alert"].includes(message.author)) offered = message.choices ?? [];
    log.append(bubble(message, shown, { language, spoken, texts }));
  }
  showChoices(texts, choose);
  if (silently) setTimeout(() => live.setAttribute("aria-live", "polite"), 500);
}

function showChoices(texts, choose) {
  choices.setAttribute("aria-label", texts.choices);
  const focused = choices.contains(document.activeElement);
  arrange(
    choices,
    offered.map((choice) =>
      make(
        "button",
        { type: "button", className: "button choice", onclick: () => choose(choice.id, choice.title) },
        choice.title,
      ),
    ),
  );
  if (offered.length) live.after(choices);
  else choices.remove();
  if (focused && !choices.contains(document.activeElement)) byId("text").focus();
}

/** Take the quick replies away: one was used, or something else was written. */
export function clearChoices() {
  const focused = choices.contains(document.activeElement);
  choices.remove();
  if (focused) byId("text").focus();
}

const waiting = make("li", { className: "said", data: { author: "citizen" }, aria: { live: "off" } });

/** Show the message on its way, and, when it failed, what the citizen can do about it. */
export function showWaiting(message, failed, texts, { retry, discard }) {
  waiting.classList.toggle("failed", failed);
  const parts = [
    make("span", { className: "who sr" }, texts.you),
    message.shown && make("div", { className: "bubble" }, message.shown),
    message.photos?.length > 0 && pictures(message.photos, "citizen", texts),
    make("span", { className: "sending" }, failed ? texts.failed : texts.sending),
  ];
  waiting.replaceChildren(...parts.filter(Boolean));
  if (failed) {
    waiting.append(
      make(
        "span",
        { className: "row" },
        make("button", { type: "button", className: "button small quiet", onclick: discard }, texts.discard),
        make("button", { type: "button", className: "button small", onclick: retry }, texts.retry),
      ),
    );
  }
  if (!waiting.isConnected) log.append(waiting);
}

/** Take the message on its way out of the talk: it is in the history now. */
export const hideWaiting = () => waiting.remove();

/** Mark that what follows is another talk than what stands above. */
export function markNewTalk(texts) {
  if (!log.querySelector(".said")) return;
  log.append(make("li", { className: "divide" }, make("span", {}, texts.earlier)));
}

/** Show or hide that an answer is being written. */
export function showTyping(on) {
  byId("typing").hidden = !on;
}

/** Show the first words and things to begin with, or hide them. */
export function showWelcome(on, texts, start) {
  const focused = byId("welcome").contains(document.activeElement);
  byId("welcome").hidden = !on;
  if (focused && !on) byId("text").focus();
  if (!on) return;
  byId("starts").replaceChildren(
    ...texts.starts.map(({ label, text }) =>
      make("button", { type: "button", className: "button start", onclick: () => start(text) }, label),
    ),
  );
}

/** Begin again with an empty talk. */
export function clear() {
  log.replaceChildren();
  offered = [];
  choices.remove();
}
