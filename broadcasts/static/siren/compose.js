/** Writing an alert: counts, preview, districts and audience as one writes; then save or submit. */

import { call, Problem } from "/static/api.js";
import { byId, fill, make, setText } from "/static/dom.js";
import { characters, clean, marked } from "/static/siren/words.js";

const main = byId("main");
const form = byId("compose");
const texts = JSON.parse(main.dataset.texts);
const marks = JSON.parse(main.dataset.marks);
const limit = Number(main.dataset.limit);
const number = new Intl.NumberFormat(document.documentElement.lang);
const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
  timeZone: "Asia/Seoul",
  month: "short",
  day: "numeric",
  weekday: "short",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const areas = [...form.querySelectorAll('input[name="district"]')];
const COUNT_AFTER = 300;

let dirty = false;
let busy = false;
let counting = 0;
let timer;
let people = null;

const environment = () => form.elements.environment.value;
const words = (field, language) => byId(`${field}-${language}`);

/** Return the texts of `field` that hold anything, as they will be sent. */
function written(field) {
  const found = {};
  for (const area of form.querySelectorAll(`textarea[data-field="${field}"]`)) {
    const { language } = area.dataset;
    const text = clean(area.value);
    if (!text || (field === "correction" && !corrects(language))) continue;
    found[language] = marked(text, marks[environment()]?.[language]);
  }
  return found;
}

/** A correction is needed in Korean, and in every language that the alert has a text in. */
const corrects = (language) => language === "ko" || clean(words("texts", language).value) !== "";

function districts() {
  if (environment() === "test") return [main.dataset.testList];
  return areas.filter((area) => area.checked).map((area) => area.value);
}

function expiry() {
  const chosen = byId("hours").value;
  return /^\d+$/.test(chosen) ? new Date(Date.now() + Number(chosen) * 3_600_000) : new Date(chosen);
}

function showWords() {
  for (const field of ["texts", "correction"]) {
    const sent = written(field);
    for (const area of form.querySelectorAll(`textarea[data-field="${field}"]`)) {
      const { language } = area.dataset;
      const count = byId(`${area.id}-count`);
      const length = characters(sent[language] ?? "");
      const long = language === "ko" && length > limit;
      setText(count, language === "ko" ? fill(texts.characters, { n: length, limit }) : String(length));
      count.classList.toggle("over", long);
      area.setAttribute("aria-invalid", String(long));
      area.classList.toggle("over", long);
    }
  }
  for (const part of form.querySelectorAll("[data-correction]")) {
    part.hidden = !corrects(part.dataset.correction);
  }
  const sent = written("texts");
  byId("preview").dataset.kind = environment();
  byId("preview").replaceChildren(
    ...(Object.keys(sent).length
      ? Object.entries(sent).map(([language, text]) =>
          make(
            "div",
            { className: "said", data: { author: "alert" } },
            make("span", { className: "who" }, texts.languages[language]),
            make("div", { className: "bubble", lang: language }, text),
          ),
        )
      : [make("p", { className: "muted" }, texts.preview_empty)]),
  );
}

function showAreas() {
  const test = environment() === "test";
  byId("test-area").hidden = !test;
  byId("districts").hidden = test;
  for (const zone of form.querySelectorAll(".zone")) {
    const inside = [...zone.querySelectorAll('input[name="district"]')];
    const chosen = inside.filter((area) => area.checked).length;
    const all = zone.querySelector("[data-zone]");
    all.checked = chosen === inside.length;
    all.indeterminate = chosen > 0 && chosen < inside.length;
  }
  for (const tile of byId("map").querySelectorAll(".tile")) {
    const area = areas.find((each) => each.value === tile.dataset.district);
    tile.classList.toggle("chosen", Boolean(area?.checked));
  }
}

function showSum() {
  const known = people === null ? texts.counting : fill(texts.people, { n: number.format(people) });
  byId("sum").replaceChildren(
    make("span", { className: "muted" }, texts.reaches),
    " ",
    make("strong", {}, districts().length ? known : fill(texts.people, { n: 0 })),
  );
}

function showExpiry() {
  setText(byId("until"), fill(texts.until, { time: clock.format(expiry()) }));
}

/** Count whom this would reach, a moment after the last change. */
function count() {
  clearTimeout(timer);
  people = districts().length ? null : 0;
  showSum();
  if (people === 0) return;
  const asked = (counting += 1);
  timer = setTimeout(async () => {
    const query = new URLSearchParams();
    for (const district of districts()) query.append("district", district);
    for (const language of Object.keys(written("texts"))) query.append("language", language);
    try {
      const found = await call("GET", `/api/v1/broadcasts/audience?${query}`);
      if (asked !== counting) return;
      people = found.people;
      showSum();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (asked === counting) setText(byId("sum"), texts.not_counted);
    }
  }, COUNT_AFTER);
}

function show() {
  showWords();
  showAreas();
  showExpiry();
}

/** Show what has to be changed, each with a way to its place. */
function tell(problems) {
  const box = byId("problems");
  box.querySelector("ul").replaceChildren(
    ...problems.map(({ field, text }) => make("li", {}, byId(`field-${field}`) ? way(field, text) : text)),
  );
  box.hidden = problems.length === 0;
  if (problems.length) box.focus();
}

/** Return a link that says `text` and leads to the first control of `field`. */
function way(field, text) {
  const go = (event) => {
    event.preventDefault();
    byId(`field-${field}`).querySelector("input, textarea, select").focus();
  };
  return make("a", { href: `#field-${field}`, onclick: go }, text);
}

function missing() {
  const found = [];
  if (!environment()) found.push({ field: "environment", text: texts.missing_kind });
  if (!clean(form.elements.title.value)) found.push({ field: "title", text: texts.missing_title });
  return found;
}

async function save() {
  const body = {
    environment: environment(),
    title: form.elements.title.value,
    texts: written("texts"),
    correction: written("correction"),
    districts: districts(),
    expires_at: expiry().toISOString(),
  };
  const { broadcast, version } = main.dataset;
  const saved = broadcast
    ? await call("PUT", `/api/v1/broadcasts/${broadcast}`, { ...body, version: Number(version) })
    : await call("POST", "/api/v1/broadcasts", body);
  main.dataset.broadcast = saved.id;
  main.dataset.version = saved.version;
  dirty = false;
  history.replaceState(null, "", `/siren/${saved.id}/edit`);
  return saved;
}

async function send(then) {
  const wanting = missing();
  tell(wanting);
  if (wanting.length || busy) return;
  busy = true;
  form.setAttribute("aria-busy", "true");
  try {
    const saved = await save();
    if (then === "submit") {
      await call("POST", `/api/v1/broadcasts/${saved.id}/submit`, { version: saved.version });
    }
    location.assign(`/siren/${saved.id}`);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { problems } = error.body;
    tell(
      problems
        ? problems.map((each) => ({ field: each.field, text: each[document.documentElement.lang] }))
        : [{ field: "", text: error.message || texts.failed }],
    );
  } finally {
    busy = false;
    form.removeAttribute("aria-busy");
  }
}

form.addEventListener("input", (event) => {
  dirty = true;
  byId("problems").hidden = true;
  if (event.target.matches("[data-zone]")) {
    for (const area of event.target.closest(".zone").querySelectorAll('input[name="district"]')) {
      area.checked = event.target.checked;
    }
  }
  show();
  if (event.target.matches('[type="checkbox"], [type="radio"]')) count();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.submitter?.value ?? "save");
});
form.addEventListener("click", (event) => {
  const all = event.target.closest("[data-all], [data-none]");
  const tile = event.target.closest(".tile");
  if (!all && !tile) return;
  for (const area of areas) {
    if (all) area.checked = "all" in all.dataset;
    else if (area.value === tile.dataset.district) area.checked = !area.checked;
  }
  dirty = true;
  show();
  count();
});
window.addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});

show();
count();
setInterval(showExpiry, 30_000);
