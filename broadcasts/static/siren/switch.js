/** The great switch: stop, open again, live or training; the reason goes into the record. */

import { call, Problem } from "/static/api.js";
import { begun, byId, setText } from "/static/dom.js";

const texts = JSON.parse(byId("main").dataset.texts);
const problem = byId("problem");
let busy = false;

/** Put the switch where the form says, with the second factor first where one is asked for. */
async function change(form) {
  const code = form.querySelector("[data-code]");
  if (code) await call("POST", "/api/v1/staff/me/second-factor/verify", { code: code.value.trim() });
  const reason = form.querySelector("[data-reason]").value;
  await call("POST", "/api/v1/siren/switch", { to: form.dataset.to, reason });
}

for (const form of document.querySelectorAll("[data-to]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    problem.hidden = true;
    try {
      await change(form);
      document.body.inert = true;
      location.reload();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      form.before(problem);
      setText(problem, error.message || texts.failed_step);
      problem.hidden = false;
    } finally {
      busy = false;
    }
  });
}

begun();
