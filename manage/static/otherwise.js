// While something is computed: the bar goes on without a reload, and what came out takes its place. Without a script the
// page loads itself anew every few seconds.
import { page } from "/static/web/html.js";

const TURN = 700;

/** Fetches this page anew and shows what has changed since. */
async function look() {
  const shown = document.getElementById("outcome");
  if (!shown?.hasAttribute("data-running")) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const found = page(await answer.text()).getElementById("outcome");
    if (found?.hasAttribute("data-running")) {
      const bar = found.querySelector("progress");
      shown.querySelector("progress").value = bar.value;
      shown.querySelector("[data-said]").textContent = found.querySelector("[data-said]").textContent;
    } else if (found) {
      shown.replaceWith(document.adoptNode(found));
      document.getElementById("outcome-title").focus();
      return;
    }
  } catch {
    // the server is away for a moment: the next turn asks again
  }
  setTimeout(look, TURN);
}

setTimeout(look, TURN);

// Whoever changes a detail means that change.
document.addEventListener("input", ({ target }) => {
  const way = target.closest("[data-way]")?.querySelector('input[type="radio"]');
  if (way && target !== way) way.checked = true;
});
