// A call that is new on the wall grows once, so that the eye finds it.

const MOMENT = 280; // ms
const GROWN = { transform: ["scale(.86)", "scale(1)"] };

/** @param {Element} view the live view */
export function grow(view) {
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  const calls = () => view.querySelectorAll("[data-calls] > [data-serial]");
  const keys = () => new Set(Array.from(calls(), ({ dataset }) => dataset.key));
  let known = keys();

  view.addEventListener("live:update", () => {
    for (const key of keys()) {
      if (known.has(key) || stillness.matches) continue;
      const number = view.querySelector(`[data-key="${key}"] .call__number`);
      number.animate(GROWN, { duration: MOMENT, easing: "cubic-bezier(.2, .7, .2, 1)" });
    }
    known = keys();
  });
}
