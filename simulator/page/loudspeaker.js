// Plays the robot's sentences. The time that has been played is the clock of the mouth.

const LEAD = 0.02;
const FADE = 0.008;

export class Loudspeaker {
  #context = null;
  #current = null;

  /** `report`: started(id), ended(id, seconds), changed() when the browser starts or stops sound. */
  constructor(report) {
    this.report = report;
  }

  get running() {
    return this.#context?.state === "running";
  }

  prepare() {
    if (this.#context) return;
    this.#context = new AudioContext({ latencyHint: "interactive" });
    this.#context.addEventListener("statechange", () => this.report.changed());
  }

  /** Most browsers allow sound only after a person has pressed something. */
  async unlock() {
    this.prepare();
    await this.#context.resume();
  }

  async lock() {
    this.hush();
    await this.#context?.suspend();
  }

  /** Play mono s16le samples; returns a clock that gives the ms played so far. */
  play({ id, rate, volume }, samples) {
    this.hush();
    const context = this.#context;
    const whole = new Int16Array(samples);
    const buffer = context.createBuffer(1, Math.max(whole.length, 1), rate);
    const channel = buffer.getChannelData(0);
    for (let i = 0; i < whole.length; i += 1) channel[i] = whole[i] / 32768;
    const source = new AudioBufferSourceNode(context, { buffer });
    const gain = new GainNode(context, { gain: volume });
    source.connect(gain).connect(context.destination);
    const begin = context.currentTime + LEAD;
    const current = { id, source, gain, begin };
    this.#current = current;
    source.addEventListener("ended", () => {
      gain.disconnect();
      if (this.#current !== current) return;
      this.#current = null;
      this.report.ended(id, Math.min(buffer.duration, context.currentTime - begin));
    });
    source.start(begin);
    this.#whenBegun(current);
    const delay = context.outputLatency || context.baseLatency || 0;
    return () => (context.currentTime - begin - delay) * 1000;
  }

  /** Silence, within a hundredth of a second. */
  hush() {
    const current = this.#current;
    if (!current) return;
    this.#current = null;
    const now = this.#context.currentTime;
    current.gain.gain.setValueAtTime(current.gain.gain.value, now);
    current.gain.gain.linearRampToValueAtTime(0, now + FADE);
    current.source.stop(now + FADE);
  }

  #whenBegun(current) {
    if (this.#current !== current) return;
    if (this.#context.currentTime > current.begin) this.report.started(current.id);
    else setTimeout(() => this.#whenBegun(current), 5);
  }
}
