// The auditor's slider: shows the day at any instant without loading the page anew. One request at a time; while one is
// on its way only the newest wish is kept, so a fast hand never makes a queue. Every picture that arrives carries its own
// clock and position, so what is shown together belongs together.
import { written } from "/static/web/clock.js";
import { page } from "/static/web/html.js";

const panel = document.querySelector("[data-instant]");
const slider = panel.querySelector("[data-slider]");
const failed = panel.querySelector("[data-failed]");
const begins = Number(panel.dataset.begins);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const PATIENCE = 10 * SECOND;

let shown = { version: Number(panel.dataset.version), at: Number(panel.dataset.at), newest: Number(panel.dataset.newest) };
let heading = shown; // where the person wants to be; `shown` is where the page is
let wanted = null;
let busy = false;

const endOfDay = begins + Number(slider.max) * SECOND;
const within = (low, value, high) => Math.min(Math.max(value, low), high);
const clockTime = (at) => written(at, true).replaceAll(".", ":");

/** Goes to right after an event. */
function goToVersion(version) {
  const next = within(0, version, shown.newest);
  if (next === heading.version && heading.at === undefined) return;
  heading = { version: next };
  ask({ version: next });
}

/** Goes to an instant (ms UTC). */
function goToTime(instant) {
  const at = within(begins, instant, endOfDay);
  heading = { at };
  slider.value = Math.round((at - begins) / SECOND);
  ask({ at: clockTime(at) });
}

function ask(wish) {
  wanted = wish;
  if (!busy) follow();
}

async function follow() {
  busy = true;
  while (wanted) {
    const wish = wanted;
    wanted = null;
    try {
      show(await fetched(wish), wish, wanted === null);
      failed.hidden = true;
    } catch {
      failed.hidden = wanted !== null;
    }
  }
  busy = false;
}

async function fetched(wish) {
  const url = new URL(panel.dataset.board, location.href);
  for (const [name, value] of Object.entries(wish)) url.searchParams.set(name, value);
  const answer = await fetch(url, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return page(await answer.text()).querySelector("[data-moment]");
}

function show(moment, wish, last) {
  shown = {
    version: Number(moment.dataset.version),
    at: Number(moment.dataset.at),
    newest: Number(moment.dataset.newest),
  };
  for (const part of moment.querySelectorAll("[data-part]")) {
    document.querySelector(`main [data-part="${part.dataset.part}"]`).replaceChildren(...part.childNodes);
  }
  for (const row of document.querySelectorAll("[data-row]")) {
    if (Number(row.dataset.row) === shown.version) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
  slider.setAttribute("aria-valuetext", spoken());
  if (!last) return;
  heading = wish.version === undefined ? { at: shown.at, version: shown.version } : { version: shown.version };
  slider.value = Math.round((within(begins, shown.at, endOfDay) - begins) / SECOND);
  remember(wish);
}

function spoken() {
  const values = { time: written(shown.at, true), version: shown.version, newest: shown.newest };
  return slider.dataset.value.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The address, the way to the neighbours, and whatever leads on from here follow what is shown. */
function remember(wish) {
  history.replaceState(null, "", withInstant(location.href, wish));
  for (const link of document.querySelectorAll("a[data-follows], .languages a")) link.href = withInstant(link.href, wish);
  for (const field of document.querySelectorAll("input[data-follows]")) {
    field.disabled = !(field.name in wish);
    field.value = wish[field.name] ?? "";
  }
  for (const link of panel.querySelectorAll("[data-step]")) {
    link.href = withInstant(link.href, { version: within(0, shown.version + Number(link.dataset.step), shown.newest) });
  }
  const x = `${(100 * (within(begins, shown.at, endOfDay) - begins)) / (endOfDay - begins)}%`;
  for (const end of ["x1", "x2"]) panel.querySelector("[data-now]").setAttribute(end, x);
}

function withInstant(address, wish) {
  const url = new URL(address, location.href);
  for (const name of ["version", "at"]) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(wish)) url.searchParams.set(name, value);
  return url.href;
}

const version = () => heading.version ?? shown.version;
const time = () => heading.at ?? shown.at;

const KEYS = {
  ArrowRight: () => goToVersion(version() + 1),
  ArrowUp: () => goToVersion(version() + 1),
  ArrowLeft: () => goToVersion(version() - 1),
  ArrowDown: () => goToVersion(version() - 1),
  PageUp: () => goToTime(time() + MINUTE),
  PageDown: () => goToTime(time() - MINUTE),
  Home: () => goToVersion(0),
  End: () => goToVersion(shown.newest),
};

slider.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
slider.addEventListener("input", () => goToTime(begins + Number(slider.value) * SECOND));

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-version], a[data-step]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (link.dataset.step) return goToVersion(version() + Number(link.dataset.step));
  goToVersion(Number(link.dataset.version));
  if (!link.closest("[data-part]")) {
    panel.scrollIntoView({ block: "start" });
    slider.focus({ preventScroll: true });
  }
});
