// What a day's page loads after its first picture, one part after the other: the course below the slider, the checks, …
import { partsOf, put } from "/static/audit/parts.js";

for (const place of document.querySelectorAll("[data-later]")) {
  const link = [...place.childNodes];
  place.replaceChildren(place.dataset.loading);
  try {
    put(await partsOf(place.dataset.later));
  } catch {
    place.replaceChildren(`${place.dataset.failed} `, ...link);
  }
}
document.dispatchEvent(new CustomEvent("parts:loaded"));
