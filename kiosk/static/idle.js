// Nobody there: warns with a countdown, then wipes. `data-idle` on a step is the seconds without a touch before the
// warning; `data-stays` on the ticket the seconds it stays, shown from the beginning. By the page's own clock: these are
// spans, and the office's clock may be set.
import { restart } from "/static/kiosk/steps.js";

const WARNING = 20_000; // WCAG 2.2.1: at least 20 seconds to ask for more
const HELP = 300_000; // a call for help stays lit

const now = () => performance.now();
const isOpen = (id) => document.getElementById(id).open;
const seconds = (name) => Number(document.querySelector(`[data-${name}]`)?.dataset[name] ?? 0) * 1000;

let touched = now(); // the last time
let until; // when the warning, or the ticket, is over

function touch() {
  touched = now();
}

function stay() {
  until = seconds("stays") ? now() + seconds("stays") : undefined;
}

function warn() {
  document.getElementById("idle").showModal();
  until = now() + WARNING;
}

/** Whether time is over for what counts down in `element`. */
function isOver(element, whole) {
  const left = Math.max(0, until - now());
  element.querySelector("[data-left]").textContent = Math.ceil(left / 1000);
  Object.assign(element.querySelector("progress"), { max: whole, value: left });
  return left === 0;
}

function look() {
  if (isOpen("idle")) return isOver(document.getElementById("idle"), WARNING) && restart();
  const limit = isOpen("help") ? HELP : seconds("idle");
  if (limit && now() - touched >= limit) return warn();
  if (isOpen("help")) return stay();
  return seconds("stays") && isOver(document.querySelector("[data-stays]"), seconds("stays")) && restart();
}

for (const sign of ["pointerdown", "keydown", "wheel", "touchmove"]) addEventListener(sign, touch, { capture: true, passive: true });
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-stay]")) document.getElementById("idle").close();
  if (target.closest("[data-stay], [data-longer]")) stay();
});
document.addEventListener("kiosk:shown", () => {
  touch();
  stay();
});
stay();
setInterval(look, 250);
