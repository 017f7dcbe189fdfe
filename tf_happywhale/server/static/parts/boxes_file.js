// A file of boxes, such as a detector's: sent at once, and what was found in it is told.
import { postForm } from "../api.js";
import { labelled, make } from "../dom.js";
import { guarded } from "../say.js";
import { t } from "../texts.js";

// settings: path, test, told(answer) → the sentence to show.
export function boxesFile({ path, test, told }) {
  const words = make("p", { class: "hint", "aria-live": "polite" });
  const input = make("input", {
    type: "file", accept: ".csv,.json,.txt,.xlsx", "data-test": test,
    onchange: guarded(async (event) => {
      const file = event.target.files[0];
      if (!file) return;
      words.textContent = "";
      const form = new FormData();
      form.append("boxes", file, file.name);
      try {
        words.textContent = told(await postForm(path, form, () => {}));
      } finally {
        event.target.value = "";
      }
    }),
  });
  return make("div", {}, labelled(t("boxes.file"), input, t("boxes.file_what")), words);
}
