// What asks a person to come: calls in a banner, notes in the shift's list, and one line of news.

import { Alarm } from "./alarm.js";
import { who } from "./coming.js";
import { text, write } from "./texts.js";

const MOST_TOLD = 3;

export class Alerts {
  #robot = { name: "", staff: [], place: "" };

  /** `coming(alert, by)` tells the program; `mayRing` says whether this page may make a sound. */
  constructor(banner, notes, news, coming, mayRing) {
    this.banner = banner;
    this.notes = notes;
    this.news = news;
    this.coming = coming;
    this.alarm = new Alarm(mayRing, () => this.#show());
  }

  clear(robot) {
    this.#robot = robot;
    this.banner.replaceChildren();
    this.notes.querySelectorAll("[data-alert]").forEach((note) => note.remove());
    this.#show();
  }

  raise({ alert, category, time, kind, about }) {
    this.#find(alert)?.remove();
    const card = element("div", kind === "note" ? "note" : "alert");
    card.dataset.alert = alert;
    const words = element("p", "what");
    write(words, textKey(kind, category), { name: this.#robot.name, time: clockTime(time) });
    card.append(words);
    for (const line of about?.split("\n") ?? []) card.append(aboutLine(line));
    const ask = who(this.#robot.staff, kind, (by) => this.coming(alert, by));
    if (kind === "note") this.notes.append(folded(card, ask));
    else {
      this.banner.append(this.#called(card, ask));
      this.note(""); // whoever is coming is coming for an earlier call
    }
    this.#show();
  }

  /** What could not be stored is known to the open pages alone. */
  unstored() {
    const card = element("div", "alert");
    const words = element("p", "what");
    write(words, "alert.unstored", { name: this.#robot.name });
    const button = element("button", "main");
    button.type = "button";
    write(button, "alert.coming");
    button.addEventListener("click", () => {
      card.remove();
      this.#show();
    });
    const ask = element("div", "who");
    ask.append(button);
    card.append(words, ask);
    this.banner.append(card);
    this.note("");
    this.#show();
  }

  delivered({ alert, recipient, channel }) {
    if (channel !== "page" && channel !== "robot") this.#tell(alert, "alert.told", recipient, channel);
  }

  escalated({ alert, person }) {
    this.#tell(alert, "alert.escalated", person);
  }

  acknowledge({ alert, by }) {
    const card = this.#find(alert);
    if (!card) return;
    const key = card.classList.contains("note") ? "note.acknowledged" : "alert.acknowledged";
    card.remove();
    this.note(key, { by });
    this.#show();
  }

  /** Show one line of news, or none. */
  note(key, values = {}) {
    if (key) write(this.news, key, values);
    else {
      delete this.news.dataset.text;
      this.news.textContent = "";
    }
  }

  #called(card, ask) {
    if (this.#robot.place) {
      const place = element("p", "place");
      write(place, "alert.place", { place: this.#robot.place });
      card.append(place);
    }
    card.append(ask, element("ul", "told"));
    return card;
  }

  #tell(alert, key, person, channel) {
    const list = this.#find(alert)?.querySelector(".told");
    if (!list) return;
    const line = element("li");
    write(line, key, { person, channel: { text: `channel.${channel}` } });
    if ([...list.children].some((other) => other.textContent === line.textContent)) return;
    list.append(line);
    while (list.children.length > MOST_TOLD) list.firstElementChild.remove();
  }

  /** Write the title of the window, which also a page in the background shows. */
  retitle() {
    const title = text("title", { name: this.#robot.name || "Fireside" });
    document.title = this.banner.children.length ? `${text("alert.title")} ▲ ${title}` : title;
  }

  #show() {
    const calling = this.banner.children.length > 0;
    this.alarm.ring(calling);
    this.notes.hidden = !this.notes.querySelector("[data-alert]");
    document.body.classList.toggle("calling", calling);
    const hint = document.getElementById("silent");
    hint.hidden = !calling || !this.alarm.silent;
    this.retitle();
  }

  #find(alert) {
    return document.querySelector(`[data-alert="${Number(alert)}"]`);
  }
}

function aboutLine(line) {
  const shown = element("p", "about");
  shown.textContent = line;
  return shown;
}

const ALERTS = new Set(["emergency", "alerts_lost"]);

function textKey(kind, category) {
  if (category === "reminder_summary") return "note.summary";
  if (category.startsWith("reminder_")) return `${kind}.reminder`;
  if (kind === "note") return category === "distress" ? "note.distress" : "note.other";
  return ALERTS.has(category) ? `alert.${category}` : "alert.other";
}

function folded(card, ask) {
  const fold = element("details");
  const title = element("summary");
  write(title, "note.seen");
  fold.append(title, ask);
  card.append(fold);
  return card;
}

function element(tag, name = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  return made;
}

function clockTime(moment) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return moment;
  return date.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
}
