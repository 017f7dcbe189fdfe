// Another individual is named: typed, with the known ids that begin so.
import { get, query } from "../api.js";
import { labelled, make } from "../dom.js";
import { ask } from "../dialog.js";
import { t } from "../texts.js";

const SHOWN = 20;

// Resolves to an id, or to null.
export function askId(title, label, not) {
  const known = make("datalist", { id: "known-ids" });
  const input = make("input", { list: "known-ids", autocomplete: "off", maxlength: 100, "data-test": "other-id" });
  input.addEventListener("input", async () => {
    const search = input.value.trim();
    try {
      const found = await get(query("/v1/gallery/individuals", { search, from: 0, count: SHOWN }));
      const options = found.individuals.filter((one) => one.id !== not);
      known.replaceChildren(...options.map((one) => make("option", { value: one.id })));
    } catch {
      // Without the list the id is typed in full.
    }
  });
  const answer = () => {
    const id = input.value.trim();
    if (!id || id === not) throw new Error(t("individual.other_empty"));
    return id;
  };
  return ask(title, make("div", {}, labelled(label, input), known),
    [{ text: t("individual.next"), test: "dialog-next", main: true, answer }]);
}
