// More services than the screen holds: a button that turns the page, for those who do not know scrolling.
const list = () => document.querySelector("[data-further]");
const key = () => document.querySelector("[data-further-key]");

function look() {
  if (!list()) return;
  key().hidden = list().scrollHeight - list().scrollTop - list().clientHeight < 8;
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-further-key]")) list().scrollBy({ top: list().clientHeight * 0.8 });
});
document.addEventListener("scroll", look, true);
for (const name of ["kiosk:shown", "live:update", "click"]) document.addEventListener(name, () => requestAnimationFrame(look));
addEventListener("resize", look);
look();
