// The drawn face: eyes that look and blink, brows, a mouth that follows what is said.
// Every feature is a number on its way to another number; with reduced motion it is there at once.

import { draw, letterAt, REST, shape } from "./mouth.js";

const SLOW = 0.14;
const QUICK = 0.032;
/** Lips move before the sound: shapes are taken from this many ms ahead. */
const AHEAD = 30;
const BLINK_MS = 170;

/** What each state does with the features; what is not named is as in REST_POSE. */
const REST_POSE = { x: 0, y: 0, lid: 0.08, under: 0, brow: 0, worry: 0, size: 1, tilt: 0, nod: 0, smile: 0 };
const STATES = {
  connecting: { lid: 1, smile: -0.2 },
  offline: { lid: 1, smile: -0.4 },
  idle: {},
  listening: { lid: 0, brow: 6, size: 1.06, tilt: 2.5 },
  thinking: { x: 9, y: -13, brow: 4, tilt: -2, smile: -0.3 },
  speaking: { lid: 0.06 },
  stopped: { lid: 0.24, smile: -0.7 },
};
const EXPRESSIONS = {
  neutral: {},
  smile: { smile: 0.7, under: 0.3, brow: 3 },
  concern: { smile: -0.7, worry: 7, brow: 2 },
  surprise: { brow: 12, size: 1.1, lid: 0 },
};
const GAZES = { person: {}, forward: {}, away: { x: -14, y: 3 } };
const GESTURES = {
  nod: [[0, { nod: 12 }], [260, { nod: 0 }], [520, { nod: 9 }], [780, { nod: 0 }]],
  shake: [[0, { tilt: -6 }], [240, { tilt: 6 }], [480, { tilt: -4 }], [720, { tilt: 0 }]],
};

export class Face {
  #poses = { state: {}, expression: {}, gaze: {}, gesture: {}, drift: {} };
  #now = { ...REST_POSE };
  #mouth = { ...shape(REST) };
  #spoken = null;
  #blinkedAt = -Infinity;
  #frame = 0;
  #last = 0;
  #gesturing = [];
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(svg) {
    this.head = svg.querySelector("#head");
    this.eyes = [...svg.querySelectorAll(".eye")];
    this.brows = [...svg.querySelectorAll(".brow")];
    this.mouth = svg.querySelector("#mouth");
    this.#still.addEventListener("change", () => this.#wake());
    this.#live();
    this.#wake();
  }

  state(name) {
    this.#pose("state", STATES[name] ?? {});
    if (name !== "idle") this.#pose("drift", {});
    // A new turn begins with a plain face: yesterday's smile must not meet today's worry.
    if (name === "thinking") this.#pose("expression", {});
  }

  express(name, intensity) {
    const full = EXPRESSIONS[name] ?? {};
    this.#pose("expression", Object.fromEntries(
      Object.entries(full).map(([feature, to]) => [feature, to * intensity])));
  }

  look(at) {
    this.#pose("gaze", GAZES[at] ?? {});
  }

  gesture(name) {
    this.#gesturing.forEach(clearTimeout);
    this.#gesturing = (GESTURES[name] ?? []).map(([ms, pose]) => setTimeout(() => this.#pose("gesture", pose), ms));
  }

  /** Follow a timeline of [ms, letter]; `clock` gives the ms spoken so far. */
  speak(timeline, clock) {
    this.#spoken = { timeline, clock };
    this.#wake();
  }

  /** Close the mouth. */
  quiet() {
    this.#spoken = null;
    this.#wake();
  }

  /** No movement is left over from before. */
  freeze() {
    this.#gesturing.forEach(clearTimeout);
    Object.assign(this.#poses, { gesture: {}, expression: {}, gaze: {} });
    this.quiet();
  }

  #pose(layer, pose) {
    this.#poses[layer] = pose;
    this.#wake();
  }

  /** Blink now and then, and let the eyes wander a little while nothing happens. */
  #live() {
    setTimeout(() => {
      if (!this.#still.matches && !document.hidden && this.#now.lid < 0.6) {
        this.#blinkedAt = performance.now();
        const idle = this.#poses.state === STATES.idle;
        if (idle) this.#poses.drift = { x: (Math.random() - 0.5) * 9, y: (Math.random() - 0.5) * 5 };
        this.#wake();
      }
      this.#live();
    }, 2800 + Math.random() * 3600);
  }

  #wake() {
    if (this.#frame) return;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#step(now));
  }

  #step(now) {
    this.#frame = 0;
    const seconds = Math.min(0.05, Math.max(0, (now - this.#last) / 1000));
    this.#last = now;
    const pose = Object.assign({}, REST_POSE, ...Object.values(this.#poses));
    const letter = this.#letter();
    const moving = this.#approach(this.#now, pose, seconds, SLOW)
      | this.#approach(this.#mouth, shape(letter), seconds, QUICK);
    const blink = this.#blink(now);
    this.#draw(blink);
    if (this.mouth.dataset.shape !== letter) this.mouth.dataset.shape = letter;
    if (moving || blink > 0 || this.#spoken) this.#frame = requestAnimationFrame((next) => this.#step(next));
  }

  #letter() {
    return this.#spoken ? letterAt(this.#spoken.timeline, this.#spoken.clock() + AHEAD) : REST;
  }

  /** Move every number towards its goal; returns whether any is still on its way. */
  #approach(values, goals, seconds, time) {
    const share = this.#still.matches ? 1 : 1 - Math.exp(-seconds / time);
    let moving = false;
    for (const [name, goal] of Object.entries(goals)) {
      const distance = goal - values[name];
      if (Math.abs(distance) < 0.002) values[name] = goal;
      else {
        values[name] += distance * share;
        moving = !this.#still.matches;
      }
    }
    return moving;
  }

  /** How far the lids are on their way through a blink, 0 to 1. */
  #blink(now) {
    const through = (now - this.#blinkedAt) / BLINK_MS;
    return through >= 0 && through < 1 ? Math.sin(Math.PI * through) : 0;
  }

  #draw(blink) {
    const { x, y, lid, under, brow, worry, size, tilt, nod, smile } = this.#now;
    const closed = lid + (1 - lid) * blink;
    this.head.setAttribute("transform", `translate(0 ${nod.toFixed(2)}) rotate(${tilt.toFixed(2)} 240 372)`);
    this.eyes.forEach((eye, i) => {
      const side = i === 0 ? 168 : 312;
      eye.setAttribute("transform", `translate(${(side + x).toFixed(2)} ${(206 + y).toFixed(2)}) scale(${size.toFixed(3)})`);
      drawLids(eye, closed, under);
    });
    this.brows.forEach((path, i) => drawBrow(path, i, brow - y * 0.25 - closed * 3, worry, x * 0.3));
    draw(this.mouth, this.#mouth, smile);
  }
}

function drawLids(eye, closed, under) {
  const side = -20 + 26 * closed;
  const middle = -62 + 88 * closed;
  eye.querySelector(".lid").setAttribute("d", `M-40 -50V${side}Q0 ${middle} 40 ${side}V-50Z`);
  // Both ends stay on the eye's rim, so that the line never stands out like a lash.
  const rim = 30 * Math.sqrt(1 - (side / 39) ** 2);
  const half = 1.5 + rim;
  eye.querySelector(".lash").setAttribute("d", `M${-half} ${side}Q0 ${middle} ${half} ${side}`);
  // The lower lid rises with a smile, and meets the upper one in a closed eye.
  const meet = closed ** 4;
  const low = 50 - 22 * under;
  const lowSide = low + (side - low) * meet;
  const lowMiddle = low - 16 + (middle - low + 16) * meet;
  eye.querySelector(".under").setAttribute("d", `M-40 60V${lowSide}Q0 ${lowMiddle} 40 ${lowSide}V60Z`);
}

function drawBrow(path, index, lift, worry, x) {
  const out = index === 0 ? -1 : 1;
  const centre = 240 + out * 74 + x;
  const y = 144 - lift;
  path.setAttribute("d",
    `M${centre + out * 30} ${y + 5 + worry * 0.4}Q${centre + out * 4} ${y - 13} ${centre - out * 27} ${y + 1 - worry}`);
}
