// Letters as tall as the hall is deep, and as many calls as then fit.
//
// EN 301 549 §5.1.4: a capital H subtends at least 0.7° at the viewing distance, which is 12.2 mm a metre. The address
// says how deep the hall is (?depth= metres) and how tall the screen (?height= mm, else a 43-inch one). Numbers and
// counters are never smaller than that, and larger when few people are called. Those who are still expected and do not
// fit take turns; those being served move to the list beside it.

const ANGLE = (0.7 * Math.PI) / 180;
const INCH = 25.4; // mm
const LONG_SIDE = (43 * INCH * 16) / Math.hypot(16, 9);
const SHORT_SIDE = (43 * INCH * 9) / Math.hypot(16, 9);
const ROOM = 1.22; // a row's height for a letter's
const FEWEST = 3; // rows that the wall is divided into at least
const TURN = 8000; // ms
const PROBE = 1000; // px that display.css draws the probe at

/** The height in mm of a capital letter that can be read from some metres away. */
export const tallEnough = (metres) => 2000 * metres * Math.tan(ANGLE / 2);

/**
 * @param {HTMLElement} page the root, which gets --call and --least (font sizes), --row, --signs and --figures (how
 *   wide the widest number and counter are, in font sizes), data-narrow (no room for words), data-short (or letters)
 * @param {HTMLElement} wall its data-depth and data-height are the hall's and the screen's
 * @param {HTMLElement} sign is told how far the numbers can be read
 */
export function fit(page, wall, sign) {
  const width = measure(wall.querySelector("[data-probe]"));
  let announced; // the key of the call that is being announced
  let turn = 0;

  function arrange() {
    const list = wall.querySelector("[data-calls]");
    if (!list) return;
    const rows = [...list.querySelectorAll("[data-serial]")];
    const { call, least, row, fits, number, counter, isNarrow, metres } = sizes(list, rows);
    const lengths = { call, least: Math.min(least, call), row };
    for (const [name, length] of Object.entries(lengths)) page.style.setProperty(`--${name}`, `${length}px`);
    page.style.setProperty("--signs", number);
    page.style.setProperty("--figures", counter);
    page.toggleAttribute("data-narrow", isNarrow);
    page.toggleAttribute("data-short", call < least - 0.5);
    const far = metres.toLocaleString(page.lang, { maximumFractionDigits: 1 });
    sign.textContent = call < least - 0.5 ? sign.dataset.short : sign.dataset.reach.replace("#", far);
    takeTurns(rows, fits);
  }

  function sizes(list, rows) {
    const { depth, height: millimetres } = wall.dataset;
    const millimetre = innerHeight / (Number(millimetres) || (innerWidth > innerHeight ? SHORT_SIDE : LONG_SIDE));
    const cap = width.ofCapital();
    const number = Math.max(...["A000", ...rows.map(({ dataset }) => dataset.number)].map(width.of));
    const counter = Math.max(...["00", ...rows.map(({ dataset }) => dataset.counter)].map(width.of));
    const least = (tallEnough(Number(depth)) * millimetre) / cap;

    const { width: broad, height } = list.getBoundingClientRect();
    const high = height - 1; // a row that is a hair too tall would be cut off whole
    const gap = parseFloat(getComputedStyle(list).rowGap);
    const style = getComputedStyle(page);
    const words = parseFloat(style.getPropertyValue("--about")) * parseFloat(style.fontSize);
    const withWords = (broad - words) / (number + counter + parseFloat(style.getPropertyValue("--around")));
    const isNarrow = withWords < least;
    const widest = isNarrow ? (broad * 0.97) / (number + counter + 0.6) : withWords;

    const fits = Math.max(1, Math.floor((high + gap) / (Math.min(least, widest) * cap * ROOM + gap)));
    const slots = Math.max(Math.min(rows.length, fits), Math.min(FEWEST, fits));
    const row = (high - gap * (slots - 1)) / slots;
    const call = Math.min(row / (cap * ROOM), widest);
    return { call, least, row, fits, number, counter, isNarrow, metres: (call * cap) / millimetre / tallEnough(1) };
  }

  function takeTurns(rows, fits) {
    const expected = rows.filter(({ dataset }) => dataset.state === "called").length;
    const turns = Math.max(1, Math.ceil(expected / fits));
    const spoken = rows.findIndex(({ dataset }) => dataset.key === announced);
    turn = spoken < 0 ? turn % turns : Math.floor(spoken / fits);
    rows.forEach((row, place) => {
      row.hidden = Math.floor(place / fits) !== turn;
      row.toggleAttribute("data-announced", place === spoken);
      wall.querySelector(`[data-of="${row.dataset.key}"]`).hidden = !row.hidden;
    });
    const part = wall.querySelector("[data-page]");
    part.textContent = turns > 1 ? part.dataset.page.replace("##", turns).replace("#", turn + 1) : "";
  }

  function announce(key) {
    announced = key;
    arrange();
  }

  document.addEventListener("announce:begin", ({ detail: { call } }) => announce(call.key));
  document.addEventListener("announce:end", () => announce(undefined));
  document.addEventListener("live:update", arrange);
  new ResizeObserver(arrange).observe(wall);
  setInterval(() => {
    turn += 1;
    arrange();
  }, TURN);
  document.fonts.ready.then(() => {
    width.forget();
    arrange();
  });
}

/** Measures in the wall's own typeface, for a font size of 1. */
function measure(probe) {
  const known = new Map();
  return {
    of(text) {
      if (!known.has(text)) {
        probe.firstChild.data = text;
        known.set(text, probe.getBoundingClientRect().width / PROBE);
      }
      return known.get(text);
    },
    ofCapital: () => probe.querySelector("i").offsetHeight / PROBE,
    forget: () => known.clear(),
  };
}
