// A screen that waits to be let in: asks how it stands, and goes on by itself. It only leaves this page after an answer, so
// a lost network leaves the code standing instead of the browser's error page.
const EVERY = 2_000;
const PATIENCE = 5_000;
const SILENCE = 12_000; // ms without an answer until the page says so

const page = document.querySelector("[data-pairing]");
const band = document.querySelector(".stale");
let answered = Date.now();

async function ask() {
  try {
    const answer = await fetch(page.dataset.state, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) {
      answered = Date.now();
      const { state } = await answer.json();
      if (state !== "waiting") {
        location.reload(); // paired: the server leads on; gone: it gives a new code
        return;
      }
    }
  } catch {
    // said below, when it lasts
  }
  tell();
  setTimeout(ask, EVERY);
}

function tell() {
  const isLost = Date.now() - answered > SILENCE;
  const timeZone = document.documentElement.dataset.zone || undefined;
  const time = new Intl.DateTimeFormat("id", { hour: "2-digit", minute: "2-digit", timeZone }).format(answered);
  band.hidden = !isLost;
  band.querySelector("[data-stale-words]").textContent = isLost ? band.dataset.stale.replace("{time}", time) : "";
}

setTimeout(ask, EVERY);
