// Runs on the browser's audio thread: gathers 20 ms of sound and hands it over as 16-bit samples.

class Frames extends AudioWorkletProcessor {
  #frame = new Int16Array(Math.round(sampleRate / 50));
  #filled = 0;

  process([[channel]]) {
    if (!channel) return true;
    for (const sample of channel) {
      const clipped = Math.max(-1, Math.min(1, sample));
      this.#frame[this.#filled] = Math.round(clipped * 32767);
      this.#filled += 1;
      if (this.#filled === this.#frame.length) {
        this.port.postMessage(this.#frame.buffer, [this.#frame.buffer]);
        this.#frame = new Int16Array(Math.round(sampleRate / 50));
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("frames", Frames);
