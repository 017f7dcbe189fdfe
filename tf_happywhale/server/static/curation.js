// The curators' page as it is served: a button in place of each command that it suggests.
import { post } from "./api.js";
import { confirm } from "./dialog.js";
import { button, make } from "./dom.js";
import { loadTexts, t } from "./texts.js";

// [verb, what is corrected, what it becomes]
function corrected(code) {
  const [verb, id, to] = JSON.parse(code.dataset.correction);
  const told = make("span", { role: "status" });
  const press = button(t(`curation.${verb}`, { id, to }), async () => {
    const what = t(`curation.${verb}_what`, { id, to });
    if (!(await confirm(t(`curation.${verb}_title`, { id, to }), what, press.textContent))) return;
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
