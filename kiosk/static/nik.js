// The NIK, typed on the screen's own keys or on a keyboard. What cannot be is said as soon as it is typed; the server
// looks again. Nothing is kept here: what was typed stands in the field, and goes with it.
import { isScanned } from "/static/kiosk/scan.js";

const LENGTH = 16;
const GROUPS = [6, 12]; // region, birth, serial number
const WOMEN = 40; // added to the day of birth

const form = () => document.querySelector("[data-nik-form]");
const field = () => document.querySelector("[data-nik]");
const place = () => document.querySelector("[data-nik-wrong]");
const figures = () => field().value.replace(/\D/g, "");

function begin() {
  if (!form()) return;
  document.querySelector("[data-nik-pad]").hidden = false;
  field().readOnly = true; // no second keyboard comes up over the screen's own
  put(figures().slice(0, LENGTH));
  if (place().hidden) tell(wrong(figures()));
}

function put(typed) {
  const [first, second] = GROUPS;
  field().value = [typed.slice(0, first), typed.slice(first, second), typed.slice(second)].filter(Boolean).join(" ");
}

/** What cannot be in what was typed so far, "" for nothing. */
function wrong(typed) {
  const { day, month, serial } = form().dataset;
  const [born, on] = [typed.slice(6, 8), typed.slice(8, 10)];
  const of = born > WOMEN ? born - WOMEN : Number(born);
  if (born.length === 2 && !(of >= 1 && of <= 31)) return day;
  if (on.length === 2 && !(on >= 1 && on <= 12)) return month;
  return typed.length === LENGTH && typed.endsWith("0000") ? serial : "";
}

function tell(sentence) {
  place().querySelector("span").textContent = sentence;
  place().hidden = !sentence;
  field().setAttribute("aria-invalid", sentence !== "");
}

function type(typed) {
  put(typed.slice(0, LENGTH));
  tell(wrong(figures()));
}

document.addEventListener("click", ({ target }) => {
  const key = target.closest("[data-digit], [data-erase], [data-clear]");
  if (!key || !form()) return;
  if (key.dataset.digit) type(figures() + key.dataset.digit);
  else type("erase" in key.dataset ? figures().slice(0, -1) : "");
});

addEventListener(
  "keydown",
  (event) => {
    if (!form() || event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^\d$/.test(event.key) && !isScanned()) type(figures() + event.key);
    else if (event.key === "Backspace") type(figures().slice(0, -1));
  },
  { capture: true },
);

document.addEventListener(
  "submit",
  (event) => {
    if (event.target !== form()) return;
    const typed = figures();
    const sentence = wrong(typed) || (typed.length < LENGTH ? form().dataset.short.replace("{n}", typed.length) : "");
    tell(sentence);
    if (!sentence) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  { capture: true },
);

document.addEventListener("kiosk:shown", begin);
begin();
