// The lists at the desk's side end with a whole row: half a number is none. What is below is reached by scrolling.
function end(list) {
  list.style.maxHeight = "";
  if (list.scrollHeight <= list.clientHeight) return;
  const ends = Array.from(list.children, (row) => row.offsetTop + row.offsetHeight - list.offsetTop);
  const last = ends.filter((at) => at <= list.clientHeight).at(-1);
  if (last) list.style.maxHeight = `${last}px`;
}

function look() {
  for (const list of document.querySelectorAll(".line__list")) end(list);
}

document.addEventListener("live:update", look);
addEventListener("resize", look);
document.fonts.ready.then(look);
look();
