// The curators' page as it is served: a button in place of each command that it suggests.
import { post } from "./api.js";
import { confirm } from "./dialog.js";
import { button, make } from "./dom.js";
import { loadTexts, t } from "./texts.js";

// The texts of each correction: its button, its question, and what it does.
const TEXTS = {
  merge: ["curation.merge", "curation.merge_title", "curation.merge_what"],
  move: ["curation.move", "curation.move_title", "curation.move_what"],
};

// [verb, what is corrected, what it becomes]
function corrected(code) {
  const [verb, id, to] = JSON.parse(code.dataset.correction);
  const told = make("span", { role: "status" });
  const [deed, title, what] = TEXTS[verb].map((key) => t(key, { id, to }));
  const press = button(deed, async () => {
    if (!(await confirm(title, what, deed))) return;
    told.textContent = "";
    try {
      await post("/v1/gallery/corrections", { verb, words: [id, to] });
      press.disabled = true;
      told.textContent = t("curation.done");
    } catch (refused) {
      told.textContent = refused.message;
    }
  }, { "data-test": `correct-${verb}` });
  code.replaceWith(press, " ", told);
}

async function start() {
  await loadTexts();
  for (const code of document.querySelectorAll("code[data-correction]")) corrected(code);
  const back = make("a", { href: "/#/gallery", text: t("curation.back"), "data-test": "curation-back" });
  document.querySelector("header").prepend(make("p", { class: "home" }, back));
  document.documentElement.classList.add("ready"); // the style shows buttons from now on
}

start();
