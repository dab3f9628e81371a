// Copies what a page shows once, where the browser lets it; elsewhere marks it, so that the keyboard can.

const shown = document.querySelector("[data-copy-text]");

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(shown.textContent.trim());
    button.querySelector(".button__text").textContent = button.dataset.copy;
  } catch {
    getSelection().selectAllChildren(shown);
  }
});
