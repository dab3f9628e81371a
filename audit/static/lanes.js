// The timeline: the instant is a line across it, a click goes there, and its window follows the instant. What is chosen of
// it stands in the page's address.
import { goToTime } from "/static/audit/instant.js";
import { partsOf, put } from "/static/audit/parts.js";

const CHOICE = ["lanes", "span", "lane", "lanes_page"];
const REST = 250;
const LONGEST = 1500; // while the day plays the window still follows
const panel = document.querySelector("[data-instant]");

let at = Number(panel.dataset.at);
let busy = false;
let again = false;
let resting = 0;
let outside = 0; // since when the instant has been outside of the window

const lanes = () => document.querySelector("[data-lanes]");

/** Draws the line where the instant is. False where that is outside of the window. */
function draw() {
  const shown = lanes();
  const begins = Number(shown?.dataset.begins);
  const ends = Number(shown?.dataset.ends);
  const x = `${(100 * (Math.min(Math.max(at, begins), ends) - begins)) / (ends - begins)}%`;
  for (const line of shown?.querySelectorAll("[data-lanes-now]") ?? []) {
    for (const end of ["x1", "x2"]) line.setAttribute(end, x);
  }
  return at >= begins && at <= ends;
}

/** Once the instant rests outside of the window, that around it is asked for. */
function follow() {
  clearTimeout(resting);
  if (draw()) outside = 0;
  else if (lanes()) {
    outside ||= performance.now();
    resting = setTimeout(load, performance.now() - outside > LONGEST ? 0 : REST);
  }
}

/** The window around the instant, as the page's address chooses it. One at a time. */
async function load() {
  again = busy;
  if (busy) return;
  busy = true;
  const url = new URL(panel.dataset.timeline, location.href);
  for (const [name, value] of new URL(location.href).searchParams) if (CHOICE.includes(name)) url.searchParams.set(name, value);
  url.searchParams.set("at", panel.querySelector("[data-reading-clock]").textContent.trim().replaceAll(".", ":"));
  try {
    const parts = await partsOf(url);
    const focused = document.activeElement?.closest("[data-lanes-way]")?.textContent;
    put(parts);
    [...document.querySelectorAll("[data-lanes-way]")].find((way) => way.textContent === focused)?.focus();
    outside = 0;
    draw();
  } catch {
    // The lanes stay as they are; the next instant asks again.
  }
  busy = false;
  if (again) load();
}

function withChoice(address, { searchParams: query }) {
  const url = new URL(address, location.href);
  for (const name of CHOICE) {
    if (query.get(name)) url.searchParams.set(name, query.get(name));
    else url.searchParams.delete(name);
  }
  return url;
}

/** Other lanes, or another window: whatever keeps the page's choice keeps this too. */
function choose(query) {
  const url = withChoice(location.href, { searchParams: query });
  history.replaceState(null, "", url);
  for (const link of document.querySelectorAll("a[data-follows], .languages a")) link.href = withChoice(link.href, url);
  for (const field of document.querySelectorAll("input[data-lanes-follows]")) {
    field.value = url.searchParams.get(field.name) ?? "";
    field.disabled = !field.value;
  }
  load();
}

document.addEventListener("instant:shown", ({ detail }) => {
  at = detail.at;
  follow();
});
document.addEventListener("parts:loaded", follow);

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const way = event.target.closest?.("[data-lanes-way]");
  if (way) {
    event.preventDefault();
    return choose(new URL(way.href).searchParams);
  }
  const lane = event.target.closest?.("[data-lane]");
  if (!lane) return;
  const box = lane.getBoundingClientRect();
  const begins = Number(lanes().dataset.begins);
  goToTime(begins + ((event.clientX - box.left) / box.width) * (Number(lanes().dataset.ends) - begins), { push: true });
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-lanes-form]")) return;
  event.preventDefault();
  choose(new URLSearchParams(new FormData(event.target)));
});
