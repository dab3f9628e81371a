// Comfort for the forms of this room, which all work without it: the mirror follows what is typed, the calendar follows the
// ticks, rows move and go without a way to the server, and a slip does not lose what was typed.

const form = document.querySelector("[data-form]");
let changed = Boolean(form?.querySelector("[data-added]"));

/** Shows in the mirror what is typed. */
function mirror({ target }) {
  const shown = target.dataset.word && document.querySelector(`[data-mirror="${target.dataset.word}"]`);
  if (shown) shown.textContent = target.value;
}

/** Shows in the calendar which days are ticked. */
function mark({ target }) {
  const day = target.dataset.dayBox && document.querySelector(`[data-day="${target.dataset.dayBox}"]`);
  if (day) day.className = `is-${target.checked ? target.dataset.kind : day.dataset.was}`;
}

/** Moves a row, or takes it away, as the button says: "up:counters.3". */
function arrange(event) {
  const button = event.target.closest('button[name="do"]');
  const verb = button?.value.split(":", 1)[0];
  const row = button?.closest("li, .break");
  if (!["up", "down", "drop"].includes(verb) || !row || row.id !== button.value.slice(verb.length + 1)) return;
  event.preventDefault();
  const list = row.parentElement;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  if (verb === "up") row.previousElementSibling?.before(row);
  if (verb === "down") row.nextElementSibling?.after(row);
  if (verb === "drop") row.remove();
  const first = list.firstElementChild, last = list.lastElementChild;
  for (const each of list.querySelectorAll(':scope > li button[value^="up:"]')) each.disabled = each.closest("li") === first;
  for (const each of list.querySelectorAll(':scope > li button[value^="down:"]')) each.disabled = each.closest("li") === last;
  const stay = verb === "drop" ? next?.querySelector('button[value^="drop:"]') : button.disabled ? row.querySelector(".mini:enabled") : button;
  stay?.focus();
  changed = true;
}

form?.addEventListener("input", (event) => {
  changed = true;
  mirror(event);
  mark(event);
});
form?.addEventListener("click", arrange);
form?.addEventListener("submit", () => (changed = false));
addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});

const added = document.querySelector("[data-added]");
(added?.querySelector("input:not([type=hidden])") ?? document.querySelector('[aria-invalid="true"]') ?? document.querySelector("[data-preview]"))?.focus();
