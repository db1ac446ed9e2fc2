/** Small helpers for pages that patch nodes in place, so that focus and scroll stay. */

/** Return the element with `id`. */
export const byId = (id) => document.getElementById(id);

/**
 * Make an element. `properties` are set as DOM properties; `data`, `aria` and `attributes` hold
 * data-*, aria-* and other attributes. Children are nodes or text; false and null are left out.
 */
export function make(tag, properties = {}, ...children) {
  const { data = {}, aria = {}, attributes = {}, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, data);
  for (const [name, value] of Object.entries(aria)) node.setAttribute(`aria-${name}`, value);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== false && child != null));
  return node;
}

/** Set the text of `node`, only if it differs: a live region must not repeat itself. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Make the children of `parent` equal `nodes`, moving and adding only what is out of place. */
export function arrange(parent, nodes) {
  let here = parent.firstChild;
  for (const node of nodes) {
    if (node === here) here = here.nextSibling;
    else parent.insertBefore(node, here);
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

const ADDRESS = /^https?:/;
const PHONE = /^0\d{1,2}-\d{3,4}-\d{4}$/;
const SPECIAL =
  /(https?:\/\/[^\s<>"')\]]+|\b[PIDS]-[0-9A-Z]{4}[0-9A-Z-]{7,}\b|\b0\d{1,2}-\d{3,4}-\d{4}\b)/;

/** Return `text` as nodes: addresses and phones are links, numbers are not broken over lines. */
export function linked(text) {
  return text.split(SPECIAL).map((part, index) => {
    if (index % 2 === 0) return part;
    if (PHONE.test(part)) return make("a", { className: "number", href: `tel:${part}` }, part);
    if (!ADDRESS.test(part)) return make("span", { className: "number" }, part);
    return make("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part);
  });
}

/** Fill `{name}` in `template` with `values`. */
export const fill = (template, values) =>
  template.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/** Return `bytes` random bytes in hex. Works on plain http too, unlike crypto.randomUUID. */
export function randomHex(bytes) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Say that the page's script has begun. What only a script serves stands `inert` until now: no
 * press on it is lost, and no form goes out by itself, with what was typed in the address.
 */
export function begun() {
  for (const part of document.querySelectorAll("[inert]")) part.inert = false;
  for (const line of document.querySelectorAll(".late")) line.remove();
}

/** Return whether `field` differs from what the server put there: a hand or the browser set it. */
export function differs(field) {
  if (field.matches("select")) {
    const preset = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(0, preset);
  }
  if (field.matches('[type="checkbox"], [type="radio"]')) return field.checked !== field.defaultChecked;
  return field.matches("input, textarea") && field.value !== field.defaultValue;
}

/** Open `dialog` and return the value of the button that closed it ("" for Escape). */
export function ask(dialog) {
  return new Promise((resolve) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    dialog.showModal();
  });
}

/** Return whether a key press belongs to an input method that is still composing a syllable. */
export const composing = (event) => event.isComposing || event.keyCode === 229;
