// Keeps every `[data-live]` element of the page as the ledger is, and says so honestly when it cannot.
//
// The server sends whole pictures, `{view, v, html}`, where v is the ledger's position: an older one, or one already
// shown, is ignored (unless the server says `again`: another picture of the same position). A heartbeat every 5 s says
// that the server has looked at the ledger and sent all there was. Without one for 12 s, or with one from a server that
// is behind this page, the band `[data-stale]` shows the time of the last news.

import { morph } from "/static/web/morph.js";
import { wire } from "/static/web/wire.js";

const SILENCE = 12_000;
const BEAT = 5_000;
const TICK = 1_000;
const HELD = 1_500;

const root = document.documentElement;
const views = () => document.querySelectorAll("[data-live]");
const shownAt = (element) => Number(element.dataset.v ?? -1);
const tell = (target, name, detail) => target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));

let news = Date.now(); // of the last heartbeat; at first, of the page itself
let tried = news; // of the last attempt to begin anew
let ticked = news;
let left = 0; // when another page was asked for last
let behind; // since when the server knows less than this page
let finger; // the view under a finger, whose updates wait
const waiting = new Map();

const feed = wire({ open: watch, event: (name, body) => ({ view, beat, refused })[name]?.(body) });

/** Asks for the present picture of every view on the page; call it after adding or removing a `[data-live]` element. */
export function watch() {
  const addresses = new Set(Array.from(views(), (element) => element.dataset.live));
  feed.say("watch", { views: [...addresses] });
}

function view({ view: address, v, html, again }) {
  for (const element of views()) {
    if (element.dataset.live !== address) continue;
    delete element.dataset.refused;
    if (again ? v < shownAt(element) : v <= shownAt(element)) continue;
    if (element === finger) waiting.set(element, { v, html });
    else show(element, v, html);
  }
}

function show(element, v, html) {
  morph(element, html);
  element.dataset.v = v;
  tell(element, "live:update", { view: element.dataset.live, v });
}

function beat({ v, at }) {
  const shown = Math.max(-1, ...Array.from(views(), shownAt));
  if (v >= shown) {
    behind = undefined;
    news = Date.now();
  } else {
    behind ??= Date.now();
    // Not a server that is about to catch up, but another ledger: begin anew with what it says.
    if (Date.now() - behind >= BEAT - TICK) {
      for (const element of views()) element.dataset.v = -1;
      watch();
    }
  }
  tell(document, "live:beat", { v, at });
  judge();
}

function refused({ view: address, code }) {
  for (const element of views()) {
    if (address !== null && element.dataset.live !== address) continue;
    element.dataset.refused = code;
    tell(element, "live:refused", { view: address, code });
  }
  if (code === "not-allowed") shutOut();
  judge();
}

// Signed out, locked or revoked, perhaps in another window: the server says where to go. Not again and again, nor where
// the page is being left anyway: whoever signs out here sees that they did.
function shutOut() {
  const last = Number(sessionStorage.getItem("shut-out") ?? 0);
  if (Date.now() - last < SILENCE || Date.now() - left < SILENCE) return;
  sessionStorage.setItem("shut-out", String(Date.now()));
  location.reload();
}

function judge() {
  const isStale = Date.now() - news > SILENCE || document.querySelector("[data-live][data-refused]") !== null;
  const was = root.dataset.feed;
  root.dataset.feed = isStale ? "stale" : "fresh";
  if (was === root.dataset.feed) return;
  const timeZone = root.dataset.zone || undefined;
  const time = new Intl.DateTimeFormat("id", { hour: "2-digit", minute: "2-digit", timeZone }).format(news);
  for (const band of document.querySelectorAll("[data-stale]")) {
    const words = band.querySelector("[data-stale-words]") ?? band;
    words.textContent = isStale ? band.dataset.stale.replace("{time}", time) : "";
    band.hidden = !isStale;
  }
  if (isStale) tell(document, "live:stale", { since: news });
  else if (was) tell(document, "live:fresh");
}

function renew() {
  if (Date.now() - tried < TICK) return;
  tried = Date.now();
  feed.renew();
}

// After a sleep the connection may be dead without knowing it.
function wake() {
  if (document.visibilityState === "hidden") return;
  if (Date.now() - news > BEAT + TICK) renew();
  else watch();
  judge();
}

setInterval(() => {
  const now = Date.now();
  if (now < news) news = now; // the clock was set back
  const slept = now - ticked > BEAT;
  ticked = now;
  if (slept) wake();
  else if (now - Math.max(news, tried) > SILENCE) renew();
  judge();
}, TICK);

document.addEventListener("visibilitychange", wake);
addEventListener("pageshow", wake);
addEventListener("online", wake);
addEventListener("beforeunload", () => {
  left = Date.now();
});

// Nothing moves under the finger: what it presses is what it sees.
function lift() {
  finger = undefined;
  for (const [element, { v, html }] of waiting) show(element, v, html);
  waiting.clear();
}

addEventListener(
  "pointerdown",
  ({ target }) => {
    finger = target.closest("[data-live]");
    setTimeout(lift, HELD);
  },
  true,
);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(lift), true);

judge();
