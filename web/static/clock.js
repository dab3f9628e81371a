// The office's time in the page: the server's at first paint, then what each heartbeat says; the device's own clock may
// be wrong. Keeps every <time data-clock="hhmm|hhmmss"> at the office's time of day, and every <time data-since="MS">
// at the time since that instant in words.
const page = document.documentElement;
const english = () => page.lang === "en"; // the kiosk changes it
let ahead = Number(page.dataset.now) - Date.now();

/** The present instant, ms UTC, as the office has it. */
export function officeNow() {
  return Date.now() + ahead;
}

/** Time of day at an instant (ms UTC) in the office's zone, as the page's language writes it: "14.30", English "14:30". */
export function written(ms, seconds = false) {
  const time = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: seconds ? "2-digit" : undefined,
    hourCycle: "h23",
    timeZone: page.dataset.zone,
  }).format(ms);
  return english() ? time : time.replaceAll(":", ".");
}

/** A duration (ms) in words, down to the minute, as web/format.py writes it: "12 menit", "1 jam 5 menit". */
export function lasting(ms) {
  const whole = Math.floor(Math.max(ms, 0) / 60_000);
  if (whole === 0) return english() ? "< 1 minute" : "< 1 menit";
  return [[Math.floor(whole / 60), "hour", "jam"], [whole % 60, "minute", "menit"]]
    .filter(([n]) => n > 0)
    .map(([n, word, kata]) => (english() ? `${n} ${word}${n === 1 ? "" : "s"}` : `${n} ${kata}`))
    .join(" ");
}

function show() {
  for (const clock of document.querySelectorAll("[data-clock]")) {
    write(clock, written(officeNow(), clock.dataset.clock === "hhmmss"));
  }
  for (const time of document.querySelectorAll("[data-since]")) {
    write(time, lasting(officeNow() - Number(time.dataset.since)));
  }
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function tick() {
  show();
  setTimeout(tick, 1000 - (officeNow() % 1000));
}

document.addEventListener("live:beat", ({ detail }) => { ahead = detail.at - Date.now(); });
document.addEventListener("live:update", show);
tick();
