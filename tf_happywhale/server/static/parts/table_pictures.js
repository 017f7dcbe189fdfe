// The photographs of a new catalogue: sent from here, or a folder on the program's computer.
import { post } from "../api.js";
import { make } from "../dom.js";
import { t } from "../texts.js";
import { dropZone } from "./drop_zone.js";
import { chooseFolder } from "./folder_chooser.js";

const PATH = "/v1/catalogue/pictures";

// `changed` is called when photographs have come. Returns {element, word()}: the server's word for
// where they are, or null.
export function picturesPart(changed) {
  let where = null;
  const told = make("p", { class: "hint", "aria-live": "polite", "data-test": "pictures-count" });

  function learn(answer) {
    where = answer.pictures;
    told.textContent = t("table.have", { count: answer.count });
  }

  const zone = dropZone({
    test: "catalogue-drop", accept: "image/*,.heic,.heif,.tif,.tiff", path: () => PATH, learn,
    after: changed,
    folder: async () => {
      const folder = await chooseFolder(t("table.folder"));
      if (!folder) return;
      learn(await post(PATH, { folder }));
      changed();
    },
  });
  const element = make("div", { class: "stack" }, make("p", { text: t("table.pictures_what") }), zone, told);
  return { element, word: () => where };
}
