// For developers: each turn of the talk with what was heard, decided, said, and how long it took.

import { has, write, writeWords } from "./texts.js";

const STAGES = ["recognise", "understand", "synthesise", "start", "total"];
const MOST_TURNS = 100;

export class Transcript {
  #turn = null;

  constructor(list, empty) {
    this.list = list;
    this.empty = empty;
  }

  clear() {
    this.list.replaceChildren();
    this.empty.hidden = false;
    this.#turn = null;
  }

  heard({ text, confidence, language, alternatives, source }) {
    const turn = this.#begin();
    const line = add(turn, "p", "turn-heard");
    writeWords(add(line, "q"), text, language);
    write(add(line, "span", "turn-note"), `turn.${source}`);
    write(add(line, "span", "turn-note"), "turn.confidence", { percent: percent(confidence) });
    if (alternatives.length) {
      write(add(turn, "p", "turn-note"), "turn.alternatives", { texts: alternatives.join(" · ") });
    }
  }

  danger({ category }) {
    this.#fact("turn.safety", category, "danger");
  }

  spotted({ word }) {
    this.#fact("turn.spotted", word, "danger");
  }

  decided({ sentences, actions, engine, intent, intent_confidence: sure }, language) {
    // What the robot says of its own accord is a turn of its own.
    if (!this.#turn || this.#turn.querySelector(".turn-said")) this.#begin();
    if (actions.includes("forget_turn")) this.#forget();
    const key = `engine.${engine}`;
    this.#fact("turn.engine", has(key) ? { text: key } : engine);
    if (intent !== null && sure !== null) {
      this.#fact("turn.intent", { text: "turn.percent" }, "", { intent, percent: percent(sure) });
    } else if (intent !== null) this.#fact("turn.intent", intent);
    if (actions.length) this.#fact("turn.actions", actions.join(", "));
    const said = add(this.#turn, "p", "turn-said");
    said.dataset.part = "said";
    writeWords(said, sentences.join(" "), language);
  }

  cut({ text, complete, seconds }) {
    if (!complete) write(add(this.#current(), "p", "turn-note"), "turn.cut", { text, seconds: seconds.toFixed(1) });
  }

  failed({ message }) {
    write(add(this.#current(), "p", "turn-note danger"), "turn.failed", { message });
  }

  ended({ timings_ms: times }) {
    const turn = this.#current();
    const known = STAGES.filter((stage) => stage in times);
    const longest = Math.max(...known.map((stage) => times[stage]), 1);
    write(add(turn, "h3", "turn-note"), "times");
    const list = add(turn, "ul", "times");
    for (const stage of known) {
      const item = add(list, "li");
      write(add(item, "span"), "time", { stage: { text: `time.${stage}` }, ms: Math.round(times[stage]) });
      const bar = add(item, "div", "bar");
      bar.style.setProperty("--share", times[stage] / longest);
    }
  }

  #begin() {
    this.empty.hidden = true;
    this.#turn = document.createElement("li");
    this.list.prepend(this.#turn);
    while (this.list.children.length > MOST_TURNS) this.list.lastElementChild.remove();
    return this.#turn;
  }

  /** The person has asked to forget what was said: the turn before, and the words of this one. */
  #forget() {
    this.#turn.nextElementSibling?.remove();
    this.#turn.querySelector(".turn-heard")?.remove();
  }

  #current() {
    return this.#turn ?? this.#begin();
  }

  #fact(key, given, kind = "", values = {}) {
    const line = add(this.#current(), "p", `fact ${kind}`);
    write(add(line, "span", "fact-name"), key);
    const shown = add(line, "span");
    if (typeof given === "object") write(shown, given.text, values);
    else shown.textContent = given;
  }
}

function add(parent, tag, classes = "") {
  const element = document.createElement(tag);
  if (classes) element.className = classes.trim();
  parent.append(element);
  return element;
}

function percent(share) {
  return Math.round(share * 100);
}
