// Counts every [data-countdown] (an instant, ms UTC) down in its [data-left] seconds and its <progress>, and hides it when
// the time is over. Bubbles `countdown:over` once.
import { officeNow } from "/static/web/clock.js";

const over = new WeakMap();

function count() {
  for (const bar of document.querySelectorAll("[data-countdown]")) {
    const until = bar.dataset.countdown;
    const left = Math.max(0, Number(until) - officeNow());
    for (const seconds of bar.querySelectorAll("[data-left]")) seconds.textContent = String(Math.ceil(left / 1000));
    for (const progress of bar.querySelectorAll("progress")) progress.value = left;
    bar.hidden = left === 0;
    if (bar.hidden && over.get(bar) !== until) {
      over.set(bar, until);
      bar.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
    }
  }
}

document.addEventListener("live:update", count);
setInterval(count, 200);
count();
