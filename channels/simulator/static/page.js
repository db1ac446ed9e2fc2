// Shows the simulated phones, live, and lets a developer write as a citizen.

const POLL_MS = 2000;
const CALLS = ["voice", "audiocodes", "jambonz"];
const PHONE = { form: /^\+[0-9]+$/, example: "+821012345678" };
const WRITERS = {
  sms: PHONE,
  korea: PHONE,
  voice: PHONE,
  audiocodes: PHONE,
  jambonz: PHONE,
  telegram: { form: /^[0-9]+$/, example: "1001" },
  kakao: { form: /^[A-Za-z0-9]+$/, example: "citizen1" },
};
const PHOTOS = new Set(["sms", "telegram", "kakao"]);
const texts = JSON.parse(document.getElementById("texts").textContent);
const phones = document.getElementById("phones");
const form = document.getElementById("write");
const problem = document.getElementById("problem");
const hangup = document.getElementById("hangup");
const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });

let version = -1;

function element(tag, { text, className } = {}) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function button(text, className, press) {
  const node = element("button", { text, className });
  node.type = "button";
  node.addEventListener("click", press);
  return node;
}

function said(message, address, last) {
  const item = element("li", { className: "said" });
  item.dataset.author = message.incoming ? "citizen" : "bot";
  const unsaid = { voice: texts.silence, call: texts.call }[message.kind] ?? "";
  item.append(element("div", { text: message.text || unsaid, className: "bubble" }));
  const parts = [texts[message.kind], clock.format(new Date(message.at)), texts[message.status]];
  const time = element("time", { text: parts.filter(Boolean).join(" · ") });
  time.dateTime = message.at;
  item.append(time);
  const asked = message.asks_contact && last;
  if (message.buttons.length || asked) {
    const row = element("div", { className: "row" });
    for (const { id, title } of message.buttons) {
      const press = () => act({ provider: message.kind, from: address, text: id, kind: "button" });
      row.append(button(title, "button small", press));
    }
    if (asked) row.append(button(texts.share, "button small", () => share(address)));
    item.append(row);
  }
  return item;
}

function share(address) {
  const phone = window.prompt(texts.share_ask, "+821012345678");
  if (phone) act({ from: address, text: phone, kind: "contact" });
}

function phone({ address, bubbles, blocked }) {
  const card = element("article", { className: "card phone" });
  const title = element("h3");
  const door = bubbles.at(-1).door;
  // Nobody writes to us by e-mail: there is nothing to answer with.
  if (door === "email") title.append(element("span", { text: address, className: "number" }));
  else title.append(button(address, "number", () => answer(address, door)));
  if (blocked) title.append(element("span", { text: texts.closed, className: "badge danger" }));
  const list = element("ol", { className: "log" });
  list.setAttribute("role", "log");
  // Each poll draws all phones anew; read aloud, that would be every message again.
  list.setAttribute("aria-live", "off");
  list.setAttribute("aria-label", address);
  list.tabIndex = 0;
  list.append(...bubbles.map((one, at) => said(one, address, at === bubbles.length - 1)));
  card.append(title, list);
  return card;
}

function answer(address, kind) {
  form.elements.from.value = address;
  // A notice has no door to write back through; its phone texts.
  form.elements.provider.value = kind in WRITERS ? kind : "sms";
  showDoor();
  form.elements.text.focus();
}

function showDoor() {
  hangup.hidden = !CALLS.includes(form.elements.provider.value);
  document.getElementById("picture").hidden = !PHOTOS.has(form.elements.provider.value);
}

async function refresh() {
  const response = await fetch(`/simulator/phones?version=${version}`);
  if (response.status === 204) return;
  if (!response.ok) throw new Error(String(response.status));
  const state = await response.json();
  version = state.version;
  const scrolled = new Map();
  for (const list of phones.querySelectorAll(".log")) {
    const below = list.scrollHeight - list.clientHeight - list.scrollTop;
    if (below > 8) scrolled.set(list.getAttribute("aria-label"), list.scrollTop);
  }
  phones.replaceChildren(...state.phones.map(phone));
  for (const list of phones.querySelectorAll(".log")) {
    list.scrollTop = scrolled.get(list.getAttribute("aria-label")) ?? list.scrollHeight;
  }
  document.getElementById("empty").hidden = state.phones.length > 0;
}

async function poll() {
  const offline = document.getElementById("offline");
  try {
    await refresh();
    offline.hidden = true;
  } catch {
    offline.hidden = false;
  }
  window.setTimeout(poll, POLL_MS);
}

async function act({ from, text = "", photo = null, kind = "message", provider = "telegram" }) {
  problem.hidden = true;
  try {
    const response = await fetch("/simulator/incoming", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ provider, from, text, photo, kind }),
    });
    if (response.status === 422) return complain(texts.from_hint);
    if (!response.ok || (await response.json()).status >= 400) return complain(texts.unsent);
    await refresh();
    return true;
  } catch {
    return complain(texts.unsent);
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.split(",", 2)[1] ?? ""));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

function complain(text) {
  problem.textContent = text;
  problem.hidden = false;
  return false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { provider, from, text, photo } = form.elements;
  const file = PHOTOS.has(provider.value) ? photo.files[0] : undefined;
  const sent = { provider: provider.value, from: from.value, text: text.value };
  if (await act({ ...sent, photo: file ? await base64(file) : null })) {
    text.value = "";
    photo.value = "";
  }
  text.focus();
});

form.elements.text.addEventListener("keydown", (event) => {
  // Enter that ends a Hangul composition sends nothing.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

form.elements.provider.addEventListener("change", () => {
  const { provider, from } = form.elements;
  // What was typed stays where it fits: one phone texts and calls.
  if (!WRITERS[provider.value].form.test(from.value)) from.value = WRITERS[provider.value].example;
  showDoor();
});

hangup.addEventListener("click", () => {
  act({ provider: form.elements.provider.value, from: form.elements.from.value, kind: "hangup" });
});

showDoor();
form.inert = false; // until now the browser itself would have sent it
document.querySelector(".late").remove();
poll();
