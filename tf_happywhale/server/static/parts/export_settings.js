// What some formats want to know beside the catalogue.
import { labelled, make } from "../dom.js";
import { t } from "../texts.js";

const OF = {
  "exchange.timezone": ["camtrap-dp"],
  "exchange.species": ["camtrap-dp", "darwin-core", "wildbook"],
  "exchange.submitter": ["wildbook"],
};

// Returns {element, show(kind), given()}.
export function exportSettings() {
  const input = (name) => make("input", { autocomplete: "off", maxlength: 500, "data-test": name });
  const fields = {
    "exchange.timezone": labelled(t("exports.timezone"), input("export-timezone"), t("exports.timezone_hint")),
    "exchange.species": labelled(t("exports.species"), input("export-species"), t("exports.species_hint")),
    "exchange.submitter": labelled(t("exports.submitter"), input("export-submitter"), t("exports.submitter_hint")),
  };
  const element = make("div", { class: "row top" }, Object.values(fields));
  return {
    element,
    show(kind) {
      for (const [name, field] of Object.entries(fields)) field.hidden = !OF[name].includes(kind);
      element.hidden = Object.values(fields).every((field) => field.hidden);
    },
    given() {
      const settings = {};
      for (const [name, field] of Object.entries(fields)) {
        const value = field.querySelector("input").value.trim();
        if (value && !field.hidden) settings[name] = name === "exchange.species" ? `{${value}}` : value;
      }
      return settings;
    },
  };
}
