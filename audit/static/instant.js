// The auditor's slider: shows the day at any instant without loading the page anew. One request at a time; while one is
// on its way only the newest wish is kept, so a fast hand never makes a queue. Every picture that arrives carries its own
// clock and position, so what is shown together belongs together. Other scripts of the page hear of it ("instant:shown").
import { partsOf, put } from "/static/audit/parts.js";
import { written } from "/static/web/clock.js";

const panel = document.querySelector("[data-instant]");
const slider = panel.querySelector("[data-slider]");
const failed = panel.querySelector("[data-failed]");
const nowhere = panel.querySelector("[data-nowhere]");
const said = panel.querySelector("[data-said]");
const begins = Number(panel.dataset.begins);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const PATIENCE = 10 * SECOND;
const SETTLED = 400;
const BETWEEN = 250; // browsers take only so many changes of the address

let shown = { version: Number(panel.dataset.version), at: Number(panel.dataset.at), newest: Number(panel.dataset.newest) };
let heading = shown; // where the person wants to be; `shown` is where the page is
let wanted = null;
let busy = false;
let pushes = false;

/** The instant where the slider ends (ms UTC). */
export const endOfDay = begins + Number(slider.max) * SECOND;
const within = (low, value, high) => Math.min(Math.max(value, low), high);
const clockTime = (at) => written(at, true).replaceAll(".", ":");

/** Goes to right after an event. With `push` the way back leads to where one was. */
export function goToVersion(version, { push = false } = {}) {
  const next = within(0, version, shown.newest);
  if (next === heading.version && heading.at === undefined) return;
  heading = { version: next };
  ask({ version: next }, { push });
}

/** Goes to an instant (ms UTC); `by` says who leads there. */
export function goToTime(instant, { push = false, by = "hand" } = {}) {
  const at = within(begins, instant, endOfDay);
  heading = { at };
  slider.value = Math.round((at - begins) / SECOND);
  ask({ at: clockTime(at) }, { push, by });
}

/** Goes on from where one is, to the "next" or "previous" event of the choice, "next-call", … */
export function go(way) {
  ask({ version: version(), go: way }, { push: true });
}

/** Goes to what an address of this day names. */
export function goToAddress(address, { push = true } = {}) {
  const wish = wishOf(address);
  heading = wish.version === undefined ? {} : { version: Number(wish.version) };
  ask(wish, { push });
}

/** Where the person wants to be: an event's version, and an instant (ms UTC). */
export const version = () => heading.version ?? shown.version;
export const time = () => heading.at ?? shown.at;
export const newest = () => shown.newest;

function ask(wish, { push = false, by = "hand" } = {}) {
  wanted = wish;
  pushes ||= push;
  document.dispatchEvent(new CustomEvent("instant:asked", { detail: { by } }));
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
  const parts = await partsOf(url, PATIENCE);
  return { parts, moment: parts[0].closest("[data-moment]") };
}

function show({ parts, moment }, wish, last) {
  shown = {
    version: Number(moment.dataset.version),
    at: Number(moment.dataset.at),
    newest: Number(moment.dataset.newest),
  };
  put(parts);
  nowhere.hidden = !("nowhere" in moment.dataset);
  pushes &&= nowhere.hidden;
  slider.setAttribute("aria-valuetext", spoken());
  if (last) {
    const timed = wish.at !== undefined;
    heading = timed ? { at: shown.at, version: shown.version } : { version: shown.version };
    slider.value = Math.round((within(begins, shown.at, endOfDay) - begins) / SECOND);
    remember(timed ? wish : { version: shown.version });
  }
  document.dispatchEvent(new CustomEvent("instant:shown", { detail: { ...shown, said: moment.dataset.said } }));
}

function spoken() {
  const values = { time: written(shown.at, true), version: shown.version, newest: shown.newest };
  return slider.dataset.value.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The way to the neighbours, and whatever leads on from here, follow what is shown; so does the address, soon. */
function remember(wish) {
  for (const link of document.querySelectorAll("a[data-follows], .languages a")) link.href = withInstant(link.href, wish);
  for (const field of document.querySelectorAll("input[data-follows]")) {
    field.disabled = !(field.name in wish);
    field.value = wish[field.name] ?? "";
  }
  for (const link of panel.querySelectorAll("[data-step]")) {
    link.href = withInstant(link.href, { version: within(0, shown.version + Number(link.dataset.step), shown.newest) });
  }
  for (const link of panel.querySelectorAll("[data-go]")) {
    link.href = withInstant(link.href, { version: shown.version, go: link.dataset.go });
  }
  const x = `${(100 * (within(begins, shown.at, endOfDay) - begins)) / (endOfDay - begins)}%`;
  for (const line of document.querySelectorAll("[data-now]")) {
    for (const end of ["x1", "x2"]) line.setAttribute(end, x);
  }
  addressed = wish;
  clearTimeout(addressing);
  const wait = lastAddress + BETWEEN - performance.now();
  if (pushes) history.pushState(null, "", withInstant(location.href, wish));
  else if (wait > 0) addressing = setTimeout(address, wait);
  else address();
  pushes = false;
}

let addressed = {};
let addressing = 0;
let lastAddress = -BETWEEN;

function address() {
  lastAddress = performance.now();
  history.replaceState(null, "", withInstant(location.href, addressed));
}

addEventListener("popstate", () => {
  clearTimeout(addressing);
  goToAddress(location.href, { push: false });
});

let saying;
document.addEventListener("instant:shown", ({ detail }) => {
  clearTimeout(saying);
  saying = setTimeout(() => { said.textContent = detail.said; }, SETTLED);
});

function wishOf(address) {
  const query = new URL(address, location.href).searchParams;
  const name = ["version", "at", "position"].find((one) => query.get(one));
  return { ...(name && { [name]: query.get(name) }), ...(query.get("go") && { go: query.get("go") }) };
}

function withInstant(address, wish) {
  const url = new URL(address, location.href);
  for (const name of ["version", "at", "position", "go", "page"]) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(wish)) url.searchParams.set(name, value);
  return url.href;
}
const KEYS = {
  ArrowRight: () => goToVersion(version() + 1),
  ArrowUp: () => goToTime(time() + MINUTE),
  ArrowLeft: () => goToVersion(version() - 1),
  ArrowDown: () => goToTime(time() - MINUTE),
  PageUp: () => goToTime(time() + MINUTE),
  PageDown: () => goToTime(time() - MINUTE),
  Home: () => goToVersion(0),
  End: () => goToVersion(shown.newest),
};

slider.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || !KEYS[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  KEYS[event.key]();
});
slider.addEventListener("input", () => goToTime(begins + Number(slider.value) * SECOND));

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-version], a[data-step], a[data-go], a[data-at]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (link.dataset.step) return goToVersion(version() + Number(link.dataset.step));
  if (link.dataset.go) return go(link.dataset.go);
  if (link.dataset.at) goToAddress(link.href);
  else goToVersion(Number(link.dataset.version), { push: true });
  if (!link.closest("[data-stays]")) {
    panel.scrollIntoView({ block: "start" });
    slider.focus({ preventScroll: true });
  }
});
