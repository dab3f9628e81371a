// Prints the page as it is.
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-print]")) print();
});
