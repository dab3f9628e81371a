// The notes about the person at the counter. Their words are no part of the feed: they are asked for when a person comes and
// when a note was written, and can be erased.

import { localized } from "/static/counters/act.js";
import { give } from "/static/counters/desk.js";
import { elements } from "/static/web/html.js";

const desk = document.querySelector("[data-desk]");
const words = JSON.parse(desk.dataset.words);
let shown = "";

async function show() {
  const panel = document.querySelector("[data-notes]");
  const about = panel?.dataset.notes ?? "";
  if (about === shown) return;
  shown = about;
  if (panel && !(await load(panel))) shown = ""; // again with the next update
}

async function load(panel) {
  const place = panel.querySelector("[data-keep]");
  const [number] = panel.dataset.notes.split(" ");
  try {
    const answer = await fetch(localized(`${desk.dataset.desk}/notes`, { number }), { headers: { Accept: "application/json" } });
    if (answer.ok) place.replaceChildren(elements(await answer.text()));
    return answer.ok;
  } catch {
    return false;
  }
}

// Asked once more on the button itself: what is erased does not come back.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-erase]");
  if (!button) return;
  if (!button.dataset.sure) {
    button.dataset.sure = "yes";
    button.querySelector(".button__text").textContent = words.erase;
  } else if (await give(`notes/${button.dataset.erase}/erase`, {})) {
    await load(button.closest("[data-notes]"));
  }
});

desk.addEventListener("live:update", show);
show();
