// The individuals that are known, each with a picture; or one of them (#/gallery/ID).
import { get, post, query } from "../api.js";
import { busy, button, labelled, link, make, redraw } from "../dom.js";
import { showIndividual } from "../parts/individual.js";
import { galleryPicture } from "../parts/gallery_picture.js";
import { jobView, showJobs, still } from "../parts/job_view.js";
import { galleryWords, prepareButton } from "../parts/prepare.js";
import { person } from "../person.js";
import { guarded } from "../say.js";
import { isUnfinished, newest, refresh } from "../state.js";
import { plain, t } from "../texts.js";

const AT_ONCE = 48;
const WAIT = 250; // ms after the last key

export function show(main, [id]) {
  return id ? showIndividual(main, id) : showAll(main);
}

function showAll(main) {
  let found = [];
  let total = 0;
  let asked = 0; // the newest question: an older answer that comes later is not shown
  let timer = 0;
  const search = make("input", { type: "search", "data-test": "search", autocomplete: "off" });
  const told = make("p", { class: "hint", role: "status" });
  const list = make("ul", { class: "individuals", "data-test": "individuals" });
  const more = button(t("gallery.more"), guarded(() => load(false)), { "data-test": "more", hidden: true });
  const none = make("section", { class: "card", hidden: true });
  const content = make("div", { hidden: true, class: "stack" },
    make("div", { class: "row bottom" }, labelled(t("gallery.search"), search),
      button(t("gallery.new"), () => ((search.value = "new"), load(true)), { "data-test": "search-new" })),
    make("p", { class: "hint", text: t("gallery.new_what") }), told, list, more);
  const curation = make("section", { class: "card", "aria-labelledby": "curate-title" });
  main.append(make("h1", { text: t("gallery.title") }), make("p", { class: "lead", text: t("gallery.lead") }),
    none, content, curation);
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(guarded(() => load(true)), WAIT);
  });

  async function load(again) {
    const question = ++asked;
    const from = again ? 0 : found.length;
    const path = query("/v1/gallery/individuals", { search: search.value.trim(), from, count: AT_ONCE });
    const answer = await get(path);
    if (question !== asked) return;
    found = again ? answer.individuals : [...found, ...answer.individuals];
    total = answer.total ?? found.length;
    list.replaceChildren(...found.map(card));
    told.textContent = t("gallery.found", { count: total });
    more.hidden = found.length >= total;
  }

  let drawn = "";
  return {
    update(state) {
      none.hidden = Boolean(state.gallery);
      content.hidden = !state.gallery;
      curation.hidden = !state.gallery;
      redraw(none, [state.catalogue, newest("gallery")?.state], () => [
        make("h2", { text: t("gallery.none") }), state.catalogue ? galleryWords(state) : make("p", { text: t("gallery.no_catalogue") }),
        make("div", { class: "row" }, prepareButton(state), !state.catalogue && link(t("overview.choose"), "#/catalogue", { class: "button main" }))]);
      const job = newest("curate");
      redraw(curation, still(job), () => curate(job));
      showJobs(curation, state.jobs);
      const mark = JSON.stringify(state.gallery);
      if (state.gallery && mark !== drawn) guarded(() => load(true))();
      drawn = mark;
    },
  };
}

function card(one) {
  const words = [plain(one.species), t("gallery.images", { count: one.images })].filter(Boolean).join(" · ");
  return make("li", {},
    make("a", { class: "individual", href: `#/gallery/${encodeURIComponent(one.id)}`, "data-test": `individual-${one.id}` },
      galleryPicture(one.image, 320, ""),
      make("bdi", { class: "who", text: one.id }), make("span", { class: "hint", text: words })));
}

function curate(job) {
  const begin = async () => {
    await post("/v1/gallery/curate", { by: person() });
    await refresh();
  };
  const unfinished = job && isUnfinished(job);
  return [
    make("h2", { id: "curate-title", text: t("gallery.curate") }), make("p", { text: t("gallery.curate_what") }),
    job && job.state !== "done" && jobView(job, [], false),
    make("div", { class: "row" },
      !unfinished && button(t("gallery.curate_do"), guarded((event) => busy(event.target, begin)), { "data-test": "curate" }),
      job?.state === "done" && link(t("gallery.curate_look"), "/curation/", { class: "button main", "data-test": "curation" }))];
}
