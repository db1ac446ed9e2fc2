/** An alert over time: five lines, each with a stroke and a name of its own, and the same as a table. */

import { byId, fill, make, setText } from "/static/dom.js";

const SERIES = ["sent", "accepted", "delivered", "failed", "unknown"];
const HANDED = ["dispatching", "accepted", "sent", "delivered", "unknown", "failed"];
const ACCEPTED = ["accepted", "sent", "delivered"];
const SVG = "http://www.w3.org/2000/svg";
const BOX = { left: 44, right: 352, top: 10, bottom: 184 };
const MOST_POINTS = 400;
const ROWS = 12;
const SAY_EVERY = 15_000;

let points = [];
let audience = 0;
let said = 0;

const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
  timeZone: "Asia/Seoul",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const sum = (counts, states) => states.reduce((total, state) => total + counts[state], 0);
const same = (one, other) => SERIES.every((name) => one[name] === other[name]);

/** Begin with what was kept (the API's timeline). */
export function begin(timeline, texts, number) {
  audience = timeline.audience;
  points = timeline.points.map((point) => ({ ...point, at: Date.parse(point.at) }));
  draw(texts, number);
}

/** Add how the alert stands now (the API's outcomes). */
export function add(outcomes, texts, number) {
  const alert = outcomes.events.find((event) => event.kind === "alert");
  if (!alert || !points.length) return;
  const { counts } = alert;
  const now = {
    at: Date.parse(outcomes.at),
    sent: sum(counts, HANDED),
    accepted: sum(counts, ACCEPTED),
    delivered: counts.delivered,
    failed: counts.failed,
    unknown: counts.unknown,
  };
  if (now.at < points.at(-1).at) return;
  // Of a stretch without change its two ends are enough.
  const [before, last] = points.slice(-2);
  if (last && same(before, last) && same(last, now)) points.pop();
  points.push(now);
  if (points.length > MOST_POINTS) points = points.filter((_, n) => n % 2 === 0 || n > MOST_POINTS / 2);
  audience = alert.audience;
  draw(texts, number);
}

function node(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function draw(texts, number) {
  if (!points.length) return;
  const [from, to] = [points[0].at, Math.max(points.at(-1).at, points[0].at + 10_000)];
  const most = Math.max(audience, 1);
  const x = (at) => BOX.left + ((BOX.right - BOX.left) * (at - from)) / (to - from);
  const y = (people) => BOX.bottom - ((BOX.bottom - BOX.top) * people) / most;
  const grid = [0, 0.5, 1].map((part) =>
    node(
      "g",
      { class: "grid" },
      node("line", { x1: BOX.left, x2: BOX.right, y1: y(most * part), y2: y(most * part) }),
      node("text", { x: BOX.left - 6, y: y(most * part) + 4, "text-anchor": "end" }, short(most * part)),
    ),
  );
  const times = [
    node("text", { x: BOX.left, y: 204, class: "time" }, clock.format(from)),
    node("text", { x: BOX.right, y: 204, class: "time", "text-anchor": "end" }, clock.format(to)),
  ];
  const lines = SERIES.map((name) => {
    // A count holds until the next one: steps, not slopes.
    const path = points.map((point, n) =>
      n ? `H${x(point.at).toFixed(1)}V${y(point[name]).toFixed(1)}` : `M${x(point.at)} ${y(point[name])}`,
    );
    return node("path", { class: name, d: `${path.join("")}H${x(to)}` });
  });
  byId("chart").replaceChildren(...grid, ...times, ...lines);
  tell(texts, number);
}

/** Return a count short enough for the axis: 1,200,000 is 1.2M, and 120만 in Korean. */
function short(people) {
  const { lang } = document.documentElement;
  return new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 }).format(people);
}

function tell(texts, number) {
  const last = points.at(-1);
  byId("chart-legend").replaceChildren(
    ...SERIES.map((name) =>
      make(
        "li",
        {},
        node("svg", { viewBox: "0 0 32 8", class: "chart", "aria-hidden": "true" }, node("path", { class: name, d: "M0 4H32" })),
        make("span", {}, texts.series[name]),
        " ",
        make("strong", {}, number.format(last[name])),
      ),
    ),
  );
  const step = Math.max(1, Math.ceil(points.length / ROWS));
  const rows = points.filter((point, n) => n % step === 0 || point === last);
  byId("chart-table").tHead.replaceChildren(
    make("tr", {}, [texts.time, ...SERIES.map((name) => texts.series[name])].map((name) => make("th", { scope: "col" }, name))),
  );
  byId("chart-table").tBodies[0].replaceChildren(
    ...rows.map((point) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, clock.format(point.at)),
        SERIES.map((name) => make("td", {}, number.format(point[name]))),
      ),
    ),
  );
  if (Date.now() - said < SAY_EVERY && said) return;
  said = Date.now();
  setText(
    byId("chart-said"),
    fill(texts.chart_said, {
      from: clock.format(points[0].at),
      to: clock.format(last.at),
      n: number.format(audience),
      counts: SERIES.map((name) => `${texts.series[name]} ${number.format(last[name])}`).join(", "),
    }),
  );
}
