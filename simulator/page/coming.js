// "Who is coming?": one large button a person, and whoever pressed last on this page comes first.

import { write } from "./texts.js";

const KEY = "fireside-who";
const LONGEST = 40;
let numbers = 0;

export function who(staff, kind, coming) {
  const answer = (by) => {
    sessionStorage.setItem(KEY, by);
    coming(by);
  };
  const last = sessionStorage.getItem(KEY) ?? "";
  return staff.length ? buttons(staff, last, kind, answer) : field(last, kind, answer);
}

function buttons(staff, last, kind, answer) {
  const group = document.createElement("div");
  group.className = "who";
  group.setAttribute("role", "group");
  const question = document.createElement("p");
  question.id = `who-${(numbers += 1)}`;
  write(question, kind === "note" ? "note.who" : "alert.who");
  group.setAttribute("aria-labelledby", question.id);
  group.append(question);
  const names = staff.includes(last) ? [last, ...staff.filter((name) => name !== last)] : staff;
  for (const name of names) {
    const button = document.createElement("button");
    button.type = "button";
    if (name === last) button.className = "main";
    button.textContent = name;
    button.addEventListener("click", () => answer(name));
    group.append(button);
  }
  return group;
}

function field(last, kind, answer) {
  const form = document.createElement("form");
  form.className = "who";
  form.autocomplete = "off";
  const label = document.createElement("label");
  const words = document.createElement("span");
  write(words, "alert.name");
  const name = document.createElement("input");
  Object.assign(name, { type: "text", maxLength: LONGEST, required: true, value: last });
  label.append(words, name);
  const button = document.createElement("button");
  button.className = "main";
  write(button, kind === "note" ? "note.done" : "alert.coming");
  form.append(label, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (name.value.trim()) answer(name.value.trim());
  });
  return form;
}
