// A screen that was paired says every minute that it is there: which version its page is, how large it is.
const EVERY = 60_000;
const PATIENCE = 10_000;

const { version } = document.querySelector("script[data-version]").dataset;

async function report() {
  const screen = [innerWidth, innerHeight].map((length) => Math.max(1, Math.round(length * devicePixelRatio)));
  const message = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ version, screen }) };
  try {
    const answer = await fetch("/device/report", { ...message, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 403) return; // a person uses this browser now, which is no device any more
    if (answer.status === 401) location.reload(); // revoked: the server says where to go
  } catch {
    // the page itself says when the office cannot be reached
  }
  setTimeout(report, EVERY);
}

report();
