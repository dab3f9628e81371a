// Nobody there: warns with a countdown, then wipes. `data-idle` on a step is the seconds without a touch before the
// warning; `data-stays` on the ticket the seconds it stays, shown from the beginning.
import { restart } from "/static/kiosk/steps.js";
import { officeNow } from "/static/web/clock.js";

const WARNING = 20_000; // WCAG 2.2.1: at least 20 seconds to ask for more
const HELP = 300_000; // a call for help stays lit

let touched = Date.now();
const touch = () => {
  touched = Date.now();
};
for (const sign of ["pointerdown", "keydown", "wheel", "touchmove"]) addEventListener(sign, touch, { capture: true, passive: true });

function limit() {
  if (document.getElementById("help").open) return HELP;
  return Number(document.querySelector("[data-step]").dataset.idle) * 1000;
}

setInterval(() => {
  const warning = document.getElementById("idle");
  if (warning.open || !limit() || Date.now() - touched < limit()) return;
  warning.dataset.countdown = officeNow() + WARNING;
  warning.hidden = false;
  warning.showModal();
}, 1000);

function stay() {
  const ticket = document.querySelector("[data-stays]");
  if (!ticket) return;
  const whole = Number(ticket.dataset.stays) * 1000;
  ticket.querySelector("progress").max = whole;
  ticket.dataset.countdown = officeNow() + whole;
  ticket.hidden = false;
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-longer]")) stay();
  if (!target.closest("[data-stay]")) return;
  const warning = document.getElementById("idle");
  delete warning.dataset.countdown;
  warning.close();
});

document.addEventListener("countdown:over", ({ target }) => {
  if (target.matches("[data-stays]") && document.querySelector("dialog[open]")) stay();
  else restart();
});

document.addEventListener("kiosk:shown", () => {
  touch();
  stay();
});
stay();
