// The date at the top, and whether the wall still shows a day gone by: overnight nothing happens that would bring news.
import { officeNow } from "/static/web/clock.js";

const LOOK = 10_000;

/** @param {HTMLElement} page the root, which gets data-shows: "today", or "past" when the wall shows an older day */
export function day(page) {
  const timeZone = page.dataset.zone;
  const locale = page.lang === "en" ? "en-GB" : "id";
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone });
  const rest = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric", timeZone });
  const iso = new Intl.DateTimeFormat("sv", { timeZone });

  function look() {
    const written = `${weekday.format(officeNow())}, ${rest.format(officeNow())}`;
    for (const date of document.querySelectorAll("[data-date]")) date.textContent = written;
    const shown = document.querySelector("[data-live] [data-day]")?.dataset.day;
    page.dataset.shows = shown && shown < iso.format(officeNow()) ? "past" : "today";
  }

  document.addEventListener("live:update", look);
  setInterval(look, LOOK);
  look();
}
