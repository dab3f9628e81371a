// A sheet laid over the page to ask one thing: the server's HTML, asked for anew each time, so that it is never old.

import { localized, Refused } from "/static/counters/act.js";
import { elements } from "/static/web/html.js";

const place = document.querySelector("[data-sheet-place]");
const body = place.querySelector("[data-sheet-body]");

/** Lays the sheet of an address over the page, about `fields`. Rejects with Refused, or when nothing answers. */
export async function open(address, fields) {
  const answer = await fetch(localized(address, fields), { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Refused(await answer.json(), answer.status);
  fill(await answer.text());
}

/** Lays a sheet over the page that came with an answer. */
export function fill(html) {
  body.replaceChildren(elements(html));
  if (!place.open) place.showModal();
  (body.querySelector("[data-focus]") ?? body.querySelector("input:not([type=hidden]):not(:disabled), textarea, button.button--primary"))?.focus();
}

/** The service day that the sheet asks about; undefined when none lies there. */
export function dated() {
  return (place.open && body.querySelector("[data-date]")?.dataset.date) || undefined;
}

/** Takes the sheet away, and what was typed in it. */
export function close() {
  if (place.open) place.close();
}

/** Says something on the sheet; false when none lies there. */
export function remark(sentence) {
  const said = place.open && body.querySelector("[data-remark]");
  if (!said) return false;
  said.textContent = sentence;
  said.hidden = false;
  return true;
}

/** Lets nothing be pressed on the sheet, or again. */
export function still(is) {
  body.disabled = is;
}

place.addEventListener("close", () => body.replaceChildren());
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-close]")) target.closest("dialog").close();
  else if (target.matches("dialog.sheet")) target.close(); // beside the sheet
});
