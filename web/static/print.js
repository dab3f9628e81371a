// A button prints the page it is on.
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-print]")) print();
});
