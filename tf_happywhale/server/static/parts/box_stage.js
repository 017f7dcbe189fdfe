// The photograph with its boxes: drawn, moved and resized by mouse, pen or finger.
import { make } from "../dom.js";
import { t } from "../texts.js";
import { boxBetween, inPercent, moved, resized } from "./box_shapes.js";

const EDGES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

// settings: photograph, source, editing (keeping), select(place), selected() → place or -1,
// locked(): they are only shown.
export function stage({ photograph, source, editing, select, selected, locked }) {
  const picture = make("img", { src: source, alt: t("boxes.picture", { name: photograph.name }), draggable: "false" });
  const layer = make("div", { class: "boxes" });
  const element = make("div", { class: "stage", "data-test": "box-stage" }, picture, layer);
  element.style.setProperty("--ratio", photograph.width / photograph.height || 1);
  let drag = null;

  function draw() {
    const focused = [...layer.children].indexOf(document.activeElement);
    const old = [...layer.children];
    photograph.boxes.forEach((box, at) => {
      const one = old[at] ?? layer.appendChild(newBox());
      place(one, box);
      one.setAttribute("aria-pressed", String(at === selected()));
      one.setAttribute("aria-label", described(box, at));
      one.firstChild.textContent = String(at + 1);
    });
    for (const one of old.slice(photograph.boxes.length)) one.remove();
    if (focused >= photograph.boxes.length) layer.lastElementChild?.focus();
  }

  const newBox = () =>
    make("button", { type: "button", class: "box", onfocus: (event) => select(placeOf(event.target)) },
      make("span", { class: "box-number" }),
      EDGES.map((edge) => make("span", { class: "edge", "data-edge": edge })));

  const placeOf = (target) => [...layer.children].indexOf(target.closest(".box"));

  // The point in pixels of the photograph.
  function point(event) {
    const seen = element.getBoundingClientRect();
    return [
      ((event.clientX - seen.left) / seen.width) * photograph.width,
      ((event.clientY - seen.top) / seen.height) * photograph.height,
    ];
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drag) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    const at = event.target.closest(".box") ? placeOf(event.target) : -1;
    if (at >= 0) layer.children[at].focus();
    drag = {
      at, from: point(event), boxes: photograph.boxes, edge: event.target.dataset.edge, moving: false,
    };
  });
  element.addEventListener("pointermove", (event) => {
    if (!drag || locked()) return;
    if (!drag.moving) editing.begin();
    drag.moving = true;
    const boxes = after(point(event));
    if (boxes) editing.show(boxes);
  });
  const finish = () => {
    if (drag?.moving) {
      editing.end();
      if (drag.at < 0 && photograph.boxes.length > drag.boxes.length) layer.lastElementChild.focus();
    }
    drag = null;
  };
  element.addEventListener("pointerup", finish);
  element.addEventListener("pointercancel", finish);

  // The boxes if the drag ended here.
  function after(to) {
    const { at, from, boxes, edge } = drag;
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    if (at < 0) {
      const box = boxBetween(from, to, photograph);
      return box ? [...boxes, box] : boxes;
    }
    const change = edge ? resized(boxes[at], edge, dx, dy, photograph) : moved(boxes[at], dx, dy, photograph);
    return boxes.map((box, place) => (place === at ? change : box));
  }

  draw();
  return { element, draw, focus: (at) => layer.children[at]?.focus() };

  function place(one, box) {
    const where = inPercent(box, photograph);
    for (const [name, value] of Object.entries(where)) one.style.setProperty(name, `${value}%`);
  }
}

export function described(box, at) {
  return t("boxes.animal_at", {
    number: at + 1, left: box.xmin, top: box.ymin, width: box.xmax - box.xmin, height: box.ymax - box.ymin,
  });
}
