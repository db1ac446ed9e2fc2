/** Requests to our own server: bounded in time, with its sentence when something is wrong. */

/** What a request came to when it was not done. `status` 0: the server was not reached. */
export class Problem extends Error {
  constructor(status, detail, body = {}) {
    super(detail);
    this.status = status;
    this.body = body;
  }

  /** Whether the same request may work later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Send a request and return its JSON; throw a Problem otherwise. A Blob goes as it is. */
export async function call(method, path, body, headers = {}, seconds = 20) {
  const file = body instanceof Blob;
  const { lang } = document.documentElement;
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        "Accept-Language": lang === "ko" ? lang : `${lang}, en`,
        ...(body === undefined || file ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined || file ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(seconds * 1000),
    });
  } catch {
    throw new Problem(0, "");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer.detail ?? "", answer);
  return answer;
}
