// One command to the office, under one key: sent again only while no answer came, so it is never done twice.

const PATIENCE = 60_000; // ms in which an answer is hoped for: a restart of the server is shorter
const ONE_TRY = 8_000;
const PAUSES = [300, 600, 1_200, 2_000];

/** The office understood and said no. `code` is stable, `message` is for a person, `state` is what is true instead, `signIn`
 *  says that nobody is signed in here any more, or that the screen is locked. */
export class Refused extends Error {
  constructor({ code, message, field, state }, status) {
    super(message);
    Object.assign(this, { code, field, state, signIn: status === 401 });
  }
}

/** No answer came: whether the command was done is unknown until the page is live again. */
export class Unanswered extends Error {}

/** The page's language goes along, so that the answer speaks it. */
export function localized(address, query = {}) {
  const url = new URL(address, location.href);
  for (const [name, value] of Object.entries({ lang: document.documentElement.lang, ...query })) url.searchParams.set(name, value);
  return url;
}

/** @returns {Promise<object>} the office's answer; rejects with Refused or Unanswered. `waiting()` is told of each retry. */
export async function act(address, body, waiting = () => {}) {
  const key = newKey();
  const until = Date.now() + PATIENCE;
  for (let n = 0; ; n += 1) {
    try {
      return await once(address, body, key);
    } catch (error) {
      if (error instanceof Refused) throw error;
      if (Date.now() > until) throw new Unanswered(String(error));
      waiting();
      await new Promise((go) => setTimeout(go, PAUSES[Math.min(n, PAUSES.length - 1)]));
    }
  }
}

async function once(address, body, key) {
  const answer = await fetch(localized(address), {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": key },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ONE_TRY),
  });
  const said = await answer.json(); // a proxy's own error page is no answer of the office
  if (!answer.ok) throw new Refused(said, answer.status);
  return said;
}

// crypto.randomUUID exists only where the page came by HTTPS; an office's own network often has none.
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
