/** The button that sends where the citizen is: the browser asks them first, and only then. */

import { byId, setText } from "./dom.js";

const OPTIONS = { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 };
const DENIED = 1;
const DIGITS = 5; // about a metre

/** Work the button. `page` gives `texts()`, `tell(problem)` and `send({latitude, longitude})`. */
export function placeButton(page) {
  const button = byId("place");
  if (!navigator.geolocation) return;
  button.hidden = false;
  let looking = false;

  const round = (degrees) => Number(degrees.toFixed(DIGITS));

  function found({ coords }) {
    looking = false;
    setText(byId("tray-said"), "");
    page.send({ latitude: round(coords.latitude), longitude: round(coords.longitude) });
    byId("text").focus();
  }

  function failed(error) {
    looking = false;
    setText(byId("tray-said"), "");
    page.tell(error.code === DENIED ? page.texts().place_denied : page.texts().place_failed);
  }

  button.addEventListener("click", () => {
    if (looking) return;
    looking = true;
    page.tell("");
    setText(byId("tray-said"), page.texts().place_looking);
    navigator.geolocation.getCurrentPosition(found, failed, OPTIONS);
  });
}
