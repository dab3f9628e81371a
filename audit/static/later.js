// What a day's page loads after its first picture, one part after the other: the course below the slider first.
import { partsOf, put } from "/static/audit/parts.js";

const places = [...document.querySelectorAll("[data-later]")];
places.sort((one, other) => Number("first" in other.dataset) - Number("first" in one.dataset));
for (const place of places) {
  const link = [...place.childNodes];
  place.replaceChildren(place.dataset.loading);
  try {
    put(await partsOf(place.dataset.later));
  } catch {
    place.replaceChildren(`${place.dataset.failed} `, ...link);
  }
}
document.dispatchEvent(new CustomEvent("parts:loaded"));
