// One individual: its pictures, and what can be corrected. Each correction is named before it is done.
import { get, place, post } from "../api.js";
import { button, labelled, link, make } from "../dom.js";
import { ask, confirm } from "../dialog.js";
import { complain, guarded, say } from "../say.js";
import { refresh } from "../state.js";
import { plain, t } from "../texts.js";
import { galleryPicture } from "./gallery_picture.js";
import { askId } from "./id_field.js";

export function showIndividual(main, id) {
  const title = make("h1", { text: id, "data-test": "individual-id" });
  const lead = make("p", { class: "lead" });
  const list = make("ul", { class: "pictures", "data-test": "pictures" });
  const deeds = make("div", { class: "row" },
    button(t("individual.rename"), guarded(rename), { "data-test": "rename", class: "main" }),
    button(t("individual.merge"), guarded(merge), { "data-test": "merge" }),
    button(t("individual.remove"), guarded(removeAll), { "data-test": "remove", class: "danger" }));
  main.append(link(t("individual.back"), "#/gallery", { class: "back" }), title, lead, deeds, list);
  let images = [];

  async function load() {
    const found = await get(place("gallery", "individuals", id));
    images = found.images;
    lead.textContent = [plain(found.species), t("gallery.images", { count: images.length })].filter(Boolean).join(" · ");
    list.replaceChildren(...images.map(card));
  }

  function card(one) {
    return make("li", { class: "card" },
      galleryPicture(one.image, 640, t("individual.picture", { id, image: one.image })),
      make("bdi", { class: "file-name", text: one.image }),
      one.date && make("span", { class: "hint", text: one.date }),
      make("div", { class: "row" },
        button(t("individual.move"), guarded(() => move(one.image)), { "data-test": `move-${one.image}`, "aria-label": t("individual.move_button", one) }),
        button(t("individual.drop"), guarded(() => drop(one.image)), { "data-test": `drop-${one.image}`, "aria-label": t("individual.drop_image", one), class: "danger" })));
  }

  // Afterwards: `to`, another individual, or this one again.
  async function correct(verb, words, told, to = null) {
    await post("/v1/gallery/corrections", { verb, words });
    say(told);
    await refresh();
    if (to === null) await load();
    else location.hash = to ? `#/gallery/${encodeURIComponent(to)}` : "#/gallery";
  }

  async function rename() {
    const input = make("input", { value: id, maxlength: 100, "data-test": "new-name", autocomplete: "off" });
    const answer = () => {
      const name = input.value.trim();
      if (!name || name === id) throw new Error(t("individual.rename_empty"));
      return name;
    };
    const name = await ask(t("individual.rename_title", { id }), labelled(t("individual.rename_label"), input, t("individual.rename_what", { id, count: images.length })),
      [{ text: t("individual.rename"), test: "dialog-confirm", main: true, answer }]);
    if (name) await correct("rename", [id, name], t("individual.renamed", { id, name }), name);
  }

  async function merge() {
    const into = await askId(t("individual.merge_title", { id }), t("individual.merge_label"), id);
    if (!into) return;
    const what = t("individual.merge_what", { id, into, count: images.length });
    if (await confirm(t("individual.merge"), what, t("individual.merge_do"))) {
      await correct("merge", [id, into], t("individual.merged", { id, into }), into);
    }
  }

  async function removeAll() {
    const what = t("individual.remove_what", { id, count: images.length });
    if (await confirm(t("individual.remove"), what, t("individual.remove"))) {
      await correct("remove", [id], t("individual.removed", { id }), "");
    }
  }

  async function move(image) {
    const to = await askId(t("individual.move_image", { image }), t("individual.move_label"), id);
    if (!to) return;
    const what = t("individual.move_what", { image, id, to });
    if (await confirm(t("individual.move"), what, t("individual.move"), false)) {
      await correct("move", [image, to], t("individual.moved", { image, to }), images.length > 1 ? null : to);
    }
  }

  async function drop(image) {
    if (await confirm(t("individual.drop"), t("individual.drop_what", { image, id }), t("individual.drop"))) {
      await correct("drop", [image], t("individual.dropped", { image }), images.length > 1 ? null : "");
    }
  }

  load().catch(complain);
  return {};
}
