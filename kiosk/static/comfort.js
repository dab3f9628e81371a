// Large text and high contrast, for as long as this person stands here.
const root = document.documentElement;
const keys = () => document.querySelectorAll("[data-comfort]");
const wish = (key) => key.dataset.comfort.split("=");
const usual = Object.fromEntries(Array.from(keys(), (key) => [wish(key)[0], root.dataset[wish(key)[0]]]));

function set(name, value) {
  if (value) root.dataset[name] = value;
  else delete root.dataset[name];
  tell();
}

function tell() {
  for (const key of keys()) {
    const [name, value] = wish(key);
    key.setAttribute("aria-pressed", root.dataset[name] === value);
  }
}

document.addEventListener("click", ({ target }) => {
  const key = target.closest("[data-comfort]");
  if (!key) return;
  const [name, value] = wish(key);
  set(name, root.dataset[name] === value ? "" : value);
});
document.addEventListener("kiosk:wiped", () => {
  for (const [name, value] of Object.entries(usual)) set(name, value);
});
document.addEventListener("kiosk:shown", tell);
tell();
