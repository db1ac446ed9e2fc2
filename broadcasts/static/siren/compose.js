/** Writing an alert: counts, preview, districts and audience as one writes; then save or submit. */

import { call, Problem } from "/static/api.js";
import { begun, byId, differs, fill, make, setText } from "/static/dom.js";
import * as areaMap from "/static/siren/area-map.js";
import * as drawing from "/static/siren/draw.js";
import { tell } from "/static/siren/problems.js";
import { characters, clean, marked, unmarked } from "/static/siren/words.js";

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

const SHOWN_IN = { texts: "short", correction: "correction", all_clear: "all_clear" };
const BY_HAND = "[data-fact], textarea[data-field], #title";
const OF_THE_EVENT = ["what", "why", "action", "where_to_go"];
const facts = [...form.querySelectorAll("[data-fact]")];
const sendAt = byId("send-at");

/** Fields that a person has written into: nothing is put there any more. */
const writtenInto = new Set(
  [...facts, ...form.querySelectorAll("textarea[data-field]")]
    .filter((field) => main.dataset.broadcast && field.value)
    .map((field) => field.id),
);

let made = null;
let asking = 0;
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
    if (!text || (field !== "texts" && !corrects(language))) continue;
    found[language] = marked(text, marks[environment()]?.[language]);
  }
  return found;
}

/** A correction is needed in Korean, and in every language that the alert has a text in. */
const corrects = (language) => language === "ko" || clean(words("texts", language).value) !== "";

/** Return what the person wrote of the facts; the rest is known to the server. */
function given() {
  const found = {};
  for (const field of facts) {
    if (writtenInto.has(field.id) || field.dataset.fact === "time") found[field.dataset.fact] = field.value;
  }
  return found;
}

/** Have the words made of the facts, and put them wherever nobody has written. */
async function compose() {
  if (!environment()) return;
  const asked = (asking += 1);
  const body = {
    environment: environment(),
    hazard: byId("hazard").value,
    districts: [...districts(), ...touched()],
    facts: { ko: given() },
    texts: Object.fromEntries(
      [...form.querySelectorAll('textarea[data-field="texts"]')]
        .filter((area) => writtenInto.has(area.id))
        .map((area) => [area.dataset.language, area.value]),
    ),
  };
  try {
    const found = await call("POST", "/api/v1/broadcasts/preview", body);
    if (asked !== asking) return;
    made = found;
    put();
    show();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

function put() {
  for (const field of facts) {
    if (!writtenInto.has(field.id)) field.value = made.facts.ko[field.dataset.fact];
  }
  for (const [name, form_] of Object.entries(SHOWN_IN)) {
    for (const area of form.querySelectorAll(`textarea[data-field="${name}"]`)) {
      const { language } = area.dataset;
      const row = made.languages.find((each) => each.language === language);
      const text = unmarked(row?.[form_] ?? "", marks, language);
      if (!writtenInto.has(area.id) && (text || name === "texts")) area.value = text;
    }
  }
  byId("stale").hidden = !OF_THE_EVENT.some((fact) => writtenInto.has(`fact-${fact}`));
  byId("channels").replaceChildren(...made.languages.filter((row) => row.short).map(onChannels));
}

/** Say what one language is on each channel. */
function onChannels(row) {
  const said = row.channels.map((on) => {
    const size = `${texts.forms[on.form]} ×${on.parts} · ${number.format(on.length)} ${texts.measures[on.measure]}`;
    const price = on.won === null || on.channel !== "sms" ? "" : ` · ${fill(texts.price, { n: on.won })}`;
    const instead = on.encodable ? "" : ` · ${texts.instead}`;
    return make("li", {}, `${texts.channels[on.channel]}: ${size}${price}${instead}`);
  });
  return make("div", {}, make("strong", {}, texts.languages[row.language]), make("ul", {}, said));
}

/** Begin a kind of event: its level, its life, its title. */
function begin() {
  const chosen = byId("hazard").selectedOptions[0];
  if (chosen.dataset.level) byId("level").value = chosen.dataset.level;
  const hours = Number(chosen.dataset.hours);
  const fitting = [...byId("hours").options].find((each) => Number(each.value) >= hours);
  if (fitting) byId("hours").value = fitting.value;
  if (!writtenInto.has("title")) form.elements.title.value = chosen.dataset.level ? chosen.text : "";
}

function districts() {
  if (environment() === "test") return [main.dataset.testList];
  return areas.filter((area) => area.checked).map((area) => area.value);
}

/** Return the rings that were drawn; a test has none. */
const polygons = () => (environment() === "test" ? [] : drawing.rings());

/** Return the districts that only a drawn area touches. */
function touched() {
  const chosen = new Set(districts());
  return polygons().length ? drawing.touched().filter((name) => !chosen.has(name)) : [];
}

const somewhere = () => districts().length + polygons().length > 0;

/** Return the moment to send at, written in the city's time; null for at once. */
const sending = () => (sendAt.value ? new Date(`${sendAt.value}:00+09:00`) : null);

function expiry() {
  const chosen = byId("hours").value;
  const from = sending()?.getTime() ?? Date.now();
  return /^\d+$/.test(chosen) ? new Date(from + Number(chosen) * 3_600_000) : new Date(chosen);
}

function showWords() {
  for (const field of ["texts", "correction", "all_clear"]) {
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
  const chosen = new Set(districts());
  areaMap.show(byId("map"), (district) => chosen.has(district));
}

function showSum() {
  const known = people === null ? texts.counting : fill(texts.people, { n: number.format(people) });
  byId("sum").replaceChildren(
    make("span", { className: "muted" }, texts.reaches),
    " ",
    make("strong", {}, somewhere() ? known : fill(texts.people, { n: 0 })),
    touched().length ? ` ${fill(texts.touches_more, { n: touched().length })}` : "",
  );
}

function showExpiry() {
  setText(byId("until"), fill(texts.until, { time: clock.format(expiry()) }));
}

/** Count whom this would reach, a moment after the last change. */
function count() {
  clearTimeout(timer);
  people = somewhere() ? null : 0;
  showSum();
  if (people === 0) return;
  const asked = (counting += 1);
  timer = setTimeout(async () => {
    const languages = Object.keys(written("texts"));
    const query = {
      districts: districts(),
      polygons: polygons(),
      languages: languages.length ? languages : ["ko"],
      level: byId("level").value,
    };
    try {
      const found = await call("POST", "/api/v1/broadcasts/audience", query);
      if (asked !== counting) return;
      people = found.people;
      showSum();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (asked === counting) setText(byId("sum"), texts.not_counted);
    }
  }, COUNT_AFTER);
}

let composing;

/** Compose a moment after the last change. */
function later() {
  clearTimeout(composing);
  composing = setTimeout(compose, COUNT_AFTER);
}

function show() {
  showWords();
  showAreas();
  showExpiry();
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
    hazard: byId("hazard").value,
    level: byId("level").value,
    facts: made?.facts ?? {},
    texts: written("texts"),
    long_texts: Object.fromEntries(
      (made?.languages ?? [])
        .filter((row) => row.long && written("texts")[row.language])
        .map((row) => [row.language, row.long]),
    ),
    correction: written("correction"),
    all_clear: written("all_clear"),
    districts: districts(),
    polygons: polygons(),
    send_at: sending()?.toISOString() ?? null,
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
  clearTimeout(composing);
  await compose();
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
  if (event.target.matches(BY_HAND)) writtenInto.add(event.target.id);
  if (event.target.id === "hazard") begin();
  if (event.target.matches("[data-zone]")) {
    for (const area of event.target.closest(".zone").querySelectorAll('input[name="district"]')) {
      area.checked = event.target.checked;
    }
  }
  show();
  later();
  if (event.target.matches('[type="checkbox"], [type="radio"], #level, #hazard')) count();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.submitter?.value ?? "save");
});
form.addEventListener("click", (event) => {
  const all = event.target.closest("[data-all], [data-none]");
  if (!all) return;
  for (const area of areas) area.checked = "all" in all.dataset;
  moved();
});
areaMap.choosable(byId("map"), (district) => {
  const area = areas.find((each) => each.value === district);
  area.checked = !area.checked;
  moved();
});

/** Go on after the area changed. */
function moved() {
  dirty = true;
  byId("problems").hidden = true;
  show();
  later();
  count();
}

/** Take over what was chosen and written before this script ran, as browsers keep it over a reload. */
function takeOver() {
  const changed = [...form.elements].filter(differs);
  for (const field of changed) if (field.matches(BY_HAND)) writtenInto.add(field.id);
  if (changed.includes(byId("hazard")) && !form.elements.title.value) begin();
  dirty = changed.length > 0;
}

window.addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});

takeOver();
if (!byId("fact-time").value) {
  byId("fact-time").value = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Asia/Seoul", hour: "2-digit", minute: "2-digit",
  }).format(new Date());
}
drawing.begin(texts, moved);
show();
count();
if (main.dataset.broadcast || dirty) later();
begun();
setInterval(showExpiry, 30_000);
