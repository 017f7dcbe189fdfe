// A folder on the machine of the server, found by clicking through folders.
import { get, query } from "../api.js";
import { button, make } from "../dom.js";
import { ask } from "../dialog.js";
import { complain } from "../say.js";
import { t } from "../texts.js";

// Resolves to a path, or to null if the dialog was closed.
export async function chooseFolder(title) {
  let here = await folders("");
  const path = make("p", { class: "path", "data-test": "folder-path", "aria-live": "polite" });
  const list = make("ul", { class: "plain folders", "data-test": "folder-list" });
  const content = make("div", { class: "chooser" }, path, list);

  async function open(to) {
    try {
      here = await folders(to);
    } catch (error) {
      return complain(error);
    }
    draw();
    list.querySelector("button")?.focus();
    return undefined;
  }

  function draw() {
    path.textContent = here.path || t("folders.top");
    const items = here.folders.map((one) => {
      const count = one.catalogue ? t("folders.catalogue") : one.pictures ? t("folders.pictures", { count: one.pictures }) : "";
      const opener = button("", () => open(one.path ?? joined(here.path, one.name)), {
        class: "folder", "data-test": `folder-${one.name}`,
      });
      opener.append(make("bdi", { text: one.name }), make("span", { class: "hint", text: count }));
      return make("li", {}, opener);
    });
    if (here.parent !== null) {
      const up = button(t("folders.up"), () => open(here.parent), {
        class: "folder", "data-test": "folder-up",
      });
      items.unshift(make("li", {}, up));
    }
    if (!here.folders.length) items.push(make("li", { class: "hint", text: t("folders.none") }));
    list.replaceChildren(...items);
  }

  const taken = () => {
    if (!here.path) throw new Error(t("folders.choose"));
    return here.path;
  };

  draw();
  const take = { text: t("folders.take"), test: "folder-take", main: true, answer: taken };
  return ask(title, content, [take], { wide: true });
}

const folders = (path) => get(query("/v1/folders", { path }));

function joined(path, name) {
  const mark = path.includes("\\") && !path.includes("/") ? "\\" : "/";
  return path.endsWith(mark) ? path + name : path + mark + name;
}
