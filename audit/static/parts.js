// Parts of a day's page that the server writes at addresses of their own: fetched, and put in the place of the part of
// the same name.
import { page } from "/static/web/html.js";

const PATIENCE = 60_000;

/** The parts that an address has, by name. Rejects when it cannot be had. */
export async function partsOf(address, patience = PATIENCE) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(patience) });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return page(await answer.text()).querySelectorAll("[data-part]");
}

/** Puts parts where those of the same names are. */
export function put(parts) {
  for (const part of parts) {
    document.querySelector(`main [data-part="${part.dataset.part}"]`)?.replaceChildren(...part.childNodes);
  }
}
