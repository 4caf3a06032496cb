// The websocket to the program. When the program goes away, the page tries again until it is back.

const WAITS = [500, 1000, 2000, 4000];
const MOST_WAITING_BYTES = 64 * 1024;

export class Connection {
  #socket = null;
  #tries = 0;
  #sounding = null;

  /** `handlers`: message(message, samples), open(), closed(code). */
  constructor(handlers) {
    this.handlers = handlers;
  }

  async connect() {
    try {
      // A program that was started anew gives its pages a new token.
      await fetch("/", { cache: "no-store" });
    } catch {
      this.#retry(1006);
      return;
    }
    const socket = new WebSocket(`ws://${location.host}/socket`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.#socket = socket;
      this.#tries = 0;
      this.handlers.open();
    });
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code }) => {
      this.#socket = null;
      this.#sounding = null;
      this.#retry(code);
    });
  }

  get open() {
    return this.#socket !== null;
  }

  /** Returns whether it could be sent. */
  send(message) {
    this.#socket?.send(JSON.stringify(message));
    return this.open;
  }

  /** Sound that cannot leave in time is worth nothing: it is dropped. */
  sendSamples(buffer) {
    if (this.#socket && this.#socket.bufferedAmount < MOST_WAITING_BYTES) this.#socket.send(buffer);
  }

  #receive(data) {
    if (typeof data !== "string") {
      const message = this.#sounding;
      this.#sounding = null;
      if (message) this.handlers.message(message, data);
      return;
    }
    const message = JSON.parse(data);
    // A sentence to be sounded here is followed by its samples.
    if (message.type === "play" && message.sound) this.#sounding = message;
    else this.handlers.message(message, null);
  }

  #retry(code) {
    this.handlers.closed(code);
    const wait = WAITS[Math.min(this.#tries, WAITS.length - 1)];
    this.#tries += 1;
    setTimeout(() => this.connect(), wait);
  }
}
