/** The districts on the schematic map: a shade and a number for each, and the same as a table. */

import { byId, make, setText } from "/static/dom.js";

const COLUMNS = ["people", "accepted", "safe", "help", "silent"];
// From which share (of those meant, or of those reached) a shade begins. A call for help is rare:
// one in a hundred is much.
const STEPS = { accepted: [0, 0.25, 0.5, 0.9], safe: [0, 0.25, 0.5, 0.9], help: [0, 0.005, 0.02, 0.05] };
const PARTS = { accepted: "people", safe: "reached", help: "reached" };

let rows = [];

const chosen = () => document.querySelector('input[name="map-shows"]:checked').value;
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });

/** Whether the page has the map; a test has no districts. */
export const shown = () => byId("live-map") !== null;

/** Show `districts` (the API's answers); draw anew when another share is chosen. */
export function show(districts, texts, number) {
  rows = districts;
  draw(texts, number);
  byId("map-shows").onchange = () => draw(texts, number);
}

const share = (row, shows) => (row[PARTS[shows]] ? row[shows] / row[PARTS[shows]] : 0);
const level = (part, shows) => STEPS[shows].filter((from, n) => (n ? part >= from : part > 0)).length;

function draw(texts, number) {
  const shows = chosen();
  const map = byId("live-map");
  map.dataset.shows = shows;
  const names = new Map();
  for (const tile of map.querySelectorAll(".tile")) {
    const { district } = tile.dataset;
    const row = rows.find((each) => each.district === district);
    names.set(district, tile.querySelector("text").textContent);
    tile.dataset.level = row ? level(share(row, shows), shows) : "none";
    const value = shows === "help" ? (row?.help ? `! ${number.format(row.help)}` : "0") : whole.format(row ? share(row, shows) : 0);
    setText(tile.querySelector(".share"), row ? value : "");
  }
  byId("map-legend").replaceChildren(
    make("li", { data: { level: "none" } }, texts.not_meant),
    ...STEPS[shows].map((from, n) =>
      make("li", { data: { level: n + 1 } }, n ? `${percent.format(from)} –` : `> 0 – ${percent.format(STEPS[shows][1])}`),
    ),
  );
  byId("map-legend").dataset.shows = shows;
  table(texts, number, names);
}

function table(texts, number, names) {
  const { tHead, tBodies } = byId("by-district");
  tHead.replaceChildren(
    make("tr", {}, [texts.review_area, ...COLUMNS.map((name) => texts.columns[name])].map((name) => make("th", { scope: "col" }, name))),
  );
  tBodies[0].replaceChildren(
    ...rows.map((row) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, names.get(row.district) ?? (row.district || texts.elsewhere)),
        COLUMNS.map((name) =>
          make("td", {}, number.format(row[name]), name in PARTS && row[PARTS[name]] ? make("small", {}, ` ${percent.format(share(row, name))}`) : ""),
        ),
      ),
    ),
  );
}
