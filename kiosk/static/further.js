// More services than the screen holds: a button that turns the page, for those who do not know scrolling.
const list = () => document.querySelector("[data-further]");
const key = () => document.querySelector("[data-further-key]");

// Its own room beneath the list, so that it lies over no words; kept once it is there, so that nothing moves at the end.
function look() {
  if (!list()) return;
  const all = list(), { marginTop, marginBottom } = getComputedStyle(all);
  const room = all.parentElement.clientHeight - parseFloat(marginTop) - parseFloat(marginBottom);
  key().hidden = all.scrollHeight - room < 8;
  key().toggleAttribute("data-end", all.scrollHeight - all.scrollTop - all.clientHeight < 8);
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-further-key]")) list().scrollBy({ top: list().clientHeight * 0.8 });
});
document.addEventListener("scroll", look, true);
for (const name of ["kiosk:shown", "live:update", "click"]) document.addEventListener(name, () => requestAnimationFrame(look));
addEventListener("resize", look);
look();
