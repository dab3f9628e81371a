// The holder's phone: sounds and vibrates when the number is called, and says the state in the window's title.
import { ready, ring } from "/static/kiosk/chime.js";

const visit = () => document.querySelector("[data-announced]");
let heard = Number(visit().dataset.announced);

document.addEventListener("live:update", () => {
  const { announced, title } = visit().dataset;
  document.title = title;
  if (Number(announced) > heard) {
    ring(3);
    navigator.vibrate?.([400, 200, 400, 200, 800]);
    scrollTo(0, 0);
  }
  heard = Math.max(heard, Number(announced));
});

document.addEventListener("click", async ({ target }) => {
  const key = target.closest("[data-sound-on]");
  if (!key) return;
  const can = await ready();
  ring();
  navigator.vibrate?.(200);
  key.hidden = true;
  document.querySelector(can ? "[data-sound-is]" : "[data-sound-missing]").hidden = false;
  stayAwake();
});

// A sleeping phone hears nothing. Only pages under HTTPS may keep it awake.
async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // refused, for example at low battery: then the page shows the call when the phone wakes
  }
}
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && document.querySelector("[data-sound-on]")?.hidden) stayAwake();
});
