// The banner that asks a person to come, and the one line of news above the robot.

import { write } from "./texts.js";

export class Alerts {
  #name = "";

  constructor(banner, news, coming) {
    this.banner = banner;
    this.news = news;
    this.coming = coming;
  }

  clear(name) {
    this.#name = name;
    this.banner.replaceChildren();
  }

  raise({ alert, category, time }) {
    this.#find(alert)?.remove();
    const card = document.createElement("div");
    card.className = "alert";
    card.dataset.alert = alert;
    const words = document.createElement("p");
    const key = category === "emergency" ? "alert.emergency" : "alert.other";
    write(words, key, { name: this.#name, time: clockTime(time) });
    const button = document.createElement("button");
    button.type = "button";
    write(button, "alert.coming");
    button.addEventListener("click", () => this.coming(alert));
    card.append(words, button);
    this.banner.append(card);
  }

  acknowledge({ alert, by }) {
    const card = this.#find(alert);
    if (!card) return;
    card.remove();
    this.note("alert.acknowledged", { by });
  }

  /** Show one line of news, or none. */
  note(key, values = {}) {
    if (key) write(this.news, key, values);
    else {
      delete this.news.dataset.text;
      this.news.textContent = "";
    }
  }

  #find(alert) {
    return this.banner.querySelector(`[data-alert="${Number(alert)}"]`);
  }
}

function clockTime(moment) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return moment;
  return date.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
}
