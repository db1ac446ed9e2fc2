/** Roles that take two administrators: what is proposed, and what was decided. */

import { call } from "./api.js";
import { byId, fill, make } from "./dom.js";

const moment = new Intl.DateTimeFormat(document.documentElement.lang, {
  timeZone: "Asia/Seoul",
  dateStyle: "medium",
  timeStyle: "short",
});

/**
 * Show the proposals as they stand. `page` brings texts, roles, `me`, `attempt` and `tell` of the
 * page, and `after`, which runs once a decision changed the staff.
 */
export async function refresh(page) {
  await page.attempt(async () => {
    const { items } = await call("GET", "/api/v1/staff/grants");
    const open = items.filter((grant) => !grant.outcome);
    const decided = items.filter((grant) => grant.outcome);
    const none = make("li", { className: "card muted" }, page.texts.no_grants);
    byId("grants").replaceChildren(...(open.length ? open.map((grant) => proposal(grant, page)) : [none]));
    byId("decided").replaceChildren(...decided.map((grant) => decision(grant, page)));
  });
}

const why = (grant, { texts }) => (grant.reason === "new-account" ? texts.new_account : grant.reason);

function proposal(grant, page) {
  const { texts, roles, me } = page;
  const own = grant.proposed_by === me;
  const mine = grant.staff_id === me;
  const named = { name: grant.name, role: roles[grant.role] };
  const button = (step, label, kind) =>
    make(
      "button",
      {
        type: "button",
        className: `button small ${kind}`,
        ariaLabel: `${label}: ${named.name}, ${named.role}`,
        onclick: () => decide(grant, step, page),
      },
      label,
    );
  return make(
    "li",
    { className: "card stack tight", data: { grant: grant.id } },
    make("p", {}, make("strong", {}, fill(texts.grant_of, named))),
    make(
      "p",
      { className: "muted small" },
      fill(texts.proposed_by, { name: grant.proposer, time: moment.format(new Date(grant.proposed_at)) }),
    ),
    make("p", {}, why(grant, page)),
    (own || mine) && make("p", { className: "message" }, mine ? texts.grant_to_me : texts.grant_by_me),
    make(
      "div",
      { className: "row" },
      !own && !mine && button("confirm", texts.confirm, "primary"),
      button("decline", own ? texts.withdraw : texts.refuse, ""),
    ),
  );
}

function decision(grant, page) {
  const { texts, roles } = page;
  return make(
    "li",
    {},
    make("strong", {}, fill(texts.grant_of, { name: grant.name, role: roles[grant.role] })),
    ` ${texts.outcomes[grant.outcome]} `,
    make(
      "span",
      { className: "muted small" },
      fill(texts.decided_by, {
        proposer: grant.proposer,
        name: grant.decider,
        time: moment.format(new Date(grant.decided_at)),
      }),
    ),
  );
}

async function decide(grant, step, page) {
  const done = await page.attempt(async () => {
    const { outcome } = await call("POST", `/api/v1/staff/grants/${grant.id}/${step}`);
    page.tell(
      fill(page.texts.grant_done, {
        name: grant.name,
        role: page.roles[grant.role],
        outcome: page.texts.outcomes[outcome],
      }),
    );
  });
  await refresh(page);
  if (done) await page.after();
  byId("grants-title").scrollIntoView({ block: "nearest" });
}
