// The catalogue: chosen, made from a table and photographs, or none.
import { post } from "../api.js";
import { busy, button, link, make, redraw } from "../dom.js";
import { chooseFolder } from "../parts/folder_chooser.js";
import { galleryWords, prepareButton } from "../parts/prepare.js";
import { tableImport } from "../parts/table_import.js";
import { guarded, say } from "../say.js";
import { newest, refresh } from "../state.js";
import { t } from "../texts.js";

export function show(main) {
  const present = make("section", { "aria-label": t("catalogue.present"), "data-test": "catalogue-present" });
  const ways = make("div", { class: "ways" });
  const making = make("div");
  main.append(
    make("h1", { text: t("catalogue.title") }), make("p", { class: "lead", text: t("catalogue.lead") }),
    present, ways, making);
  const begin = () => {
    making.replaceChildren(tableImport(() => making.replaceChildren()));
    making.querySelector("input:not(.unseen)").focus();
    making.scrollIntoView({ block: "start" });
  };
  return {
    update(state) {
      const shown = [state.catalogue, state.gallery, newest("gallery")?.state];
      redraw(present, shown, () => (state.catalogue ? chosen(state) : null));
      present.hidden = !state.catalogue;
      redraw(ways, Boolean(state.catalogue), () =>
        state.catalogue ? null : [folderWay(), tableWay(begin), noneWay()]);
      ways.hidden = Boolean(state.catalogue);
    },
  };
}

function chosen(state) {
  const { catalogue } = state;
  return make("div", { class: "card" },
    make("h2", { text: t("catalogue.present") }),
    make("p", { text: t("overview.known_have", catalogue) }),
    make("p", { class: "path", text: catalogue.folder }),
    catalogue.problem && make("p", { class: "note bad", text: catalogue.problem }),
    galleryWords(state),
    make("div", { class: "row" }, prepareButton(state),
      link(t("catalogue.on"), "#/", { class: "button", "data-test": "go-on" })));
}

const way = (title, text, ...controls) =>
  make("section", { class: "card" }, make("h2", { text: title }), make("p", { text }), controls);

function folderWay() {
  const choose = async () => {
    const folder = await chooseFolder(t("catalogue.folder_title"));
    if (!folder) return;
    await post("/v1/catalogue/choose", { folder });
    say(t("catalogue.chosen"));
    await refresh();
  };
  return way(t("catalogue.folder"), t("catalogue.folder_what"),
    button(t("catalogue.choose"), guarded((event) => busy(event.target, choose)), {
      class: "main", "data-test": "choose-folder",
    }));
}

const tableWay = (begin) => way(t("catalogue.table"), t("catalogue.table_what"),
  button(t("catalogue.begin"), begin, { class: "main", "data-test": "begin-table" }));

function noneWay() {
  const none = async () => {
    await post("/v1/catalogue/none");
    say(t("catalogue.none_done"));
    await refresh();
    location.hash = "#/";
  };
  return way(t("catalogue.none"), t("catalogue.none_what"),
    button(t("catalogue.none_do"), guarded((event) => busy(event.target, none)), {
      class: "main", "data-test": "no-catalogue",
    }));
}
