// The notes about the person at the counter. Their words are no part of the feed: they are asked for when a person comes and
// when a note was written, and can be erased.

import { act, localized } from "/static/counters/act.js";

const desk = document.querySelector("[data-desk]");
const words = JSON.parse(desk.dataset.words);
let shown = "";

async function show() {
  const panel = document.querySelector("[data-notes]");
  const about = panel?.dataset.notes ?? "";
  if (about === shown) return;
  shown = about;
  if (panel) await load(panel);
}

async function load(panel) {
  const answer = await fetch(localized(`${desk.dataset.desk}/notes`), { headers: { Accept: "application/json" } });
  const place = panel.querySelector("[data-keep]");
  if (answer.ok && place) place.innerHTML = await answer.text();
}

// Asked once more on the button itself: what is erased does not come back.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-erase]");
  if (!button) return;
  if (!button.dataset.sure) {
    button.dataset.sure = "yes";
    button.querySelector(".button__text").textContent = words.erase;
    return;
  }
  const { officer } = desk.querySelector("[data-present]").dataset;
  await act(`${desk.dataset.desk}/notes/${button.dataset.erase}/erase`, { officer });
  await load(button.closest("[data-notes]"));
});

desk.addEventListener("live:update", show);
show();
