/** One alert: approve, return, reject, cancel; and its numbers as they come in. */

import { call, Problem } from "/static/api.js";
import { ask, begun, byId, fill, setText } from "/static/dom.js";
import { watch } from "/static/live.js";
import * as chart from "/static/siren/chart.js";
import * as districts from "/static/siren/districts.js";
import * as progress from "/static/siren/progress.js";

const main = byId("main");
const texts = JSON.parse(main.dataset.texts);
const number = new Intl.NumberFormat(document.documentElement.lang);
const path = `/api/v1/broadcasts/${main.dataset.broadcast}`;
const version = Number(main.dataset.version);

// What each step says besides its name; the others say nothing.
const BODIES = {
  return: (reason) => ({ version, reason }),
  reject: (reason) => ({ version, reason }),
  halt: (reason) => ({ reason }),
};

let busy = false;

/** Say what went wrong, beside what was tried. */
function tell(error) {
  const problem = byId("problem");
  (byId("decide") ?? byId("progress"))?.querySelector("h2").after(problem);
  setText(problem, error.message || texts.failed_step);
  problem.hidden = false;
  problem.scrollIntoView({ block: "nearest" });
}

/** Give the second factor's code, where the page asks for one beside the step. */
async function prove(step) {
  const code = byId(`code-${step}`);
  if (!code) return;
  await call("POST", "/api/v1/staff/me/second-factor/verify", { code: code.value.trim() });
}

/** Load the page anew; what is pressed meanwhile would open a form only to lose it. */
function loadAnew() {
  document.body.inert = true;
  location.reload();
}

/** Take one step; the page as it then is comes from the server. */
async function take(step, body) {
  if (busy) return;
  busy = true;
  byId("problem").hidden = true;
  try {
    await prove(step);
    await call("POST", `${path}/${step}`, body);
    loadAnew();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.body.audience !== undefined) showAudience(error.body.audience);
    tell(error);
  } finally {
    busy = false;
  }
}

function showAudience(people) {
  const text = byId("approve-text");
  if (text) setText(text, fill(text.dataset.template, { n: number.format(people) }));
}

byId("approve")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = byId("audience").value.replace(/[\s,.]/g, "");
  if (!/^\d+$/.test(typed)) return;
  take("approve", { version, content_hash: main.dataset.hash, audience: Number(typed) });
});
byId("submit")?.addEventListener("click", () => take("submit", { version }));
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", async () => {
    const step = button.dataset.open;
    if ((await ask(byId(`dialog-${step}`))) !== "yes") return;
    const reason = byId(`reason-${step}`)?.value;
    take(step, BODIES[step]?.(reason));
  });
}

const deciding = () => byId("approve") !== null || document.querySelector("dialog[open]") !== null;

/** Compare what the page shows with what is; who is deciding is told and never pulled away. */
async function look() {
  try {
    const now = await call("GET", path);
    if (now.version !== version || now.status !== main.dataset.status) {
      if (!deciding()) loadAnew();
      byId("changed").hidden = false;
      for (const field of byId("approve")?.elements ?? []) field.disabled = true;
      return;
    }
    showAudience(now.audience.people);
    if (byId("progress")) await lookAtProgress();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

async function lookAtProgress() {
  const read = ["outcomes", "timeline", ...(districts.shown() ? ["answers"] : [])];
  const [outcomes, timeline, answers] = await Promise.all(
    read.map((name) => call("GET", `${path}/${name}`)),
  );
  progress.show(outcomes, texts, number);
  chart.begin(timeline, texts, number);
  if (answers) districts.show(answers.items, texts, number);
}

/** Keep how the page was set: a new state of the alert loads it anew. */
function keepAsSet() {
  const [radios, parts] = ["input[type=radio]", "details"].map((all) => [...document.querySelectorAll(`#progress ${all}`)]);
  const kept = sessionStorage.getItem(path);
  if (kept) {
    const { chosen, open } = JSON.parse(kept);
    for (const radio of radios) radio.checked = radio.value === chosen;
    for (const [n, part] of parts.entries()) part.open = open[n] ?? false;
  }
  const keep = () => {
    const chosen = radios.find((radio) => radio.checked)?.value;
    sessionStorage.setItem(path, JSON.stringify({ chosen, open: parts.map((part) => part.open) }));
  };
  for (const radio of radios) radio.addEventListener("change", keep);
  for (const part of parts) part.addEventListener("toggle", keep);
}
keepAsSet();
begun();

watch({
  path: `/siren/live?broadcast=${main.dataset.broadcast}`,
  look: (signal) => {
    if (signal.type === "outcomes") {
      if (signal.outcomes.status !== main.dataset.status) look();
      else if (byId("progress")) {
        progress.show(signal.outcomes, texts, number);
        chart.add(signal.outcomes, texts, number);
      }
    } else if (signal.type === "districts") {
      if (districts.shown()) districts.show(signal.districts, texts, number);
    } else if (signal.type !== "tick") {
      look();
    }
  },
  state: (on) => {
    const badge = byId("connection");
    if (!badge) return;
    badge.hidden = false;
    badge.classList.toggle("accent", on);
    setText(badge, on ? texts.live_on : texts.live_off);
  },
});
