// Elements are made here, and only here. Texts go in as text, so that a name that looks like
// code stays a name.

// make("button", { class: "big", onclick: go, text: words }, child, …). null and false are left out.
export function make(tag, settings = {}, ...children) {
  const made = document.createElement(tag);
  set(made, settings);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawn(tag, settings = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  set(made, settings);
  made.append(...children.flat());
  return made;
}

function set(element, settings) {
  for (const [name, value] of Object.entries(settings)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

// Draw a part again only if what it shows has changed. The focus returns to what had it:
// to the element with the same id or data-test.
export function redraw(place, shown, build) {
  const signature = JSON.stringify(shown);
  if (place.signature === signature) return false;
  place.signature = signature;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const name = focused && (focused.id || focused.dataset.test);
  const open = [...place.querySelectorAll("details[open]")].map((one) => one.dataset.test);
  place.replaceChildren(...[build()].flat().filter(Boolean));
  for (const one of place.querySelectorAll("details")) {
    if (one.dataset.test && open.includes(one.dataset.test)) one.open = true;
  }
  if (name) {
    const same = [...place.querySelectorAll("[id], [data-test]")];
    same.find((one) => one.id === name || one.dataset.test === name)?.focus({ preventScroll: true });
  }
  return true;
}

let number = 0;

// A control with its label above it.
export function labelled(text, control, hint = "") {
  control.id ||= `control-${++number}`;
  const label = make("label", { for: control.id, text });
  if (!hint) return make("div", { class: "field" }, label, control);
  const help = make("p", { class: "hint", id: `${control.id}-hint`, text: hint });
  control.setAttribute("aria-describedby", help.id);
  return make("div", { class: "field" }, label, control, help);
}

export function button(text, onclick, settings = {}) {
  return make("button", { type: "button", onclick, text, ...settings });
}

export function link(text, href, settings = {}) {
  return make("a", { href, text, ...settings });
}

// While something is asked of the server the button cannot be pressed again.
export async function busy(control, work) {
  if (control.getAttribute("aria-disabled") === "true") return;
  control.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    control.removeAttribute("aria-disabled");
  }
}
