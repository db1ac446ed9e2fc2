/** How far an alert came: one bar and one table an event, always summing to its audience. */

import { byId, fill, make, setText } from "/static/dom.js";

const SHARES = {
  out: ["accepted", "sent", "delivered"],
  unknown: ["unknown"],
  waiting: ["pending", "dispatching"],
  stopped: ["failed", "suppressed", "expired", "cancelled"],
};
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const SAY_EVERY = 15_000;

let said = 0;

const sum = (counts, states) => states.reduce((total, state) => total + counts[state], 0);

function bar(event) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} 24`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("outcome-bar");
  let x = 0;
  for (const [share, states] of Object.entries(SHARES)) {
    const width = event.audience ? (WIDTH * sum(event.counts, states)) / event.audience : 0;
    const part = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x, y: 0, width, height: 24, class: share })) {
      part.setAttribute(name, value);
    }
    svg.append(part);
    x += width;
  }
  return svg;
}

function legend(event, texts, number) {
  return make(
    "ul",
    { className: "plain legend" },
    Object.entries(SHARES).map(([share, states]) =>
      make(
        "li",
        { className: share },
        make("span", {}, texts.share[share]),
        " ",
        make("strong", {}, number.format(sum(event.counts, states))),
      ),
    ),
  );
}

function table(event, texts, number) {
  return make(
    "table",
    {},
    make(
      "thead",
      {},
      make("tr", {}, make("th", { scope: "col" }, texts.outcome), make("th", { scope: "col" }, texts.count)),
    ),
    make(
      "tbody",
      {},
      Object.entries(event.counts)
        .filter(([, count]) => count)
        .map(([state, count]) =>
          make("tr", {}, make("td", {}, texts.outcomes[state]), make("td", {}, number.format(count))),
        ),
    ),
  );
}

/** Show `outcomes` (the API's shape). */
export function show(outcomes, texts, number) {
  byId("outcomes").replaceChildren(
    ...outcomes.events.map((event) =>
      make(
        "section",
        { className: "stack tight" },
        make(
          "h3",
          {},
          fill(texts.outcomes_of, { event: texts.events[event.kind], n: number.format(event.audience) }),
        ),
        bar(event),
        legend(event, texts, number),
        table(event, texts, number),
      ),
    ),
  );
  // Who listens to the page is told now and then, and at the end; not every second.
  const last = outcomes.events.at(-1);
  if (Date.now() - said < SAY_EVERY && sum(last.counts, SHARES.waiting)) return;
  said = Date.now();
  setText(
    byId("said"),
    fill(texts.said, {
      out: number.format(sum(last.counts, SHARES.out)),
      waiting: number.format(sum(last.counts, SHARES.waiting)),
    }),
  );
}
