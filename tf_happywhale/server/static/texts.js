// All texts come from texts/LANGUAGE.json. For a further language add its file, and its name here.

const LANGUAGES = ["en"];
const SPARE = "en";
let texts = {};
let spare = {};
let language = SPARE;

export async function loadTexts() {
  const wanted = navigator.languages.map((one) => one.split("-")[0]);
  language = wanted.find((one) => LANGUAGES.includes(one)) ?? SPARE;
  texts = await file(language);
  spare = language === SPARE ? texts : await file(SPARE);
  document.documentElement.lang = language;
}

async function file(name) {
  const answer = await fetch(new URL(`./texts/${name}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`texts/${name}.json: ${answer.status}`);
  return answer.json();
}

const lookUp = (all, key) => key.split(".").reduce((at, part) => at?.[part], all);

// t("trip.title", { name }) → the text with {name} filled in. A text with forms, as
// {"one": "1 animal", "other": "{count} animals"}, is chosen by `count`.
export function t(key, values = {}) {
  let text = lookUp(texts, key) ?? lookUp(spare, key);
  if (typeof text === "object") {
    const form = new Intl.PluralRules(language).select(values.count);
    text = (values.count === 0 && text.zero) || (text[form] ?? text.other);
  }
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(values[name]) : whole));
}

const shown = (value) => (typeof value === "number" ? figure(value) : String(value));

export function figure(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

// A word of the server, such as a job's kind: tWord("kind", "identify"). Unknown ones stay.
export function tWord(group, word) {
  const text = lookUp(texts, `${group}.${word}`) ?? lookUp(spare, `${group}.${word}`);
  return typeof text === "string" ? text : String(word);
}

// A species, as it is written in tables, for people.
export const plain = (species) => species.replaceAll("_", " ");

// 75 → "about 1 minute".
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 60) return t("time.seconds", { count: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return t("time.minutes", { count: Math.round(seconds / 60) });
  return t("time.hours", { count: Math.round(seconds / 3600) });
}

export function when(text) {
  const date = typeof text === "number" ? new Date(text * 1000) : new Date(text);
  if (!text || Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

export function fillTexts(root) {
  for (const one of root.querySelectorAll("[data-text]")) one.textContent = t(one.dataset.text);
  for (const one of root.querySelectorAll("[data-label]")) {
    one.setAttribute("aria-label", t(one.dataset.label));
  }
}
