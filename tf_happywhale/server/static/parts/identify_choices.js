// What a person may say before photographs are compared.
import { labelled, make } from "../dom.js";
import { t, tWord } from "../texts.js";

const SIDES = ["null", "left", "right", "dorsal", "ventral", "front", "back"]; // null: not said

// Returns {element, settings()}: only what differs from the usual is sent.
export function identifyChoices() {
  const side = make("select", { "data-test": "identify-side" },
    SIDES.map((one) => make("option", { value: one, text: tWord("side", one) })));
  const encounters = make("input", { type: "checkbox", "data-test": "identify-encounters" });
  const element = make("details", { class: "stack", "data-test": "identify-choices" },
    make("summary", { text: t("trip.choices") }),
    labelled(t("trip.side"), side, t("trip.side_what")),
    make("div", { class: "choice" }, encounters, labelled(t("trip.encounters"), encounters).firstChild));
  return {
    element,
    settings() {
      const given = {};
      if (side.value !== "null") given["identify.viewpoint"] = side.value;
      if (encounters.checked) given["identify.encounters"] = "time";
      return given;
    },
  };
}
