// The photographs of a new catalogue, sent from here or a folder on the program's computer; and
// the boxes around the animals, if there are any.
import { post } from "../api.js";
import { labelled, make } from "../dom.js";
import { t } from "../texts.js";
import { boxesFile } from "./boxes_file.js";
import { dropZone } from "./drop_zone.js";
import { chooseFolder } from "./folder_chooser.js";

const PATH = "/v1/catalogue/pictures";

// `changed` is called when photographs have come. Returns {element, word(), boxes()}: the server's word for
// where they are, or null; boxes(table): the id of the boxes, or null.
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
  let boxes = null;
  const inTable = make("input", { type: "checkbox", "data-test": "boxes-in-table" });
  const boxesPart = make("details", { class: "stack" },
    make("summary", { text: t("table.boxes") }),
    make("div", { class: "choice" }, inTable, labelled(t("table.boxes_in_table"), inTable).firstChild),
    boxesFile({
      path: "/v1/catalogue/boxes", test: "catalogue-boxes",
      told: (answer) => {
        boxes = answer.boxes;
        return t("table.boxes_told", { count: answer.count, images: answer.images });
      },
    }));
  const element = make("div", { class: "stack" }, make("p", { text: t("table.pictures_what") }), zone, told, boxesPart);
  return { element, word: () => where, boxes: (table) => (inTable.checked ? table : boxes) };
}
