// The boxes of one photograph after the other, corrected by mouse or by keyboard.
import { place, query } from "../api.js";
import { button, make } from "../dom.js";
import { t } from "../texts.js";
import { keeping } from "./box_keeping.js";
import { middleBox, moved, resized, stepOf } from "./box_shapes.js";
import { described, stage } from "./box_stage.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Open at photographs[at]. `changed(photograph)` is called when its boxes have changed.
export function editBoxes({ trip, photographs, at, changed }) {
  let here = at;
  let selected = -1;
  let seen = null; // the stage
  let editing = null;
  let useless = false;
  const title = make("h2", { id: "boxes-title" });
  const status = make("p", { role: "status", class: "hint", "data-test": "box-status" });
  const middle = make("div", { class: "stage-place" });
  const addition = button(t("boxes.add"), () => add(), { class: "main", "data-test": "box-add" });
  const removal = button(t("boxes.remove"), () => drop(), { "data-test": "box-remove" });
  const back = button(t("boxes.undo"), () => undo(), { "data-test": "box-undo" });
  const before = button(t("boxes.before"), () => go(-1), { "data-test": "box-before" });
  const after = button(t("boxes.after"), () => go(1), { "data-test": "box-after" });
  const dialog = make(
    "dialog", { class: "box-dialog", "aria-labelledby": "boxes-title", "data-test": "box-dialog" },
    make("div", { class: "row between" }, title, status),
    middle,
    make("div", { class: "row" },
      addition, removal, back,
      make("span", { class: "grow" }), before, after,
      button(t("frame.close"), () => leave(), { "data-test": "box-close" })),
    make("details", { class: "reading" },
      make("summary", { text: t("boxes.how") }),
      make("p", { text: t("boxes.mouse") }), make("p", { class: "keys", text: t("boxes.keys") })));

  const photograph = () => photographs[here];
  const replace = (box) =>
    editing.change(photograph().boxes.map((one, place) => (place === selected ? box : one)));

  function open() {
    const one = photograph();
    selected = -1;
    title.textContent = t("boxes.title", { name: one.name, number: here + 1, of: photographs.length });
    status.textContent = t("boxes.count", { count: one.boxes.length });
    const mine = keeping({
      trip, photograph: one,
      changed: () => {
        changed(one);
        if (editing !== mine) return;
        seen.draw();
        buttons();
      },
      kept: (error) => {
        status.textContent = error ? t("boxes.unkept", { why: error.message }) : keptWords(one);
        status.classList.toggle("fault", Boolean(error));
      },
    });
    editing = mine;
    load(mine);
    const source = query(place("trips", trip, "pictures", one.name), { size: 1600 });
    seen = stage({ photograph: one, source, editing, select, selected: () => selected, locked: () => useless });
    middle.replaceChildren(seen.element);
    buttons();
  }

  // A model that looks at whole photographs uses no boxes: then they are only shown.
  async function load(mine) {
    try {
      const { source } = await mine.load();
      if (editing !== mine) return;
      useless = source === "whole";
      if (useless) status.textContent = t("boxes.useless");
      buttons();
    } catch (error) {
      status.textContent = error.message;
    }
  }

  const keptWords = (one) =>
    `${t("boxes.kept")} ${selected >= 0 && one.boxes[selected] ? described(one.boxes[selected], selected) : t("boxes.count", { count: one.boxes.length })}`;

  function select(at) {
    if (selected === at) return;
    selected = at;
    seen.draw();
    buttons();
  }

  function buttons() {
    addition.disabled = useless;
    removal.disabled = useless || !photograph().boxes[selected];
    before.disabled = here === 0;
    after.disabled = here === photographs.length - 1;
  }

  function add() {
    if (useless) return;
    editing.change([...photograph().boxes, middleBox(photograph())]);
    seen.focus(photograph().boxes.length - 1);
  }

  function drop() {
    if (useless || !photograph().boxes[selected]) return;
    const gone = selected;
    selected = Math.min(gone, photograph().boxes.length - 2);
    editing.change(photograph().boxes.filter((_, place) => place !== gone));
    if (selected >= 0) seen.focus(selected);
    else addition.focus();
  }

  function undo() {
    selected = -1;
    if (!editing.undo()) status.textContent = t("boxes.nothing");
  }

  async function go(by) {
    if (!photographs[here + by] || !(await editing.keep())) return;
    here += by;
    open();
    (by > 0 ? after : before).focus();
    if (document.activeElement?.disabled) dialog.querySelector("[data-test=box-close]").focus();
  }

  async function leave() {
    if (await editing.keep()) dialog.close();
  }

  function arrow(event) {
    const box = photograph().boxes[selected];
    const direction = ARROWS[event.key];
    if (useless || !direction || !box || !event.target.closest(".box")) return false;
    const step = stepOf(photograph(), event.ctrlKey || event.metaKey);
    const [dx, dy] = direction.map((one) => one * step);
    replace(event.shiftKey ? resized(box, "se", dx, dy, photograph()) : moved(box, dx, dy, photograph()));
    return true;
  }

  const KEYS = {
    n: add, u: undo, j: () => go(1), k: () => go(-1), PageDown: () => go(1), PageUp: () => go(-1),
    Delete: drop, Backspace: drop,
  };
  dialog.addEventListener("keydown", (event) => {
    const undoing = (event.ctrlKey || event.metaKey) && event.key === "z";
    if (undoing) undo();
    else if (!arrow(event)) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^[1-9]$/.test(event.key)) seen.focus(Number(event.key) - 1);
      else if (KEYS[event.key]) KEYS[event.key]();
      else return;
    }
    event.preventDefault();
  });
  // Escape closes only what is kept.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  const warn = (event) => editing.unkept() && event.preventDefault();
  window.addEventListener("beforeunload", warn);

  open();
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      window.removeEventListener("beforeunload", warn);
      dialog.remove();
      resolve(photograph());
    });
  });
}
