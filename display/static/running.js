// The running text: runs where it is longer than the screen is wide; where the device asks for less motion, or somebody
// stopped it, it is turned over line by line instead. It waits while a caption covers it.

const SPEED = 8.5; // rem a second: a reader who spells keeps up
const LINE = 7000; // ms that a line stands

/** @param {HTMLElement} page the root, which gets data-runs: "passing" or "turning" */
export function running(page) {
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  const button = document.querySelector("[data-motion]");
  let motion;
  let shown; // what the present motion was made for
  let isCovered = false;
  let isStopped = false;

  function start() {
    const text = document.querySelector("[data-running] > *");
    const isStill = isStopped || stillness.matches;
    page.dataset.runs = isStill ? "turning" : "passing";
    button.textContent = button.dataset[isStopped ? "go" : "stop"];
    button.hidden = stillness.matches;
    const box = text.parentElement;
    const now = [text.textContent, box.clientWidth, isStill].join();
    if (now === shown && motion?.effect.target === text) return;
    motion?.cancel();
    shown = now;
    const rem = parseFloat(getComputedStyle(page).fontSize);
    motion = isStill ? turning(text, box) : passing(text, box, rem);
    if (isCovered) motion.pause();
  }

  document.addEventListener("announce:begin", () => { isCovered = true; motion?.pause(); });
  document.addEventListener("announce:end", () => { isCovered = false; motion?.play(); });
  document.addEventListener("live:update", start);
  addEventListener("resize", start);
  stillness.addEventListener("change", start);
  button.addEventListener("click", () => {
    isStopped = !isStopped;
    start();
  });
  document.fonts.ready.then(start);
}

function passing(text, box, rem) {
  const away = text.scrollWidth > box.clientWidth ? text.scrollWidth : 0;
  const from = away ? box.clientWidth : 0;
  const frames = { transform: [`translateX(${from}px)`, `translateX(${-away}px)`] };
  const duration = (length) => (length / (SPEED * rem)) * 1000;
  const motion = text.animate(frames, { duration: duration(from + away) || LINE, iterations: Infinity });
  motion.currentTime = duration(from); // begin with the beginning in sight
  return motion;
}

function turning(text, box) {
  const lines = Math.max(1, Math.round(text.scrollHeight / box.clientHeight));
  const frames = Array.from({ length: lines + 1 }, (_, n) => ({
    transform: `translateY(${-(n % lines) * box.clientHeight}px)`,
    easing: "step-end",
  }));
  return text.animate(frames, { duration: lines * LINE, iterations: Infinity });
}
