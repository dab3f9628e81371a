// The keyboard: a key presses the button that shows it (aria-keyshortcuts), in the sheet on top or else in the page. Letters
// can be switched off for those whom they disturb (WCAG 2.1.4); the choice stays on this device.

const help = document.querySelector("[data-help-place]");
const letters = document.querySelector("[data-letters]");
const STORED = "desk-letters";

const named = { " ": "Space", Enter: "Enter", Escape: "Escape" };
const takesText = (element) =>
  element?.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
const takesPress = (element) => element?.matches("button, a[href], summary, input, [tabindex='0']") && element.matches(":focus-visible");

document.addEventListener("keydown", (event) => {
  // A sheet that has just been taken away still holds the focus for a moment.
  const at = document.activeElement?.closest("dialog:not([open])") ? null : document.activeElement;
  if (event.key === "Enter" && event.ctrlKey && at?.form) return press(event, () => at.form.requestSubmit());
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.key === "Escape" && takesText(at) && !at.closest("dialog")) return at.blur();
  if (takesText(at) || document.documentElement.dataset.letters === "off") return;
  // Space and Enter belong first to what the keyboard stands on.
  if (event.key in named && (takesPress(at) || event.key === "Escape")) return;
  const key = named[event.key] ?? event.key.toUpperCase();
  const target = find(key);
  if (target) press(event, () => (takesText(target) ? target.focus() : target.click()));
});

function find(key) {
  const top = [...document.querySelectorAll("dialog[open]")].pop() ?? document;
  for (const target of top.querySelectorAll(`[aria-keyshortcuts="${CSS.escape(key)}"]`)) {
    if (!target.disabled && !target.matches(":disabled") && target.checkVisibility()) return target;
  }
  return undefined;
}

function press(event, action) {
  event.preventDefault();
  if (!event.repeat) action();
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-help]")) help.showModal();
});

function apply(on) {
  document.documentElement.dataset.letters = on ? "on" : "off";
}

if (letters) {
  letters.checked = localStorage.getItem(STORED) !== "off";
  apply(letters.checked);
  letters.addEventListener("change", () => {
    localStorage.setItem(STORED, letters.checked ? "on" : "off");
    apply(letters.checked);
  });
}
