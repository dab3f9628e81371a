// Letters as tall as the hall is deep, and as many calls as then fit.
//
// EN 301 549 §5.1.4: a capital H subtends at least 0.7° at the viewing distance, which is 12.2 mm a metre. The address
// says how deep the hall is (?depth= metres) and how tall the screen (?height= mm, else a 43-inch one); numbers and
// counters are never smaller than that, larger when few people are called. Who is still expected and does not fit takes
// turns on pages; those being served move to the list beside it.

const ANGLE = (0.7 * Math.PI) / 180;
const INCHES = 43;
const LONG_SIDE = (INCHES * 25.4 * 16) / Math.hypot(16, 9); // mm
const SHORT_SIDE = (INCHES * 25.4 * 9) / Math.hypot(16, 9);
const ROOM = 1.22; // a row's height for a letter's
const FEWEST = 3; // rows that the wall is divided into at least
const PAGE = 8000;
const PROBE = 1000; // px that display.css draws the probe at

/** The height in mm of a capital letter that can be read from some metres away. */
export const tallEnough = (metres) => 2000 * metres * Math.tan(ANGLE / 2);

/**
 * @param {HTMLElement} page the root, which gets the sizes as --call (a font size) and --row
 * @param {HTMLElement} wall its data-depth and data-height are the hall's and the screen's
 */
export function fit(page, wall) {
  const probe = document.querySelector("[data-probe]");
  const widths = new Map();
  let announced; // the key of the call that is being announced
  let turn = 0;

  function arrange() {
    const list = wall.querySelector("[data-calls]");
    const rows = list ? [...list.querySelectorAll("[data-serial]")] : [];
    if (!list) return;
    const { cap, number, counter } = measured(rows);
    const least = leastLetter() / cap;
    const style = getComputedStyle(page);
    const about = parseFloat(style.getPropertyValue("--about")) * parseFloat(style.fontSize);
    const around = parseFloat(style.getPropertyValue("--around"));
    const gap = parseFloat(getComputedStyle(list).rowGap) || 0;
    const high = list.clientHeight;
    const withWords = (list.clientWidth - about) / (number + counter + around);
    const isNarrow = withWords < least;
    const wide = isNarrow ? (list.clientWidth * 0.97) / (number + counter + 0.6) : withWords;
    page.toggleAttribute("data-narrow", isNarrow);
    const fits = Math.max(1, Math.floor((high + gap) / (Math.min(least, wide) * cap * ROOM + gap)));
    const slots = Math.max(Math.min(rows.length, fits), Math.min(FEWEST, fits));
    const row = (high - gap * (slots - 1)) / slots;
    const size = Math.min(row / (cap * ROOM), wide);
    page.style.setProperty("--call", `${size}px`);
    page.style.setProperty("--least", `${Math.min(least, size)}px`);
    page.style.setProperty("--row", `${row}px`);
    page.style.setProperty("--signs", number);
    page.style.setProperty("--figures", counter);
    page.dataset.reach = (((size * cap) / pixels()) / tallEnough(1)).toFixed(1);
    page.toggleAttribute("data-short", size < least - 0.5);
    turnTo(rows, fits);
    reach();
  }

  const pixels = () => innerHeight / (Number(wall.dataset.height) || (innerWidth > innerHeight ? SHORT_SIDE : LONG_SIDE)); // CSS pixels in a mm
  const leastLetter = () => tallEnough(Number(wall.dataset.depth)) * pixels();

  /** Of the wall's typeface, for 1 px of font size: a capital's height, the widths of the widest number and counter. */
  function measured(rows) {
    const widest = (key, least) => Math.max(...[least, ...rows.map(({ dataset }) => dataset[key])].map(width));
    return { cap: probe.querySelector("i").offsetHeight / PROBE, number: widest("number", "A000"), counter: widest("counter", "00") };
  }

  function width(text) {
    if (!widths.has(text)) {
      probe.firstChild.data = text;
      widths.set(text, probe.getBoundingClientRect().width / PROBE);
    }
    return widths.get(text);
  }

  function turnTo(rows, fits) {
    const expected = rows.filter(({ dataset }) => dataset.state === "called").length;
    const pages = Math.max(1, Math.ceil(expected / fits));
    const spoken = rows.findIndex(({ dataset }) => dataset.key === announced);
    if (spoken >= 0) turn = Math.floor(spoken / fits);
    turn %= pages;
    const shown = new Set();
    rows.forEach((row, place) => {
      row.hidden = Math.floor(place / fits) !== turn;
      row.toggleAttribute("data-announced", row.dataset.key === announced);
      if (!row.hidden) shown.add(row.dataset.key);
    });
    for (const past of wall.querySelectorAll("[data-of]")) past.hidden = shown.has(past.dataset.of);
    const sign = wall.querySelector("[data-page]");
    sign.textContent = pages > 1 ? sign.dataset.page.replace("##", pages).replace("#", turn + 1) : "";
  }

  function reach() {
    const sign = document.querySelector("[data-reach]:not(html)");
    sign.textContent = page.hasAttribute("data-short") ? sign.dataset.short : sign.dataset.reach.replace("#", page.dataset.reach);
  }

  document.addEventListener("announce:begin", ({ detail: { call } }) => {
    announced = call.serial && `call-${call.serial}-${call.counter}`;
    arrange();
  });
  document.addEventListener("announce:end", () => {
    announced = undefined;
    arrange();
  });
  document.addEventListener("live:update", arrange);
  new ResizeObserver(arrange).observe(wall);
  setInterval(() => {
    if (!announced) turn += 1;
    arrange();
  }, PAGE);
  document.fonts.ready.then(() => {
    widths.clear();
    arrange();
  });
}
