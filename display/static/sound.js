// The loudspeaker: clips are fetched and decoded once, and scheduled one after the other on the audio clock, so that a
// sentence has no gaps and nothing overlaps. Where the browser keeps the page silent until somebody touches it, the
// element says so, and everything else goes on: announcements take their time, unheard, with their captions.

const PAUSE = ","; // display/announcement.py: the speaker draws breath
const BREATH = 0.22; // seconds
const GAP = 0.03;
const UNHEARD = 0.5; // of a clip that cannot be had
const PATIENCE = 1500; // ms for the browser to let the sound on by itself

const later = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/**
 * @param {HTMLElement} sign shows the state in data-sound: "on", "blocked" (until a tap), "silent" (asked for in the
 *   address), "wordless" (the chime alone); its data-voice is where the clips are, data-clips their names
 * @param {HTMLElement} tap is shown while a tap is needed
 * @returns {{say: (clips: string[]) => Promise<void>}} resolves when they were heard, or would have been
 */
export function sound(sign, tap) {
  const isSilent = sign.dataset.sound === "silent";
  const context = isSilent ? undefined : new AudioContext();
  const decoded = new Map();
  let free = 0; // the audio clock's time when all that is scheduled will have been heard

  function clip(name) {
    if (!context) return Promise.resolve(undefined);
    if (!decoded.has(name)) {
      const fetched = fetch(sign.dataset.voice + name)
        .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(name))))
        .then((bytes) => context.decodeAudioData(bytes))
        .catch(() => {
          decoded.delete(name); // asked for again when it is needed again
        });
      decoded.set(name, fetched);
    }
    return decoded.get(name);
  }

  async function say(names) {
    const parts = await Promise.all(names.map((name) => (name === PAUSE ? BREATH : clip(name))));
    const isHeard = context?.state === "running";
    const begin = isHeard ? Math.max(context.currentTime + 0.05, free) : 0;
    const sources = [];
    let at = begin;
    for (const part of parts) {
      if (typeof part === "number" || !part) at += part ?? UNHEARD;
      else {
        if (isHeard) sources.push(play(part, at));
        at += part.duration + GAP;
      }
    }
    if (!isHeard) return later(at - begin);
    free = at;
    await later(at - context.currentTime);
    for (const source of sources) source.stop(); // the loudspeaker may have been cut off meanwhile
  }

  function play(buffer, at) {
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.start(at);
    return source;
  }

  function show(state) {
    sign.dataset.sound = state;
    tap.hidden = state !== "blocked";
  }

  async function judge() {
    if (context.state !== "running") return show("blocked");
    const words = sign.dataset.clips.split(" ");
    const had = await Promise.all(words.map(clip));
    return show(had.filter(Boolean).length === words.length ? "on" : "wordless");
  }

  if (context) {
    context.addEventListener("statechange", judge);
    context.resume();
    setTimeout(judge, PATIENCE);
    for (const touch of ["pointerup", "click", "keydown"]) {
      document.addEventListener(touch, () => context.state !== "running" && context.resume());
    }
  }
  return { say };
}
