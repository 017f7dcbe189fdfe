// The photographs of a trip with their boxes, a few at a time.
import { place, query } from "../api.js";
import { button, drawn, labelled, make } from "../dom.js";
import { t } from "../texts.js";
import { editBoxes } from "./box_editor.js";

const AT_ONCE = 48;
const FILTERS = {
  all: () => true,
  none: (one) => one.boxes.length === 0,
  several: (one) => one.boxes.length > 1,
};

// Returns {element, draw(photographs)}.
export function photographGrid(trip) {
  let all = [];
  let shown = AT_ONCE;
  const cards = new Map(); // by name
  const list = make("ul", { class: "photographs", "data-test": "photographs" });
  const told = make("p", { class: "hint" });
  const more = button(t("trip.more"), () => ((shown += AT_ONCE), fill()), { "data-test": "more" });
  const filter = make(
    "select", { onchange: () => ((shown = AT_ONCE), fill()), "data-test": "filter" },
    make("option", { value: "all", text: t("trip.filter_all") }),
    make("option", { value: "none", text: t("trip.filter_none") }),
    make("option", { value: "several", text: t("trip.filter_several") }));
  const element = make(
    "section", { "aria-labelledby": "photographs-title", hidden: true },
    make("div", { class: "row between bottom" },
      make("h2", { id: "photographs-title", text: t("trip.photographs_title") }),
      labelled(t("trip.filter"), filter)),
    make("p", { text: t("trip.boxes_what") }), list, told, more);

  const chosen = () => all.filter(FILTERS[filter.value]);

  function fill() {
    const some = chosen();
    element.hidden = !all.length;
    list.replaceChildren(...some.slice(0, shown).map(card));
    more.hidden = some.length <= shown;
    told.textContent = some.length ? t("trip.shown", { shown: Math.min(shown, some.length), count: some.length }) : t("trip.filter_empty");
  }

  function card(one) {
    if (!cards.has(one.name)) cards.set(one.name, newCard(one));
    return cards.get(one.name);
  }

  function newCard(one) {
    const source = query(place("trips", trip, "pictures", one.name), { size: 480 });
    const frame = make("button", {
      type: "button", class: "photograph", "data-test": `photograph-${one.name}`, onclick: () => edit(one),
    }, make("span", { class: "picture" }, make("img", { src: source, alt: "", loading: "lazy" }), overlay(one)),
    make("bdi", { class: "file-name", text: one.name }), make("span", { class: "hint" }));
    const item = make("li", {}, frame);
    describe(item, one);
    return item;
  }

  function describe(item, one) {
    item.querySelector(".hint").textContent = t("boxes.count", { count: one.boxes.length });
    item.querySelector(".picture svg").replaceWith(overlay(one));
  }

  async function edit(one) {
    const some = chosen();
    const changed = (now) => cards.has(now.name) && describe(cards.get(now.name), now);
    const last = await editBoxes({ trip, photographs: some, at: some.indexOf(one), changed });
    const at = chosen().indexOf(last);
    if (at >= shown) shown = at + 1;
    fill();
    (cards.get(last.name)?.querySelector("button") ?? filter).focus();
  }

  return {
    element,
    draw(photographs) {
      all = photographs;
      cards.clear();
      fill();
    },
  };
}

// The boxes over a picture that is shown whole in its frame.
function overlay({ width, height, boxes }) {
  const line = Math.max(width, height) / 100;
  const parts = boxes.flatMap((box) => [
    drawn("rect", { x: box.xmin, y: box.ymin, width: box.xmax - box.xmin, height: box.ymax - box.ymin, "stroke-width": line }),
    drawn("text", { x: box.xmin + line * 1.5, y: box.ymin + line * 7, "font-size": line * 7, "stroke-width": line * 1.2, text: box.number }),
  ]);
  return drawn("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", class: "overlay" }, parts);
}
