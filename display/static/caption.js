// Shows what is being announced as text for as long as it is announced, in the place of the running text.

/** @param {HTMLElement} box holds a line in Indonesian and one in English */
export function captions(box) {
  document.addEventListener("announce:begin", ({ detail: { call } }) => {
    for (const line of box.querySelectorAll("[lang]")) line.textContent = call.captions[line.lang];
    box.hidden = false;
  });
  document.addEventListener("announce:end", () => {
    box.hidden = true;
  });
}
