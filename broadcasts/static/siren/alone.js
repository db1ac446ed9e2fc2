/** Closing the review of a sending alone. */

import { call, Problem } from "/static/api.js";
import { begun, byId, setText } from "/static/dom.js";

const texts = JSON.parse(byId("main").dataset.texts);

for (const form of document.querySelectorAll("[data-review]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const findings = form.querySelector("textarea").value;
    try {
      await call("POST", `/api/v1/siren/break-glass/${form.dataset.review}/review`, { findings });
      location.reload();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setText(byId("problem"), error.message || texts.failed_step);
      byId("problem").hidden = false;
    }
  });
}

begun();
