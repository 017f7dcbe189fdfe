// What to do next, in a few big steps, and what is being done.
import { post } from "../api.js";
import { busy, button, labelled, link, make, redraw } from "../dom.js";
import { jobView, showJobs, still } from "../parts/job_view.js";
import { guarded } from "../say.js";
import { isUnfinished, newest, newestFirst } from "../state.js";
import { t, tWord, when } from "../texts.js";
import { nextStep } from "../parts/next_step.js";
import { galleryWords, prepareButton } from "../parts/prepare.js";

export function show(main) {
  const work = make("section", { "aria-label": t("overview.work"), class: "work" });
  const steps = make("ol", { class: "steps", "data-test": "steps" });
  const trips = make("section", { class: "trips", "aria-labelledby": "trips-title", hidden: true });
  main.append(
    make("h1", { text: t("overview.title") }),
    make("p", { class: "lead", text: t("overview.lead") }),
    work, steps, trips);
  return {
    update(state) {
      const jobs = state.jobs.filter(isUnfinished);
      redraw(work, [jobs.map(still), state.trips.map((one) => one.name)], () => jobs.map((job) => jobView(job, state.trips)));
      showJobs(work, jobs);
      work.hidden = !jobs.length;
      const building = newest("gallery");
      const shown = [state.catalogue, state.gallery, building?.state, building?.error, nextStep(state),
        state.trips.length === 0];
      redraw(steps, shown, () => [knownStep(state), photographsStep(state)]);
      redraw(trips, state.trips, () => tripList(state.trips));
      trips.hidden = !state.trips.length;
    },
  };
}

function step(number, title, next, ...content) {
  return make(
    "li", { class: next ? "step next" : "step", "aria-current": next ? "step" : null, "data-test": `step-${number}` },
    make("div", { class: "number", "aria-hidden": "true", text: number }),
    make("div", { class: "step-content" }, make("h2", { text: title }), content));
}

function knownStep(state) {
  const next = nextStep(state);
  const { catalogue } = state;
  if (!catalogue && next === "known") {
    return step(1, t("overview.known"), true,
      make("p", { text: t("overview.known_what") }),
      make("div", { class: "row" },
        link(t("overview.choose"), "#/catalogue", { class: "button main", "data-test": "go-catalogue" })));
  }
  if (!catalogue) {
    return step(1, t("overview.known"), false,
      make("p", { text: t("overview.known_none") }),
      make("div", { class: "row" },
        link(t("overview.choose"), "#/catalogue", { class: "button", "data-test": "go-catalogue" })));
  }
  return step(1, t("overview.known"), next === "prepare",
    make("p", { text: t("overview.known_have", catalogue) }),
    catalogue.problem && make("p", { class: "note bad", text: catalogue.problem }),
    galleryWords(state),
    make("div", { class: "row" },
      prepareButton(state),
      state.gallery && link(t("overview.look"), "#/gallery", { class: "button", "data-test": "go-gallery" }),
      link(t("overview.catalogue"), "#/catalogue", { class: "button quiet", "data-test": "go-catalogue" })));
}

function photographsStep(state) {
  const name = make("input", {
    maxlength: 100, "data-test": "trip-name", autocomplete: "off", placeholder: t("overview.trip_example"),
  });
  const begin = async () => {
    const trip = await post("/v1/trips", { name: name.value.trim() || suggested() });
    location.hash = `#/trip/${encodeURIComponent(trip.id)}`;
  };
  const start = button(t("overview.begin"), guarded((event) => busy(event.target, begin)), {
    class: "main", "data-test": "trip-begin",
  });
  name.addEventListener("keydown", (event) => event.key === "Enter" && start.click());
  return step(2, t("overview.photographs"), nextStep(state) === "photographs",
    make("p", { text: t("overview.photographs_what") }),
    make("div", { class: "row bottom" }, labelled(t("overview.trip_name"), name), start));
}

const suggested = () => t("overview.trip_of", { day: new Date().toISOString().slice(0, 10) });

function tripList(trips) {
  if (!trips.length) return [];
  const cards = newestFirst(trips).map((trip) => make(
    "li", { class: "card trip", "data-test": `trip-${trip.id}` },
    make("h3", {}, link(trip.name, `#/trip/${encodeURIComponent(trip.id)}`)),
    make("p", { class: "hint", text: [when(trip.made), t("trip.photographs", { count: trip.photographs })].filter(Boolean).join(" · ") }),
    make("p", {}, make("span", { class: "pill", "data-state": trip.state, text: tWord("trip_state", trip.state) }),
      " ", trip.animals ? t("trip.decided", { decided: trip.decided, animals: trip.animals }) : ""),
    make("div", { class: "row" },
      ["to_review", "added"].includes(trip.state) && link(t("trip.review"), `/review/${encodeURIComponent(trip.id)}/index.html`, { class: "button main", "data-test": `review-${trip.id}` }),
      link(t("overview.open"), `#/trip/${encodeURIComponent(trip.id)}`, { class: "button", "data-test": `open-${trip.id}`, "aria-label": t("overview.open_trip", { name: trip.name }) }))));
  return [make("h2", { id: "trips-title", text: t("overview.trips") }), make("ul", { class: "cards" }, cards)];
}
