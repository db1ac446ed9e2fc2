/** Administration: accounts and keys, over the same API that other systems use. */

import { call, Problem } from "./api.js";
import { refresh as showGrants } from "./admin-grants.js";
import { ask, begun, byId, fill, make, setText } from "./dom.js";

const main = byId("main");
const { admin: texts, roles } = JSON.parse(main.dataset.texts);
const me = Number(main.dataset.me);
const language = document.documentElement.lang;

function tell(text, kind = "good") {
  const result = byId("result");
  result.className = `message ${kind}`;
  result.hidden = false;
  setText(result, text);
}

const badge = (text, kind = "") => make("span", { className: `badge ${kind}` }, text);
const date = (at) => new Date(at).toLocaleDateString(language);

/** Do `work`; say what the server said when it was refused. Returns whether it was done. */
async function attempt(work, say = (text) => tell(text, "danger")) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) location.assign("/login?next=/admin");
    say(error.message || texts.loading);
    return false;
  }
}

function staffRow(person) {
  const change = person.active ? "close_account" : "open_account";
  const button = make(
    "button",
    {
      type: "button",
      className: "button small",
      ariaLabel: fill(texts[`${change}_of`], person),
      onclick: () => setActive(person, !person.active),
    },
    texts[change],
  );
  return make(
    "tr",
    {},
    make(
      "td",
      {},
      make("strong", {}, person.name),
      make("small", {}, person.login),
      person.phone && make("small", { className: "number" }, person.phone),
      person.email && make("small", {}, person.email),
    ),
    make("td", {}, make("span", { className: "badges" }, person.roles.map((role) => badge(roles[role])))),
    make("td", {}, badge(person.active ? texts.open : texts.closed, person.active ? "accent" : "")),
    make("td", {}, person.id === me ? badge(texts.me) : button),
  );
}

async function setActive(person, active) {
  const done = await attempt(() => call("PATCH", `/api/v1/staff/${person.id}`, { active }));
  if (done) tell(fill(active ? texts.opened_done : texts.closed_done, person));
  await showStaff();
  byId("staff-title").scrollIntoView({ block: "nearest" });
}

async function showStaff() {
  await attempt(async () => {
    const { items } = await call("GET", "/api/v1/staff");
    byId("staff").replaceChildren(...items.map(staffRow));
    const others = items.filter((person) => person.active && person.id !== me);
    byId("grant-staff").replaceChildren(
      ...others.map((person) => make("option", { value: person.id }, `${person.name} (${person.login})`)),
    );
  });
}

function keyRow(key) {
  const button = make(
    "button",
    {
      type: "button",
      className: "button small",
      ariaLabel: fill(texts.revoke_of, key),
      onclick: () => revoke(key),
    },
    texts.revoke,
  );
  return make(
    "tr",
    {},
    make("td", {}, make("strong", {}, key.name)),
    make("td", {}, badge(roles[key.role])),
    make("td", {}, badge(texts.environments[key.environment], key.environment === "live" ? "danger" : "")),
    make("td", {}, date(key.created_at)),
    make("td", {}, key.revoked_at ? badge(texts.revoked) : button),
  );
}

async function revoke(key) {
  setText(byId("revoke-name"), key.name);
  if ((await ask(byId("ask-revoke"))) !== "yes") return;
  if (await attempt(() => call("DELETE", `/api/v1/keys/${key.id}`)))
    tell(fill(texts.revoked_done, key));
  await showKeys();
}

async function showKeys() {
  await attempt(async () => {
    const { items } = await call("GET", "/api/v1/keys");
    const none = make("tr", {}, make("td", { colSpan: 5, className: "muted" }, texts.no_keys));
    byId("keys").replaceChildren(...(items.length ? items.map(keyRow) : [none]));
  });
}

/** Send `form` with `send(data)`; a refusal is said inside the form. */
function onSubmit(form, send) {
  const wrong = form.querySelector("[role=alert]");
  const say = (text) => {
    wrong.hidden = !text;
    setText(wrong, text);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say("");
    const button = form.querySelector("button");
    button.disabled = true;
    await attempt(() => send(new FormData(form), say), say);
    button.disabled = false;
  });
}

onSubmit(byId("add-staff"), async (data, say) => {
  const body = { ...Object.fromEntries([...data].filter(([, value]) => value)), roles: data.getAll("roles") };
  if (!body.roles.length) return say(texts.pick_role);
  const made = await call("POST", "/api/v1/staff", body);
  byId("add-staff").reset();
  const waiting = body.roles.length > made.roles.length;
  tell(fill(waiting ? texts.added_waiting : texts.added, made));
  await showStaff();
  return showGrants(grantsPage);
});

onSubmit(byId("propose"), async (data) => {
  const { staff, ...body } = Object.fromEntries(data);
  await call("POST", `/api/v1/staff/${staff}/grants`, body);
  byId("grant-reason").value = "";
  tell(texts.proposed);
  return showGrants(grantsPage);
});

onSubmit(byId("add-key"), async (data) => {
  const made = await call("POST", "/api/v1/keys", Object.fromEntries(data));
  byId("add-key").reset();
  byId("new-key-value").value = made.key;
  setText(byId("copy"), texts.copy);
  await showKeys();
  await ask(byId("new-key"));
  byId("new-key-value").value = "";
});

byId("copy").addEventListener("click", async () => {
  byId("new-key-value").select();
  try {
    await navigator.clipboard.writeText(byId("new-key-value").value);
    setText(byId("copy"), texts.copied);
  } catch {
    // The key is selected: the keyboard's own copy works where the browser refuses ours.
  }
});

const grantsPage = { texts, roles, me, attempt, tell, after: showStaff };

begun();
showStaff();
showGrants(grantsPage);
showKeys();
