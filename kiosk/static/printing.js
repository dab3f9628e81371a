// The ticket on the paper of the kiosk's own printer: says how it stands, and has it printed once more when asked.
const EVERY = 1_000;
const PATIENCE = 8_000;

const place = () => document.querySelector("[data-paper]");

function show(state) {
  place().dataset.paperState = state;
  for (const part of document.querySelectorAll("[data-paper-is]")) part.hidden = part.dataset.paperIs !== state;
  // Nothing is ordered twice: what was ordered comes when the paper does.
  document.querySelector("[data-print-again]").hidden = state !== "printed" && place().dataset.ordered === "yes";
}

async function ask(address, message = {}) {
  const answer = await fetch(address, { ...message, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

async function look() {
  const mine = place();
  if (mine?.dataset.ordered === "yes" && mine.dataset.paperState !== "printed") {
    try {
      const { state } = await ask(mine.dataset.paper);
      if (mine === place()) show(state);
    } catch {
      // the next look may succeed; the code is on the screen all the time
    }
  }
  setTimeout(look, EVERY);
}

document.addEventListener("click", async ({ target }) => {
  if (!target.closest("[data-print-again]")) return;
  const mine = place();
  const { again, kiosk, date, key } = mine.dataset;
  target.closest("[data-print-again]").hidden = true;
  try {
    const { state, ordered, paper } = await ask(again, { method: "POST", body: new URLSearchParams({ kiosk, date, key }) });
    Object.assign(mine.dataset, { paper, ordered: ordered ? "yes" : "" });
    if (mine === place()) show(state);
  } catch {
    if (mine === place()) show("silent");
  }
});

look();
