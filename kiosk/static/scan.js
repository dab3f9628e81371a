// A case card before a scanner that types like a keyboard: many keys at once, then Enter. It may be read at any step. Only
// the letters and digits at the end count, because a scanner that expects another keyboard mistypes the address's signs.
import { arrive } from "/static/kiosk/steps.js";

const GAP = 50; // ms between two keys: no hand is as fast
const CARD = /[A-Z2-7]{26}$/;

const step = () => document.querySelector("[data-card]");

let typed = "";
let latest = -Infinity;
let isFast = false;

/** Whether the key that is being told came as fast after the one before as only a scanner types. */
export const isScanned = () => isFast;

function forget() {
  typed = "";
}

function read(event) {
  if (event.key.length > 1 && event.key !== "Enter") return; // Shift, before each capital
  isFast = event.timeStamp - latest < GAP;
  if (!isFast) forget();
  latest = event.timeStamp;
  if (event.key !== "Enter") {
    typed += event.key.toUpperCase();
    return;
  }
  const card = typed.match(CARD)?.[0];
  forget();
  if (!card || document.getElementById("help").open) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  arrive(step().dataset.card, new URLSearchParams({ ...JSON.parse(step().dataset.carries), card }));
}

addEventListener("keydown", read, { capture: true });
document.addEventListener("kiosk:wiped", forget);
