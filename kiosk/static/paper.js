// Prints the ticket: by its button, or by itself where the kiosk's address says `?print=auto`.
const MILLIMETRE = 96 / 25.4; // CSS pixels
const MARGIN = 4; // mm, above and below, as in paper.css

let printed; // the number printed last: the same ticket in another language is no new one
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);

// A roll has no height; CSS knows none without one. So the page is made as long as the ticket is.
addEventListener("beforeprint", () => {
  const paper = document.querySelector(".paper");
  if (!paper) return;
  const height = Math.ceil(paper.getBoundingClientRect().height / MILLIMETRE) + 2 * MARGIN;
  sheet.replaceSync(`@page { size: 80mm ${height}mm }`);
});

function itself() {
  const paper = document.querySelector(".paper");
  if (!paper || !document.querySelector("[data-print=auto]") || paper.dataset.number === printed) return;
  printed = paper.dataset.number;
  print();
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-print]")) print();
});
document.addEventListener("kiosk:shown", itself);
document.addEventListener("kiosk:wiped", () => {
  printed = undefined;
});
itself();
