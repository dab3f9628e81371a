// Plays the day: time goes on as many times faster as was chosen, until somebody pauses it or the day is over. Whoever
// moves the slider meanwhile goes on from there.
import { endOfDay, goToTime, time } from "/static/audit/instant.js";

const TICK = 40;
const SECOND = 1000;

const box = document.querySelector("[data-play-box]");
const button = box.querySelector("[data-play]");
const speed = box.querySelector("[data-speed]");
const label = button.querySelector(".button__text");

let playing = 0;
let at = 0;
let asked = 0;
let ticked = 0;

/** Plays, or pauses. */
export function toggle() {
  if (playing) return pause();
  at = time() >= endOfDay ? Number(document.querySelector("[data-instant]").dataset.begins) : time();
  asked = at;
  ticked = performance.now();
  playing = setInterval(tick, TICK);
  say();
}

/** One speed up (1) or down (-1). */
export function change(way) {
  const next = speed.selectedIndex + way;
  if (next >= 0 && next < speed.options.length) speed.selectedIndex = next;
}

function pause() {
  clearInterval(playing);
  playing = 0;
  say();
}

function tick() {
  const now = performance.now();
  at = Math.min(at + (now - ticked) * Number(speed.value), endOfDay);
  ticked = now;
  if (Math.floor(at / SECOND) !== Math.floor(asked / SECOND) || at === endOfDay) {
    asked = at;
    goToTime(at, { by: "play" });
  }
  if (at === endOfDay) pause();
}

function say() {
  label.textContent = playing ? button.dataset.playing : button.dataset.paused;
  button.setAttribute("aria-pressed", String(Boolean(playing)));
}

document.addEventListener("instant:asked", ({ detail }) => {
  if (!playing || detail.by === "play") return;
  document.addEventListener("instant:shown", () => { at = time(); }, { once: true });
});
button.addEventListener("click", toggle);
box.hidden = false;
