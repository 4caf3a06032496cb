// The page: takes what the program reports to where it is shown, and what a person does to the
// program. Stop does not wait for the program: the page is silent first.

import { Alerts } from "./alerts.js";
import { Connection } from "./connection.js";
import { Devices } from "./devices.js";
import { Face } from "./face.js";
import * as texts from "./texts.js";
import { Transcript } from "./transcript.js";

const ICONS = {
  connecting: "M12 3a9 9 0 1 0 9 9h-3a6 6 0 1 1-6-6z",
  offline: "M3 5l2-2 16 16-2 2zM12 7a9 9 0 0 1 8 4l-2 2a6 6 0 0 0-3-2zM4 11a9 9 0 0 1 3-2l3 3a6 6 0 0 0-4 1zM12 16a2 2 0 1 0 .1 0z",
  idle: "M12 3a9 9 0 1 0 .1 0zm-1.5 12.5l6-6.5-1.7-1.6-4.3 4.8-2-2-1.7 1.7z",
  listening: "M9 4h6v9a3 3 0 0 1-6 0zM5 11h2v2a5 5 0 0 0 10 0v-2h2v2a7 7 0 0 1-6 6.9V22h-2v-2.1A7 7 0 0 1 5 13z",
  thinking: "M5 10a2.5 2.5 0 1 0 .1 0zM12 10a2.5 2.5 0 1 0 .1 0zM19 10a2.5 2.5 0 1 0 .1 0z",
  speaking: "M4 9v6h4l5 5V4L8 9zM15 8a5 5 0 0 1 0 8v-2a3 3 0 0 0 0-4zM15 4a9 9 0 0 1 0 16v-2a7 7 0 0 0 0-12z",
  stopped: "M8 2h8l6 6v8l-6 6H8l-6-6V8zM8 8v8h8V8z",
};

const find = (id) => document.getElementById(id);

const face = new Face(find("face"));
const transcript = new Transcript(find("talk"), find("no-talk"));
const alerts = new Alerts(
  find("alerts"),
  find("notes"),
  find("notice"),
  (alert, by) => connection.send({ type: "acknowledge", alert, by }),
  // The robot's own loudspeaker rings by itself, and a stopped robot is silent everywhere.
  () => !devices.soundHere && document.body.dataset.state !== "stopped",
);
const connection = new Connection({ message: receive, open: () => devices.announce(), closed });
const devices = new Devices(connection, find("microphone"), find("sound"), find("refusal"));
const robot = { name: "Fireside", language: "en" };
let playing = null;
let speechOver = 0;

function state(name) {
  document.body.dataset.state = name;
  face.state(name);
  find("state-icon").setAttribute("d", ICONS[name]);
  texts.write(find("state-word"), `state.${name}`);
  const stopped = name === "stopped";
  if (!stopped && document.activeElement === find("resume")) find("stop").focus();
  find("resume").hidden = !stopped;
}

function light(pattern) {
  document.body.dataset.light = pattern;
}

function welcome(message) {
  Object.assign(robot, { name: message.name, language: message.language });
  const name = { name: robot.name };
  find("name").textContent = robot.name;
  texts.write(find("says"), "says", name);
  texts.write(find("say"), "say", name);
  find("others").value = message.others;
  devices.offer(message.audio === "browser");
  if (find("notice").dataset.text === "offline" || find("notice").dataset.text === "full") alerts.note("");
  transcript.clear();
  alerts.clear({ name: robot.name, staff: message.staff, place: message.place });
  find("parts").replaceChildren();
  message.events.forEach((event) => receive(event, null));
}

function play(message, samples) {
  quiet();
  playing = message.id;
  const begin = performance.now();
  const clock = samples ? devices.loudspeaker.play(message, samples) : () => performance.now() - begin;
  face.speak(message.mouth, clock);
  // The loudspeaker says when sound has ended; silent speech ends by the clock.
  if (!samples) speechOver = setTimeout(quiet, message.seconds * 1000);
}

function quiet() {
  clearTimeout(speechOver);
  playing = null;
  devices.loudspeaker.hush();
  face.quiet();
}

function halt(level) {
  quiet();
  alerts.alarm.hush();
  if (level !== "freeze") return;
  face.freeze();
  state("stopped");
}

function stop() {
  halt(connection.open ? "freeze" : "hush");
  connection.send({ type: "stop" });
}

function part({ part: name, status, message }) {
  find("no-parts").hidden = true;
  const id = `part-${name}`;
  let row = find(id);
  if (!row) {
    row = document.createElement("div");
    row.id = id;
    row.append(document.createElement("dt"), document.createElement("dd"), document.createElement("dd"));
    find("parts").append(row);
  }
  const [title, sign, sentence] = row.children;
  if (texts.has(`part.${name}`)) texts.write(title, `part.${name}`);
  else title.textContent = name;
  row.dataset.status = status;
  texts.write(sign, `status.${status}`);
  sentence.textContent = message;
}

function caption({ text }) {
  find("says").hidden = false;
  texts.writeWords(find("caption"), text, robot.language);
}

function hear({ text, language }, partial) {
  robot.language = language ?? robot.language;
  find("heard-title").hidden = false;
  texts.writeWords(find("heard"), partial ? `${text} …` : text, robot.language);
}

const RECEIVERS = {
  welcome,
  play,
  hush: ({ id }) => { if (id === playing) quiet(); },
  halt: ({ level }) => halt(level),
  express: ({ name, intensity }) => face.express(name, intensity),
  look: ({ at }) => face.look(at),
  gesture: ({ name }) => face.gesture(name),
  light: ({ pattern }) => light(pattern),
  devices: (message) => devices.placed(message),
  others: ({ others }) => { find("others").value = others; },
  refused: ({ message }) => texts.writeWords(find("refusal"), message, "en"),
  state_changed: ({ state: name }) => { state(name); light(name); },
  partial_heard: (event) => hear(event, true),
  // Of something sealed there are no words.
  utterance_heard: (event) => { hear(event, false); if (event.text) transcript.heard(event); },
  danger_heard: (event) => transcript.danger(event),
  word_spotted: (event) => transcript.spotted(event),
  alert_raised: (event) => alerts.raise(event),
  alert_not_stored: () => alerts.unstored(),
  alert_delivered: (event) => alerts.delivered(event),
  alert_escalated: (event) => alerts.escalated(event),
  alert_acknowledged: (event) => alerts.acknowledge(event),
  reply_decided: (event) => { if (event.sentences.length) transcript.decided(event, robot.language); },
  phrase_started: caption,
  phrase_ended: (event) => transcript.cut(event),
  turn_ended: (event) => transcript.ended(event),
  engine_changed: part,
  stage_failed: (event) => transcript.failed(event),
};

function receive(message, samples) {
  RECEIVERS[message.type]?.(message, samples);
}

function closed(code) {
  quiet();
  devices.away();
  state("offline");
  alerts.note(code === 1013 ? "full" : "offline");
}

find("stop").addEventListener("click", stop);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) stop();
});
find("resume").addEventListener("click", () => connection.send({ type: "resume" }));

find("others").addEventListener("change", ({ target }) => connection.send({ type: "others", others: target.value }));
find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("text").value.trim();
  find("refusal").textContent = "";
  if (text && connection.send({ type: "say", text })) find("text").value = "";
});

async function speakLanguage(language) {
  await texts.load(language);
  alerts.retitle();
  document.querySelectorAll("[data-language]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  });
}
document.querySelectorAll("[data-language]").forEach((button) => {
  button.addEventListener("click", () => speakLanguage(button.dataset.language));
});

find("inside").open = matchMedia("(min-width: 64rem)").matches;
await speakLanguage(texts.preferred());
connection.connect();
