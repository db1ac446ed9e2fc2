/** The desk's list: one button a conversation, patched in place so that focus and scroll stay. */

import { arrange, byId, fill, make, setText } from "./dom.js";

const list = byId("list");
const nodes = new Map();

/** Return how long, in words, `seconds` are. */
export function duration(seconds, texts) {
  if (seconds < 60) return fill(texts.seconds, { n: seconds });
  if (seconds < 3600) return fill(texts.minutes, { n: Math.floor(seconds / 60) });
  return fill(texts.hours, { n: Math.floor(seconds / 3600), m: Math.floor((seconds % 3600) / 60) });
}

/** Return the seconds that the citizen of `item` has waited by now; null if nobody waits. */
function waited(item) {
  if (item.waiting_seconds === null) return null;
  const since = item.owner === "agent" ? 0 : Math.floor((Date.now() - item.fetched) / 1000);
  return item.waiting_seconds + since;
}

function build() {
  const parts = {
    name: make("span"),
    channel: make("span", { className: "badge" }),
    wait: make("span", { className: "wait" }),
    words: make("span", { className: "words" }),
    reason: make("span"),
    mark: make("span", { className: "badge danger" }),
  };
  const button = make(
    "button",
    { type: "button", className: "item" },
    make("span", { className: "name" }, parts.channel, parts.name),
    parts.wait,
    parts.words,
    make("span", { className: "foot" }, parts.reason, parts.mark),
  );
  return { row: make("li", {}, button), button, parts };
}

function update({ button, parts }, item, { texts, selected, unread, me }) {
  setText(parts.channel, texts.channels[item.channel] ?? item.channel);
  setText(parts.name, item.citizen);
  const seconds = waited(item);
  const phrase = item.owner === "agent" ? texts.waited : texts.waiting;
  setText(parts.wait, seconds === null ? "" : fill(phrase, { time: duration(seconds, texts) }));
  setText(parts.words, item.last === "" ? texts.photo_only : (item.last ?? ""));
  const owner = item.agent && item.agent.id !== me ? fill(texts.owned_by, item.agent) : null;
  const why = owner ?? texts.reasons[item.reason] ?? item.reason ?? "";
  const language = item.language === "ko" ? "" : ` · ${texts.languages[item.language] ?? item.language}`;
  setText(parts.reason, why + language);
  setText(parts.mark, texts.new);
  parts.mark.hidden = !unread;
  button.setAttribute("aria-current", item.id === selected ? "true" : "false");
}

/** Show `items`; `unread` tells which hold something new, `open` is called with the id picked. */
export function showList(items, { texts, selected, unread, me, open }) {
  const rows = items.map((item) => {
    let node = nodes.get(item.id);
    if (!node) {
      node = build();
      node.button.addEventListener("click", () => open(item.id));
      nodes.set(item.id, node);
    }
    update(node, item, { texts, selected, unread: unread(item), me });
    return node.row;
  });
  const focused = list.contains(document.activeElement);
  arrange(list, rows);
  if (focused && !list.contains(document.activeElement)) list.querySelector("button")?.focus();
  const shown = new Set(items.map((item) => item.id));
  for (const id of nodes.keys()) if (!shown.has(id)) nodes.delete(id);
}

/** Show why the list is empty, or hide that. */
export function showEmpty(on, tab, texts) {
  const empty = byId("list-empty");
  empty.hidden = !on;
  setText(empty.children[0], texts[`empty_${tab}`]);
  setText(empty.children[1], texts[`empty_${tab}_text`]);
}

/** Show how many there are in each list, and how many agents are there. */
export function showCounts(counts, onDuty, tab, texts) {
  for (const node of document.querySelectorAll("[data-count]"))
    setText(node, String(counts[node.dataset.count]));
  for (const button of document.querySelectorAll("[data-tab]"))
    button.setAttribute("aria-pressed", String(button.dataset.tab === tab));
  setText(byId("on-duty"), fill(texts.on_duty, { n: onDuty }));
}
