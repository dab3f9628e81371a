// Two soft tones, made in the page: nothing to load. Browsers allow sound only after a tap.
let audio;

/** To be called in a tap. Whether this device will sound. */
export async function ready() {
  try {
    audio ??= new AudioContext();
    await audio.resume();
    return audio.state === "running";
  } catch {
    return false;
  }
}

/** Sounds `times` times, if `ready` was called before. */
export function ring(times = 1) {
  if (audio?.state !== "running") return;
  for (let n = 0; n < times; n += 1) {
    tone(660, audio.currentTime + n * 1.4);
    tone(528, audio.currentTime + n * 1.4 + 0.35);
  }
}

function tone(hertz, at) {
  const [source, volume] = [audio.createOscillator(), audio.createGain()];
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.6, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.9);
  source.connect(volume).connect(audio.destination);
  source.start(at);
  source.stop(at + 1);
}
