// Every word on the page comes from one file per language; changing the language rewrites them all.

export const LANGUAGES = ["en", "de"];

let texts = {};

export function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, ...navigator.languages].filter(Boolean);
  return wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

export async function load(language) {
  const answer = await fetch(`/page/${language}.json`);
  if (!answer.ok) throw new Error(`The texts for ${language} are missing.`);
  texts = await answer.json();
  document.documentElement.lang = language;
  document.querySelectorAll("[data-text]").forEach(renderText);
  document.querySelectorAll("[data-label]").forEach(renderLabel);
}

export function has(key) {
  return key in texts;
}

export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => value(values[name]));
}

/** Write a text into an element and keep it true when the language changes. A value may itself be
 *  a text, given as {text: key}. */
export function write(element, key, values = {}) {
  element.dataset.text = key;
  element.dataset.values = JSON.stringify(values);
  renderText(element);
}

/** Write words that are nobody's translation: what was said. */
export function writeWords(element, words, language) {
  delete element.dataset.text;
  element.textContent = words;
  element.lang = language;
}

export function label(element, key) {
  element.dataset.label = key;
  renderLabel(element);
}

function value(given) {
  return typeof given === "object" && given !== null ? text(given.text) : String(given ?? "");
}

function renderText(element) {
  const words = text(element.dataset.text, JSON.parse(element.dataset.values ?? "{}"));
  if (element.textContent !== words) element.textContent = words;
  if (!element.dataset.language) element.removeAttribute("lang");
}

function renderLabel(element) {
  element.setAttribute("aria-label", text(element.dataset.label));
}
