/** What keeps an alert from being submitted, above the form. */

import { byId, make } from "/static/dom.js";

/** Show what has to be changed, each with a way to its place. */
export function tell(problems) {
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
