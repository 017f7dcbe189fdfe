// The gallery: what the model sees in each photograph of the catalogue, computed once.
import { post } from "../api.js";
import { busy, button, make } from "../dom.js";
import { person } from "../person.js";
import { guarded } from "../say.js";
import { isUnfinished, newest, refresh } from "../state.js";
import { t } from "../texts.js";

const building = () => {
  const job = newest("gallery");
  return job && isUnfinished(job) ? job : null;
};

// One sentence on the gallery, or a fault of the job that made it.
export function galleryWords(state) {
  const job = newest("gallery");
  if (building()) return make("p", { class: "hint", text: t("prepare.running") });
  if (job?.state === "failed") return make("p", { class: "note bad", text: t("prepare.failed", { why: job.error ?? "" }) });
  if (state.gallery?.problem) return make("p", { class: "note bad", text: state.gallery.problem });
  if (!state.gallery) return make("p", { class: "hint", text: t("prepare.why") });
  if (state.gallery.stale) return make("p", { class: "note near", text: t("prepare.stale") });
  return make("p", { class: "hint", text: t("prepare.ready", state.gallery) });
}

export function prepareButton(state) {
  if (!state.catalogue || building() || (state.gallery && !state.gallery.stale && !state.gallery.problem)) return null;
  const begin = async () => {
    await post("/v1/gallery", { by: person() });
    await refresh();
  };
  return button(t("prepare.begin"), guarded((event) => busy(event.target, begin)), {
    class: "main", "data-test": "prepare",
  });
}
