// The two buttons for this page's microphone and loudspeaker, and who has them.

import { Loudspeaker } from "./loudspeaker.js";
import { Microphone, reason } from "./microphone.js";
import { write } from "./texts.js";

export class Devices {
  #placed = { sound: "nowhere", microphone: "nowhere" };
  // Where the browser allows sound from the start, as on a robot's own screen, it is used.
  #wanted = true;
  #opening = false;

  constructor(connection, microphoneButton, soundButton, refusal) {
    this.connection = connection;
    this.refusal = refusal;
    this.buttons = { microphone: microphoneButton, sound: soundButton };
    this.loudspeaker = new Loudspeaker({
      started: (id) => connection.send({ type: "started", id }),
      ended: (id, seconds) => connection.send({ type: "ended", id, seconds }),
      changed: () => this.announce(),
    });
    this.microphone = new Microphone({
      samples: (buffer) => connection.sendSamples(buffer),
      lost: () => this.#closeMicrophone("microphone.missing"),
    });
    microphoneButton.addEventListener("click", () => this.#toggleMicrophone());
    soundButton.addEventListener("click", () => this.#toggleSound());
  }

  /** Whether sound is the page's to offer at all. */
  offer(offered) {
    this.buttons.microphone.parentElement.hidden = !offered;
    if (offered) this.loudspeaker.prepare();
  }

  /** Tell the program what this page can do, on joining and when it changes. */
  announce() {
    this.connection.send({ type: "sound", on: this.#wanted && this.loudspeaker.running });
    if (this.microphone.on) this.connection.send({ type: "microphone", on: true, rate: this.microphone.rate });
  }

  /** The program says which page has what. */
  placed({ sound, microphone }) {
    const before = this.#placed;
    this.#placed = { sound, microphone };
    if (this.microphone.on && before.microphone === "here" && microphone === "elsewhere") {
      this.#closeMicrophone("microphone.taken");
    }
    this.#show();
  }

  /** The program is gone. */
  away() {
    this.#placed = { sound: "nowhere", microphone: "nowhere" };
    this.#show();
  }

  get soundHere() {
    return this.#placed.sound === "here";
  }

  async #toggleSound() {
    this.#wanted = !this.soundHere;
    this.#say("");
    if (!this.#wanted) {
      this.connection.send({ type: "sound", on: false });
      await this.loudspeaker.lock();
      return;
    }
    try {
      await this.loudspeaker.unlock();
      this.connection.send({ type: "sound", on: true, take: true });
    } catch (error) {
      this.#wanted = false;
      this.#say("sound.failed", { reason: error.message });
    }
  }

  async #toggleMicrophone() {
    if (this.#opening) return;
    this.#say("");
    if (this.microphone.on) {
      await this.#closeMicrophone("");
      return;
    }
    this.#opening = true;
    try {
      await this.microphone.open();
      this.connection.send({ type: "microphone", on: true, rate: this.microphone.rate });
    } catch (error) {
      this.#say(reason(error), { reason: error.message });
    } finally {
      this.#opening = false;
      this.#show();
    }
  }

  async #closeMicrophone(why) {
    await this.microphone.close();
    this.connection.send({ type: "microphone", on: false });
    this.#say(why);
    this.#show();
  }

  #show() {
    const { microphone, sound } = this.buttons;
    write(microphone, this.microphone.on ? "microphone.off" : "microphone.on");
    microphone.classList.toggle("on", this.microphone.on);
    write(sound, { here: "sound.off", elsewhere: "sound.take", nowhere: "sound.on" }[this.#placed.sound]);
    sound.classList.toggle("on", this.soundHere);
    // Where the sentence is heard, a screen reader need not read it as well.
    document.getElementById("caption").setAttribute("aria-live", this.soundHere ? "off" : "polite");
  }

  #say(key, values = {}) {
    if (key) write(this.refusal, key, values);
    else {
      delete this.refusal.dataset.text;
      this.refusal.textContent = "";
    }
  }
}
