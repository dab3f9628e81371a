// Says each call twice, one after the other, in the order they were made.
//
// A call is known by its serial, which grows with every call and recall of a day. What stood on the wall when the page
// opened is old news. A call waits for its turn; a recall takes the place of the same call still waiting; one that
// was taken back, or is being served when its turn comes, is passed over. What is spoken and shown is written on the
// call itself (data-clips, data-captions): display/announcement.py composes both.
//
// On the document: announce:begin {call}, then twice announce:speak {call, turn} and announce:spoken {call, turn}, then
// announce:end {call}; announce:drop {call} for one passed over.

const BETWEEN = 700; // ms between the two times
const AFTER = 500;

const later = (ms) => new Promise((done) => setTimeout(done, ms));
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`announce:${name}`, { detail }));

/**
 * @param {Element} view the live view whose [data-calls] are watched
 * @param {{say: (clips: string[], captions: object) => Promise<void>}} sound
 * @returns {{announce: (call: object) => void}} announces something of the page's own, a trial
 */
export function watchCalls(view, sound) {
  const line = [];
  let isSpeaking = false;
  let at = Number(view.dataset.v);
  let day = dayOf(view);
  let newest = newestOf(callsOf(view));

  view.addEventListener("live:update", ({ detail: { v } }) => {
    const calls = callsOf(view);
    const isAnotherLedger = v < at;
    at = v;
    if (dayOf(view) !== day) newest = 0;
    day = dayOf(view);
    if (!isAnotherLedger) {
      const fresh = calls.filter(({ serial, state }) => serial > newest && state === "called");
      for (const call of fresh.sort((one, other) => one.serial - other.serial)) queue(call);
    }
    newest = isAnotherLedger ? newestOf(calls) : Math.max(newest, newestOf(calls));
    speak();
  });

  function queue(call) {
    const place = line.findIndex((other) => isSamePlace(other, call));
    if (place < 0) line.push(call);
    else line[place] = call;
  }

  async function speak() {
    if (isSpeaking) return;
    isSpeaking = true;
    while (line.length > 0) {
      const call = line.shift();
      if (isDue(call)) await twice(call);
      else tell("drop", { call });
    }
    isSpeaking = false;
  }

  async function twice(call) {
    tell("begin", { call });
    await sound.say(["chime"]);
    for (const turn of [1, 2]) {
      if (turn === 2 && isTakenBack(call)) break;
      tell("speak", { call, turn });
      await sound.say(call.clips);
      tell("spoken", { call, turn });
      await later(turn === 1 ? BETWEEN : AFTER);
    }
    tell("end", { call });
  }

  const isStillCalled = ({ key }) => callsOf(view).some((call) => call.key === key && call.state === "called");
  const isDue = (call) => call.isTrial || isStillCalled(call);
  const isTakenBack = (call) => !call.isTrial && !callsOf(view).some((other) => isSamePlace(other, call));

  return {
    announce(call) {
      line.push({ ...call, isTrial: true });
      speak();
    },
  };
}

const isSamePlace = (one, other) => one.number === other.number && one.counter === other.counter;

const dayOf = (view) => view.querySelector("[data-day]")?.dataset.day;

const newestOf = (calls) => Math.max(0, ...calls.map(({ serial }) => serial));

function callsOf(view) {
  return Array.from(view.querySelectorAll("[data-calls] > [data-serial]"), ({ dataset }) => ({
    key: dataset.key,
    serial: Number(dataset.serial),
    number: dataset.number,
    counter: dataset.counter,
    state: dataset.state,
    kind: dataset.kind,
    clips: dataset.clips.split(" "),
    captions: JSON.parse(dataset.captions),
  }));
}
