// For whoever sets the screen up: a trial of the sound, full screen. Shown while the mouse moves or a key is pressed,
// and gone again: a display is watched, not used. Keeps the screen awake where the browser lets it.

const SHOWN = 5000;

/**
 * @param {HTMLElement} page gets data-touched while somebody is at the screen
 * @param {HTMLElement} box holds the buttons
 * @param {{announce: (call: object) => void}} announcer
 */
export function tools(page, box, announcer) {
  let timer;
  function touched() {
    page.dataset.touched = "";
    clearTimeout(timer);
    timer = setTimeout(() => delete page.dataset.touched, SHOWN);
  }
  for (const touch of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(touch, touched);

  box.querySelector("[data-trial]").addEventListener("click", ({ currentTarget: { dataset } }) => {
    announcer.announce({ clips: dataset.clips.split(" "), captions: JSON.parse(dataset.captions) });
  });
  box.querySelector("[data-full]").addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else page.requestFullscreen();
  });

  function stayAwake() {
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  }
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
}
