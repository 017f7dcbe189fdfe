// Who works here. It is asked once, and kept in this browser; decisions are signed with it.
import { labelled, make } from "./dom.js";
import { ask } from "./dialog.js";
import { t } from "./texts.js";

const KEY = "happywhale person"; // the review pages read it too
let unkept = "";

export function person() {
  try {
    return localStorage.getItem(KEY) ?? unkept;
  } catch {
    return unkept;
  }
}

function keep(name) {
  unkept = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // A browser that keeps nothing asks again the next time.
  }
}

export function showPerson() {
  const place = document.getElementById("person");
  place.textContent = person();
  place.setAttribute("aria-label", t("person.change", { name: person() }));
  place.hidden = !person();
}

export async function askPerson() {
  const input = make("input", {
    value: person(), autocomplete: "name", maxlength: 60, "data-test": "person-name",
  });
  const answer = () => {
    const name = input.value.trim();
    if (!name) throw new Error(t("person.empty"));
    return name;
  };
  const name = await ask(
    t("person.title"), labelled(t("person.label"), input, t("person.why")),
    [{ text: t("person.keep"), test: "person-keep", main: true, answer }],
    { cancel: Boolean(person()) });
  if (name) keep(name);
  showPerson();
}

// The name for what is sent; it is asked if there is none.
export async function signed() {
  if (!person()) await askPerson();
  return person();
}
