// "Panggil petugas": the whole screen becomes a sign that an officer sees from across the hall, and the officers' screens
// say where. The sign needs no network; the call is sent until it is answered, under one key, so it is recorded once.
import { ready, ring } from "/static/kiosk/chime.js";
import { newKey } from "/static/kiosk/steps.js";

const PATIENCE = 8_000; // ms for one answer
const PAUSE = 3_000; // between tries

const sign = () => document.getElementById("help");

let presses = 0; // what was pressed last counts: what was said before is not tried again
let line = Promise.resolve(); // one after the other: "helped" never overtakes the call
let called; // the ledger's position from which on the picture knows of this call

function tell(address) {
  presses += 1;
  const mine = presses;
  const key = newKey();
  const body = new URLSearchParams({ kiosk: sign().dataset.kiosk, lang: document.documentElement.lang });
  const isLast = () => mine === presses;
  line = line.then(() => send(address, { method: "POST", body, headers: { Accept: "application/json", "Idempotency-Key": key } }, isLast));
  return line;
}

/** The answer; nothing when something else was pressed before one came. */
async function send(address, message, isLast) {
  do {
    try {
      const answer = await fetch(address, { ...message, signal: AbortSignal.timeout(PATIENCE) });
      if (answer.status < 500) return { ok: answer.ok, ...(await answer.json()) };
    } catch {
      // The sign is lit all the same.
    }
    await new Promise((go) => setTimeout(go, PAUSE));
  } while (isLast());
  return undefined;
}

async function ask() {
  sign().showModal();
  called = undefined;
  const answer = await tell(sign().dataset.call);
  if (answer?.ok) called = answer.v;
  else if (answer?.code === "help-asked") called = 0;
}

function look(v) {
  if (sign().open && v >= called && !sign().querySelector("[data-asked]")) sign().close();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-ask]")) {
    event.preventDefault();
    if (!sign().open) ask();
    ready().then((can) => can && ring());
  } else if (sign().open && event.target.closest("[data-close]")) {
    sign().close();
    tell(sign().dataset.helped);
  }
});
document.addEventListener("live:update", ({ target, detail }) => target.closest("#help") && look(detail.v));
