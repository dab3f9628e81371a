// The list of events is a window on a long day: it shows the page around the instant, takes in the page before or after
// when it is scrolled there, lets go of pages that are far away, and follows the slider once that rests.
import { partsOf, put } from "/static/audit/parts.js";

const PAGES_KEPT = 3;
const REST = 250;
const EDGE = 300;

let list;
let first; // the pages that are in the window
let last;
let busy = false;
let resting;

function take() {
  list = document.querySelector("[data-list]");
  if (!list) return;
  first = last = Number(list.dataset.page);
  list.addEventListener("scroll", nearEdge, { passive: true });
  showCurrent();
}

const rows = () => [...list.querySelectorAll("[data-row]")];
const withQuery = (name, value) => {
  const url = new URL(list.dataset.list, location.href);
  url.searchParams.set(name, value);
  return url;
};

function nearEdge() {
  if (list.scrollTop < EDGE && first > 1) turn(-1);
  else if (list.scrollHeight - list.scrollTop - list.clientHeight < EDGE && last < Number(list.dataset.pages)) turn(1);
}

async function turn(way) {
  if (busy) return;
  busy = true;
  const into = list;
  try {
    const [part] = await partsOf(withQuery("page", way < 0 ? first - 1 : last + 1));
    if (into === list) join(way, [...part.querySelectorAll("[data-row]")]);
  } catch {
    // The buttons below lead there too.
  } finally {
    busy = false;
  }
}

/** Adds a page's rows at one end, and lets go of those at the other; what is looked at stays where it is. */
function join(way, added) {
  const body = list.querySelector("tbody");
  const before = list.scrollHeight;
  const page = way < 0 ? (first -= 1) : (last += 1);
  for (const row of added) row.dataset.page = page;
  if (way < 0) {
    body.prepend(...added);
    list.scrollTop += list.scrollHeight - before;
    if (last - first >= PAGES_KEPT) drop(last--);
  } else {
    body.append(...added);
    if (last - first >= PAGES_KEPT) {
      const whole = list.scrollHeight;
      drop(first++);
      list.scrollTop -= whole - list.scrollHeight;
    }
  }
  mark();
}

function drop(page) {
  const home = Number(list.dataset.page);
  for (const row of rows()) if (Number(row.dataset.page ?? home) === page) row.remove();
}

let version = Number(document.querySelector("[data-instant]").dataset.version);

function mark() {
  for (const row of list.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
  const row = list.querySelector(`[data-row="${version}"]`);
  row?.setAttribute("aria-current", "true");
  return row;
}

/** Scrolls the window, and never the page, to the event shown. */
function showCurrent() {
  const row = mark();
  if (!row) return;
  const top = row.offsetTop - list.querySelector("thead").offsetHeight;
  const seen = top >= list.scrollTop && top + row.offsetHeight <= list.scrollTop + list.clientHeight;
  if (!seen) list.scrollTop = top - list.clientHeight / 3;
}

async function follow() {
  const shown = rows().map((row) => Number(row.dataset.row));
  const within = version >= shown[0] && version <= shown.at(-1);
  const atAnEnd = (version < shown[0] && first === 1) || (version > shown.at(-1) && last === Number(list.dataset.pages));
  if (within || atAnEnd) return showCurrent();
  try {
    put(await partsOf(withQuery("version", version)));
    take();
  } catch {
    // The list stays as it is; the next rest asks again.
  }
}

document.addEventListener("instant:shown", ({ detail }) => {
  version = detail.version;
  if (!list) return;
  mark();
  clearTimeout(resting);
  resting = setTimeout(follow, REST);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-turn]");
  if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const ahead = button.dataset.turn === "1";
  list.scrollTop = ahead ? list.scrollHeight : 0;
  nearEdge();
});

take();
