// The office's time in the page: the server's at first paint, then what each heartbeat says; the device's own clock may
// be wrong. Keeps every [data-clock] ("hhmm" or "hhmmss") in the office's zone.
const page = document.documentElement;
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
  return page.lang === "en" ? time : time.replaceAll(":", ".");
}

function show() {
  for (const clock of document.querySelectorAll("[data-clock]")) {
    clock.textContent = written(officeNow(), clock.dataset.clock === "hhmmss");
  }
  setTimeout(show, 1000 - (officeNow() % 1000));
}

document.addEventListener("live:beat", ({ detail }) => { ahead = detail.at - Date.now(); });
show();
