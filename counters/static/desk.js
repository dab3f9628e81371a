// Gives commands from buttons and forms: [data-do] names the action, [data-field] and [data-value] or the form's fields go
// along. What the page shows afterwards comes from the feed; until then nothing else is taken.

import { act, Refused } from "/static/counters/act.js";
import { close, dated, fill, open, remark, still } from "/static/counters/sheet.js";
import { doneSteps } from "/static/counters/steps.js";
import { watch } from "/static/web/live.js";

const desk = document.querySelector("[data-desk]");
const words = JSON.parse(desk.dataset.words);
const message = desk.querySelector("[data-message]");
const SETTLE = 250; // ms in which a second tap of a nervous finger does not press what has just come to that spot
const UNSHOWN = 1_000; // ms after which an answer that changes nothing here counts as shown

let connected = true;
let newest = 0; // the ledger's position that the page shows
let line = Promise.resolve(); // one command after the other, in the order of the presses
const unshown = new Set();
let settling;

/** Gives a command about what the page shows now. Resolves to the answer when it was done and is shown; says why when it was
 *  not. */
export async function give(action, fields) {
  const { present, date } = desk.querySelector("[data-present]")?.dataset ?? {};
  const body = { ...(present && { present }), date: dated() ?? date, ...(action === "finish" && { done: doneSteps() }), ...fields };
  const answer = line.then(() => act(`${desk.dataset.desk}/${action}`, body, () => say("waiting", words.waiting)));
  line = answer.catch(() => {});
  try {
    const done = await answer;
    say();
    await shown(done.v);
    return done;
  } catch (error) {
    explain(error, fields);
    return false;
  }
}

function explain(error, fields = {}) {
  if (!(error instanceof Refused)) return say("gone", words.gone);
  if (error.code === "reason-needed" && fields.number && !fields.reason) return lay("deviate", { number: fields.number });
  if (error.signIn) return location.reload(); // the server says where to go
  watch(); // whoever is refused may have seen an old picture
  const now = words.states[error.state] ?? error.state;
  return say("refused", error.message, now ? `${words.now} ${now}.` : "");
}

// Beside the number, or on the sheet that lies over it.
function say(kind = "", title = "", body = "") {
  if (kind && remark(`${title} ${body}`)) return;
  message.dataset.kind = kind;
  message.hidden = !kind;
  message.querySelector("[data-message-title]").textContent = title;
  message.querySelector("[data-message-body]").textContent = body;
}

// The answer may come before the picture that shows it.
function shown(v) {
  if (!(v > newest)) return Promise.resolve();
  return new Promise((done) => {
    const wait = { v, done };
    unshown.add(wait);
    setTimeout(() => unshown.delete(wait) && done(), UNSHOWN);
  });
}

async function alone(action, fields) {
  if (desk.ariaBusy === "true") return false;
  desk.ariaBusy = "true";
  const done = await give(action, fields);
  if (done) {
    if (done.sheet) fill(done.sheet);
    else {
      close();
      begin();
    }
  }
  desk.ariaBusy = "false";
  desk.toggleAttribute("data-settling", Boolean(done));
  clearTimeout(settling);
  settling = setTimeout(() => desk.removeAttribute("data-settling"), SETTLE);
  return done;
}

const lay = (sheet, fields) => open(`${desk.dataset.desk}/sheet/${sheet}`, fields).catch(explain);

const listed = (name) => name.endsWith("[]");

// A button inside [data-about] is about that number.
function fieldsOf(pressed) {
  const { field, value } = pressed.dataset;
  const number = pressed.closest("[data-about]")?.dataset.about;
  if (!field) return {};
  return { ...(number && { number }), ...(listed(field) ? { [field.slice(0, -2)]: value.split(" ") } : { [field]: value }) };
}

// A list has a name that ends in []; an entry with data-unless belongs to it when it is not ticked.
function formOf(form) {
  const fields = {};
  for (const entry of form.elements) {
    if (!entry.name || entry.disabled) continue;
    const chosen = ["checkbox", "radio"].includes(entry.type) ? entry.checked !== entry.hasAttribute("data-unless") : true;
    if (listed(entry.name)) (fields[entry.name.slice(0, -2)] ??= []).push(...(chosen ? [entry.value] : []));
    else if (chosen) fields[entry.name] = entry.value;
  }
  return fields;
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed || pressed.disabled) return;
  // What a mouse pressed shall not take the next space bar, which belongs to the one thing to do.
  if (event.detail > 0 && desk.contains(pressed)) pressed.blur();
  if (event.detail > 1 || (pressed.id === "primary" && desk.hasAttribute("data-settling"))) return;
  if (pressed.hasAttribute("data-dismiss")) say();
  else if (pressed.dataset.do) alone(pressed.dataset.do, fieldsOf(pressed));
  else if (pressed.dataset.sheet) lay(pressed.dataset.sheet, fieldsOf(pressed));
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.do && !form.dataset.sheet) return;
  event.preventDefault();
  if (form.dataset.sheet) lay(form.dataset.sheet, formOf(form));
  else if ((await alone(form.dataset.do, formOf(form))) && desk.contains(form)) {
    form.reset();
    document.activeElement.blur(); // the keys belong to the desk again
  }
});

desk.addEventListener("live:update", ({ detail }) => {
  newest = Math.max(newest, detail.v);
  for (const wait of unshown) if (wait.v <= newest && unshown.delete(wait)) wait.done();
  judge();
  begin();
});

function online(is) {
  connected = is;
  still(!is);
  if (!is) say("offline", words.offline);
  else if (message.dataset.kind === "offline") say();
  judge();
}

// At a colleague's counter one only looks, unless one leads the hall: then the page names nobody.
function judge() {
  const { officer } = desk.querySelector("[data-present]")?.dataset ?? {};
  const taken = Boolean(officer && desk.dataset.asker && officer !== desk.dataset.asker);
  desk.disabled = !connected || taken;
  if (taken && connected) say("taken", words.taken.replace("{officer}", officer), words.taken_next);
  else if (!taken && message.dataset.kind === "taken") say();
}
document.addEventListener("live:stale", () => online(false));
document.addEventListener("live:fresh", () => online(true));

function begin() {
  const at = document.activeElement;
  if (at === document.body || at.closest("dialog:not([open])")) desk.querySelector("[data-focus]")?.focus();
}

for (const element of desk.querySelectorAll("[data-v]")) newest = Math.max(newest, Number(element.dataset.v));
judge();
begin();
