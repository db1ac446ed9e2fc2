/** Sending: what the citizen wrote waits in the outbox until the server has it. */

import { call, Problem } from "./api.js";
import * as store from "./chat-store.js";
import * as view from "./chat-view.js";

const RETRY_AFTER = [1000, 3000];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Return {deliver, say, show, discard, sending}. `page` gives `texts()`, `tell(problem)`,
 * `look()` to read the history, `botAnswers()`, and `putBack(message)` for one that is taken back.
 */
export function sender(page) {
  let sending = false;

  /** Show what is on its way. */
  function show(failed) {
    view.showWaiting(store.outbox(), failed, page.texts(), { retry: deliver, discard });
  }

  function discard() {
    const waiting = store.outbox();
    store.emptyOutbox();
    view.hideWaiting();
    if (waiting) page.putBack(waiting);
    page.look();
  }

  /** Send what waits in the outbox; the same id every time, so that it counts once. */
  async function deliver() {
    const message = store.outbox();
    if (!message || sending) return;
    sending = true;
    page.tell("");
    show(false);
    view.clearChoices();
    view.showWelcome(false);
    view.showTyping(page.botAnswers());
    view.toEnd();
    const sent = await post(message);
    sending = false;
    view.showTyping(false);
    if (sent) {
      store.emptyOutbox();
      await page.look();
      if (!store.outbox()) view.hideWaiting();
    } else {
      show(true);
    }
    view.toEnd();
  }

  async function post(message) {
    const body = { session: store.session(), text: message.text, message_id: message.id };
    if (message.photos?.length) body.photos = message.photos.map((photo) => photo.id);
    if (message.location) body.location = message.location;
    if (store.chosenLanguage()) body.language = store.chosenLanguage();
    for (let attempt = 0; ; attempt += 1) {
      try {
        await call("POST", "/channels/web/messages", body);
        return true;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.passing && attempt < RETRY_AFTER.length) {
          await pause(RETRY_AFTER[attempt]);
          continue;
        }
        page.tell(error.message || page.texts().failed);
        return false;
      }
    }
  }

  /**
   * Say `text` with `photos` or a `location`; `shown` is how it looks, where that differs.
   * False: not now.
   */
  function say(text, shown = text, photos = [], location = null) {
    if (sending) return false;
    if (store.outbox()) {
      deliver(); // what was written before goes first
      return false;
    }
    store.putOutbox(text, shown, photos, location);
    deliver();
    return true;
  }

  return {
    deliver,
    say,
    show,
    get sending() {
      return sending;
    },
  };
}
