// The search: what it finds stands below it, each with the ways to its events; one place alone is gone to at once.
import { version } from "/static/audit/instant.js";
import { partsOf, put } from "/static/audit/parts.js";

const form = document.querySelector("[data-find]");
const found = document.querySelector("main [data-part=found]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  form.querySelector("[data-find-version]").value = version();
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) url.searchParams.set(name, value);
  try {
    put(await partsOf(url));
  } catch {
    return form.submit(); // the server's own page says what is wrong
  }
  const places = found.querySelectorAll("tbody tr");
  const [way] = found.querySelectorAll("a[data-version], a[data-at]");
  if (places.length === 1 && !found.querySelector("tbody .figure").textContent) {
    found.replaceChildren();
    way.click();
  }
});

form.querySelector("[type=search]").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  found.replaceChildren();
  event.target.value = "";
  event.target.blur();
});
