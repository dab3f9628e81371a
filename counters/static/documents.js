// The documents' tick list. A tick shows at once and is sent with all the others; until the feed shows what was sent, the
// page's own ticks stand.

import { give } from "/static/counters/desk.js";

const ticks = () => [...document.querySelectorAll("[data-document]")];
const isTicked = (tick) => tick.ariaChecked === "true";
const wanted = new Map(); // by id of the tick: what the officer chose and the feed does not show yet
let sending = Promise.resolve();
let unsent = 0;

document.addEventListener("click", ({ target }) => {
  const tick = target.closest("[data-document]");
  if (!tick || tick.disabled) return;
  tick.ariaChecked = String(!isTicked(tick));
  wanted.set(tick.id, tick.ariaChecked);
  const seen = ticks().filter(isTicked).map(({ dataset }) => dataset.document);
  unsent += 1;
  sending = sending.then(() => send(seen, tick.id));
});

async function send(seen, id) {
  const done = await give("documents", { seen });
  unsent -= 1;
  const tick = document.getElementById(id);
  if (!done && tick && wanted.has(id)) tick.ariaChecked = String(!isTicked(tick));
  if (!done) wanted.delete(id);
  if (unsent === 0) wanted.clear();
}

document.addEventListener("live:update", () => {
  for (const tick of ticks()) if (wanted.has(tick.id)) tick.ariaChecked = wanted.get(tick.id);
});

// Arrows walk through the list.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const at = ticks().indexOf(document.activeElement);
  if (!step || at < 0) return;
  event.preventDefault();
  ticks().at((at + step) % ticks().length).focus();
});
