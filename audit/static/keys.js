// The keys of the page of a day. They are silent where somebody types or works a control, and those that are letters or
// signs can be switched off in the list of keys (WCAG 2.1.4).
import { go, goToTime, goToVersion, time, version } from "/static/audit/instant.js";
import { change, toggle } from "/static/audit/play.js";

const STORED = "audit-keys";
const MINUTE = 60_000;

const help = document.querySelector("[data-keys]");
const on = help.querySelector("[data-keys-on]");
const search = document.querySelector("[data-find] [type=search]");

const MOVES = {
  ArrowLeft: () => goToVersion(version() - 1),
  ArrowRight: () => goToVersion(version() + 1),
  "Shift+ArrowLeft": () => goToTime(time() - MINUTE),
  "Shift+ArrowRight": () => goToTime(time() + MINUTE),
};
const SIGNS = {
  " ": toggle,
  n: () => go("next"),
  p: () => go("previous"),
  c: () => go("next-call"),
  C: () => go("previous-call"),
  k: () => go("next-correction"),
  K: () => go("previous-correction"),
  "+": () => change(1),
  "-": () => change(-1),
  "/": () => search.focus(),
  "?": () => help.showModal(),
};

const typing = (at) => at.closest("input:not([type=range], [type=checkbox]), select, textarea, [contenteditable], dialog");
const ownSpace = (at) => at.closest("a, button, summary, input, .table-scroll");
const ownArrows = (at) => at.closest(".table-scroll, input");

document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || typing(at)) return;
  const name = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
  const slides = at.matches("[data-slider]");
  const move = !ownArrows(at) || slides ? MOVES[name] : undefined;
  const sign = on.checked && (name !== " " || !ownSpace(at) || slides) ? SIGNS[name] : undefined;
  if (!move && !sign) return;
  event.preventDefault();
  (move ?? sign)();
});

on.checked = localStorage.getItem(STORED) !== "off";
on.addEventListener("change", () => localStorage.setItem(STORED, on.checked ? "on" : "off"));
document.querySelector("[data-help]").addEventListener("click", () => help.showModal());
document.querySelector("[data-help-box]").hidden = false;
