/** Areas drawn on the city's outlines or typed as coordinates: both are lines in one field. */

import { call, Problem } from "/static/api.js";
import { byId, fill, make, setText } from "/static/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST_AREAS = 20;
const CLOSE_BY = 12; // in units of the drawing: a finger's width on a phone
const LINE = /^\s*(-?\d+(?:\.\d+)?)\s*[,\s]\s*(-?\d+(?:\.\d+)?)\s*$/;

const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });

let shapes = [];
let adding = false;

/** Return the rings of [latitude, longitude] that were added. */
export const rings = () => shapes.map((shape) => shape.ring);

/** Return the districts that the added areas touch, each once. */
export const touched = () => [...new Set(shapes.flatMap((shape) => shape.touched))];

/** Let areas be drawn; `changed` is called whenever one was added or removed. */
export async function begin(texts, changed) {
  const canvas = byId("canvas");
  const field = byId("points");
  const { west, north, across, down } = Object.fromEntries(
    Object.entries(canvas.dataset).map(([name, value]) => [name, Number(value)]),
  );
  const onCanvas = ([latitude, longitude]) => [(longitude - west) * across, (north - latitude) * down];

  /** Return the points that the field holds so far, as far as they are readable. */
  function points() {
    const last = field.value.split(/\n\s*\n/).at(-1);
    return last.split("\n").map((line) => LINE.exec(line)).filter(Boolean).map((found) => [Number(found[1]), Number(found[2])]);
  }

  function draw() {
    const path = (ring, end) => `M${ring.map((at) => onCanvas(at).map((n) => n.toFixed(1)).join(" ")).join("L")}${end}`;
    const open = points();
    canvas.querySelector(".drawn").replaceChildren(...shapes.map((shape) => node("path", { d: path(shape.ring, "Z") })));
    canvas.querySelector(".drawing").replaceChildren(
      ...(open.length > 1 ? [node("path", { d: path(open, "") })] : []),
      ...open.map((at, n) => {
        const [x, y] = onCanvas(at);
        return node("circle", { cx: x, cy: y, r: n ? 4 : 6, class: n ? "" : "first" });
      }),
    );
  }

  function list() {
    byId("drawn").replaceChildren(
      ...shapes.map((shape, n) => {
        const button = make(
          "button",
          { type: "button", className: "button small", ariaLabel: fill(texts.remove_area, { n: n + 1 }), onclick: () => remove(n) },
          texts.remove,
        );
        const names = shape.touched.map(nameOf).join(", ");
        const outside = shape.outside ? ` ${fill(texts.partly_outside, { share: percent.format(shape.outside) })}` : "";
        return make(
          "li",
          { className: "row" },
          make("span", {}, make("strong", {}, fill(texts.drawn_area, { n: n + 1, points: shape.ring.length })), ` ${texts.touches}: ${names}.${outside}`),
          button,
        );
      }),
    );
    const badge = byId("drawn-count");
    badge.hidden = !shapes.length;
    setText(badge, String(shapes.length));
  }

  function say(problem) {
    byId("points-problem").hidden = !problem;
    setText(byId("points-problem"), problem);
    field.setAttribute("aria-invalid", String(Boolean(problem)));
  }

  function renew() {
    draw();
    list();
  }

  function remove(n) {
    shapes = shapes.filter((_, other) => other !== n);
    renew();
    setText(byId("drawn-said"), fill(texts.drawn_areas, { n: shapes.length }));
    field.focus();
    changed();
  }

  /** Have the server read what the field holds; what is wrong stays in the field. */
  async function add() {
    if (adding) return;
    adding = true;
    try {
      const found = await call("POST", "/api/v1/broadcasts/shapes", { text: field.value });
      if (shapes.length + found.length > MOST_AREAS) return say(texts.too_many_areas);
      shapes = [...shapes, ...found];
      field.value = "";
      say("");
      renew();
      const last = shapes.at(-1);
      setText(byId("drawn-said"), `${fill(texts.drawn_area, { n: shapes.length, points: last.ring.length })}. ${texts.touches}: ${last.touched.map(nameOf).join(", ")}`);
      changed();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      say(error.message || texts.failed_step);
      field.focus();
    } finally {
      adding = false;
    }
  }

  canvas.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(canvas.getScreenCTM().inverse());
    const open = points();
    const [x, y] = open.length ? onCanvas(open[0]) : [Infinity, Infinity];
    if (open.length > 2 && Math.hypot(x - at.x, y - at.y) < CLOSE_BY) return add();
    const line = `${(north - at.y / down).toFixed(5)}, ${(west + at.x / across).toFixed(5)}`;
    field.value += `${field.value && !field.value.endsWith("\n") ? "\n" : ""}${line}\n`;
    say("");
    return draw();
  });
  field.addEventListener("input", (event) => {
    event.stopPropagation(); // not a word of the alert yet
    say("");
    draw();
  });
  byId("add-area").addEventListener("click", add);
  byId("undo-point").addEventListener("click", () => {
    field.value = field.value.trimEnd().split("\n").slice(0, -1).map((line) => `${line}\n`).join("");
    say("");
    draw();
  });
  byId("clear-points").addEventListener("click", () => {
    field.value = "";
    say("");
    draw();
  });

  const saved = JSON.parse(byId("drawn").dataset.polygons);
  if (!saved.length) return;
  field.value = saved.map((ring) => ring.map((at) => at.join(", ")).join("\n")).join("\n\n");
  await add();
}

const nameOf = (district) =>
  document.querySelector(`input[name="district"][value="${CSS.escape(district)}"]`)?.nextElementSibling.textContent ?? district;

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
