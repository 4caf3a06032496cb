// The page's microphone: frames of mono 16-bit samples at the device's own rate.

export class Microphone {
  #context = null;
  #stream = null;

  /** `lost` is called when the device goes away by itself. */
  constructor({ samples, lost }) {
    this.samples = samples;
    this.lost = lost;
  }

  get on() {
    return this.#context !== null;
  }

  get rate() {
    return this.#context.sampleRate;
  }

  /** Throws the browser's DOMException when it cannot be had. */
  async open() {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    const context = new AudioContext();
    try {
      await context.audioWorklet.addModule("/page/microphone-worklet.js");
    } catch (error) {
      stop(stream);
      await context.close();
      throw error;
    }
    const node = new AudioWorkletNode(context, "frames", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }) => this.samples(data);
    new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(node);
    stream.getAudioTracks()[0].addEventListener("ended", () => this.lost());
    await context.resume();
    this.#stream = stream;
    this.#context = context;
  }

  async close() {
    const context = this.#context;
    if (!context) return;
    stop(this.#stream);
    this.#context = null;
    this.#stream = null;
    await context.close();
  }
}

/** The key of the sentence that tells a person what to do. */
export function reason(error) {
  if (!navigator.mediaDevices) return "microphone.insecure";
  if (error.name === "NotAllowedError") return "microphone.denied";
  if (error.name === "NotFoundError") return "microphone.missing";
  return "microphone.failed";
}

function stop(stream) {
  stream.getTracks().forEach((track) => track.stop());
}
