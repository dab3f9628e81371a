// Moves through the kiosk's steps inside one document: each step's page is fetched, and its parts replace those shown. So
// a lost network leaves the last step standing instead of the browser's error page, and nothing of a person stays in
// the window's history. Everything that a person does under one key gives one ticket, however often it is sent.
import { page as read } from "/static/web/html.js";
import { watch } from "/static/web/live.js";

const PATIENCE = 8_000; // ms for one answer
const PAUSES = [1_000, 2_000, 3_000, 5_000]; // between tries; the last one from then on
const A_MOMENT = 700; // ms after which the person is told that something is under way
const SETTLING = 350; // ms in which the second tap of a double tap hits nothing
const SHUT_OUT = [401, 403]; // this screen is no kiosk any more: the server says where to go
const PARTS = [".skip", "header", "main", "footer", ".signs"].map((part) => `body > ${part}`);

const root = document.documentElement;
const step = () => document.querySelector("[data-step]");
const isAtStart = step().dataset.step === "welcome";
const start = isAtStart ? location.href : step().dataset.start;

let beginning = isAtStart ? root.outerHTML : undefined; // the first screen, kept for when there is no network
let key = newKey();
let journey = 0; // counts what was asked for: an answer to something older is dropped
let isUnderWay = false;
let hurry; // ends the pause between two tries
let isOutdated = false; // the server was gone: it may have come back as another version

/** 128 random bits. (`crypto.randomUUID` would need HTTPS.) */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Wipes what the person said, and shows the first screen: also without a network. */
export function restart() {
  journey += 1;
  isUnderWay = false;
  key = newKey();
  const isCutOff = root.dataset.feed === "stale"; // a browser that loads a page now shows its own error, for ever
  if (isOutdated && !isCutOff) {
    location.replace(start);
    return;
  }
  history.replaceState(null, "", start);
  document.dispatchEvent(new CustomEvent("kiosk:wiped"));
  if (beginning) show(read(beginning));
  else go(start);
}

/** The first screen, for a window that was opened at another step. Until it is there, beginning anew asks for it. */
async function learnBeginning() {
  for (let tries = 1; !beginning; tries += 1) {
    try {
      beginning = (await ask(start)).documentElement.outerHTML;
    } catch {
      await wait(PAUSES[Math.min(tries, PAUSES.length) - 1]);
    }
  }
}

/** Somebody new stands here, known by what is posted: whatever was on the screen before belonged to another person. */
export function arrive(action, said) {
  if (isUnderWay) return;
  key = newKey();
  post(action, said);
}

function post(action, said) {
  said.set("key", key);
  go(action, { method: "POST", body: new URLSearchParams(said) });
}

async function go(url, options) {
  if (isUnderWay) return;
  isUnderWay = true;
  journey += 1;
  const mine = journey;
  const sign = document.getElementById("lost");
  const slow = setTimeout(() => mine === journey && tell(sign, 0), A_MOMENT);
  for (let tries = 1; mine === journey; tries += 1) {
    try {
      const page = await ask(url, options);
      if (mine === journey) show(page);
      break;
    } catch {
      if (mine !== journey) break;
      tell(sign, tries);
      await pause(PAUSES[Math.min(tries, PAUSES.length) - 1]);
    }
  }
  clearTimeout(slow);
  if (mine === journey) isUnderWay = false;
}

async function ask(url, options) {
  const answer = await fetch(url, { ...options, headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
  if (SHUT_OUT.includes(answer.status)) location.reload();
  if (answer.status >= 500) throw new Error(answer.statusText);
  const page = read(await answer.text());
  if (!page.querySelector("[data-step]")) throw new Error("This is no step of the kiosk");
  return page;
}

function tell(sign, tries) {
  for (const part of sign.querySelectorAll("[data-moment]")) part.hidden = tries > 0;
  for (const part of sign.querySelectorAll("[data-lost]")) part.hidden = tries === 0;
  sign.querySelector("[data-tries]").textContent = tries + 1;
  if (!sign.open) sign.showModal();
  if (tries === 1) sign.querySelector("[data-retry]").focus();
}

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function pause(ms) {
  return Promise.race([wait(ms), new Promise((resolve) => {
    hurry = resolve;
  })]);
}

function show(page) {
  for (const part of PARTS) document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
  root.lang = page.documentElement.lang;
  document.title = page.title;
  const band = "body > [data-stale]";
  document.querySelector(band).dataset.stale = page.querySelector(band).dataset.stale;
  scrollTo(0, 0);
  watch();
  settle(document.querySelector("main"), document.querySelector("body > footer"));
  document.dispatchEvent(new CustomEvent("kiosk:shown", { detail: step().dataset }));
}

function settle(...parts) {
  for (const part of parts) part.inert = true;
  setTimeout(() => {
    for (const part of parts) part.inert = false;
    if (parts[0].isConnected) parts[0].querySelector("h1").focus({ preventScroll: true });
  }, SETTLING);
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-go]");
  if (!form) return;
  event.preventDefault();
  const said = new FormData(form, event.submitter);
  if (form.method === "post") post(form.action, said);
  else go(`${form.action.split("?")[0]}?${new URLSearchParams(said)}`);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-restart]")) {
    event.preventDefault();
    restart();
  } else if (event.target.closest("[data-retry]")) hurry?.();
  else {
    const link = event.target.closest("a[data-go]");
    if (!link) return;
    event.preventDefault();
    go(link.href);
  }
});

// A sign asks for an answer; Escape is none.
document.addEventListener("cancel", (event) => event.preventDefault(), true);
addEventListener("online", () => hurry?.());
document.addEventListener("live:stale", () => {
  isOutdated = true;
});
document.addEventListener("live:fresh", () => {
  if (isOutdated && step().dataset.step === "welcome") location.reload();
});

learnBeginning();
