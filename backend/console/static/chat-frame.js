/** The chat inside another site's page: what it and the script around it tell each other.
 *
 * Only signs pass, never a word of the talk: any site may hold the frame.
 */

import { byId } from "./dom.js";

const BEGUN = "eungdap:begun";
const CLOSE = "eungdap:close";
const UNREAD = "eungdap:unread";
const SHOWN = "eungdap:shown";
const HIDDEN = "eungdap:hidden";

/** Work the frame; `opened` is called when it comes into sight. Returns {begun(), unread(count)}. */
export function frame(opened) {
  let shown = true;
  let count = 0;
  const tell = (type, more = {}) => parent.postMessage({ type, ...more }, "*");

  window.addEventListener("message", (event) => {
    if (event.source !== parent) return;
    if (event.data?.type === SHOWN) {
      shown = true;
      count = 0;
      opened(event.data.focus === true);
    } else if (event.data?.type === HIDDEN) {
      shown = false;
    }
  });
  byId("close-chat").addEventListener("click", () => tell(CLOSE));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]")) tell(CLOSE);
  });

  return {
    /** Tell the page around us that our own way to close works. */
    begun: () => tell(BEGUN),
    /** Tell the page around us that `more` messages came while nobody saw them. */
    unread(more) {
      if (shown || more === 0) return;
      count += more;
      tell(UNREAD, { count });
    },
  };
}
