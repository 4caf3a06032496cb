// The page's own alarm sound, for a page at the staff's desk: until somebody says they are coming.

const EVERY_MS = 4000;
const TONES = [[784, 0, 0.22], [988, 0.26, 0.22], [784, 0.52, 0.34]];
const LOUDNESS = 0.35;

export class Alarm {
  #context = null;
  #timer = 0;
  #sounding = null;

  constructor(mayRing, changed) {
    this.mayRing = mayRing;
    this.changed = changed;
    // Most browsers allow sound only after a person has pressed something, anywhere.
    for (const gesture of ["pointerdown", "keydown"]) {
      document.addEventListener(gesture, () => this.#unlock(), { capture: true });
    }
  }

  /** Whether the browser does not allow a sound yet. */
  get silent() {
    return this.#context?.state !== "running";
  }

  ring(on) {
    if (on && !this.#timer) {
      this.#open();
      this.#timer = setInterval(() => this.#chime(), EVERY_MS);
      this.#chime();
    } else if (!on && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = 0;
    }
  }

  /** Silence at once; what nobody has come for rings again later. */
  hush() {
    this.#sounding?.disconnect();
    this.#sounding = null;
  }

  #open() {
    if (this.#context) return;
    this.#context = new AudioContext();
    this.#context.addEventListener("statechange", () => this.changed());
  }

  #unlock() {
    if (this.#context?.state === "suspended") this.#context.resume().then(() => this.#timer && this.#chime());
  }

  #chime() {
    if (this.silent || !this.mayRing()) return;
    const context = this.#context;
    const chime = new GainNode(context);
    chime.connect(context.destination);
    this.#sounding = chime;
    for (const [hertz, from, seconds] of TONES) {
      const tone = new OscillatorNode(context, { frequency: hertz });
      const gain = new GainNode(context, { gain: 0 });
      const begin = context.currentTime + from;
      gain.gain.setValueAtTime(0, begin);
      gain.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.03);
      gain.gain.linearRampToValueAtTime(0, begin + seconds);
      tone.connect(gain).connect(chime);
      tone.addEventListener("ended", () => gain.disconnect());
      tone.start(begin);
      tone.stop(begin + seconds);
    }
  }
}
