// The timeline: the instant is a line across it, a click goes there, and its window follows the instant. What is chosen of
// it stands in the page's address.
import { goToTime } from "/static/audit/instant.js";
import { partsOf, put } from "/static/audit/parts.js";

const CHOICE = ["lanes", "span", "lane", "lanes_page"];
const panel = document.querySelector("[data-instant]");

let at = Number(panel.dataset.at);
let busy = false;
let missed = false;

const lanes = () => document.querySelector("[data-lanes]");

/** Draws the line where the instant is; outside of the window it asks for the window around it. */
function follow() {
  const shown = lanes();
  if (!shown) return;
  const begins = Number(shown.dataset.begins);
  const ends = Number(shown.dataset.ends);
  if (at < begins || at > ends) return load();
  const x = `${(100 * (at - begins)) / (ends - begins)}%`;
  for (const line of shown.querySelectorAll("[data-lanes-now]")) {
    for (const end of ["x1", "x2"]) line.setAttribute(end, x);
  }
}

/** The window around the instant, as the page's address chooses it. One at a time. */
async function load() {
  missed = busy;
  if (busy) return;
  busy = true;
  try {
    const url = new URL(panel.dataset.timeline, location.href);
    for (const [name, value] of new URL(location.href).searchParams) if (CHOICE.includes(name)) url.searchParams.set(name, value);
    url.searchParams.set("at", panel.querySelector("[data-reading-clock]").textContent.trim().replaceAll(".", ":"));
    const focused = document.activeElement?.closest("[data-lanes-way]")?.textContent;
    put(await partsOf(url));
    if (focused) [...document.querySelectorAll("[data-lanes-way]")].find((way) => way.textContent === focused)?.focus();
  } catch {
    missed = false; // the next instant asks again
  } finally {
    busy = false;
  }
  if (missed) load();
  else if (at >= Number(lanes().dataset.begins) && at <= Number(lanes().dataset.ends)) follow();
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
