// Which steps of the sitting are done when the service is finished: all, but for those that the officer took the tick from.
// The choice is this page's until then, so it outlives every update that the feed brings.

const untaken = new Set(); // ids of ticks

const ticks = () => [...document.querySelectorAll("[data-step]")];

/** The codes of the steps that are done, undefined when all are. */
export function doneSteps() {
  const all = ticks();
  const done = all.filter(({ id }) => !untaken.has(id));
  return done.length < all.length ? done.map(({ dataset }) => dataset.step) : undefined;
}

function show() {
  for (const tick of ticks()) tick.ariaChecked = String(!untaken.has(tick.id));
}

document.addEventListener("click", ({ target }) => {
  const tick = target.closest("[data-step]");
  if (!tick || tick.disabled) return;
  const last = ticks().filter(({ id }) => !untaken.has(id)).length === 1 && !untaken.has(tick.id);
  document.querySelector("[data-last-step]").hidden = !last; // nothing done at all is another outcome, or a return
  if (!last && !untaken.delete(tick.id)) untaken.add(tick.id);
  show();
});

document.addEventListener("live:update", () => {
  const here = new Set(ticks().map(({ id }) => id));
  for (const id of untaken) if (!here.has(id)) untaken.delete(id);
  show();
});
