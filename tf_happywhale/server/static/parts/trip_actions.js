// What can be done with a trip now: identify, wait, review, add.
import { place, post } from "../api.js";
import { busy, button, link, make, redraw } from "../dom.js";
import { confirm } from "../dialog.js";
import { person, signed } from "../person.js";
import { guarded, say } from "../say.js";
import { isUnfinished, newest, refresh } from "../state.js";
import { t } from "../texts.js";
import { identifyChoices } from "./identify_choices.js";
import { jobView, showJobs, still } from "./job_view.js";

// Draw the buttons of `trip`, a row of the state, into `element`.
export function tripActions(element, trip, state) {
  const identify = newest("identify", trip.id);
  const add = newest("add", trip.id);
  const shown = [trip, still(identify), still(add), Boolean(state.catalogue), state.gallery];
  element.hidden = trip.state === "empty";
  redraw(element, shown, () => {
    if (identify && isUnfinished(identify)) return [running(identify)];
    const halted = identify && identify.state !== "done" ? jobView(identify) : null;
    if (["to_review", "added"].includes(trip.state)) return [halted, review(trip, add)];
    return [halted ?? begin(trip, state)];
  });
  showJobs(element, state.jobs);
}

const running = (job) => make("div", {}, make("h2", { text: t("trip.identifying") }),
  jobView(job, [], false), make("p", { class: "hint", text: t("trip.meanwhile") }));

const identifyButton = (trip, choices) =>
  button(t("trip.identify"), guarded((event) => busy(event.target, async () => {
    await post(place("trips", trip.id, "identify"), { by: person(), settings: choices.settings() });
    say(t("trip.identifying"));
    await refresh();
  })), { "data-test": "identify", class: "main big" });

function begin(trip, state) {
  const known = state.catalogue
    ? t("trip.among", state.catalogue)
    : t("trip.among_none");
  const stale = state.catalogue && !state.gallery && t("trip.slow");
  const choices = identifyChoices();
  return make("div", {}, make("h2", { text: t("trip.who") }),
    make("p", { text: [known, stale].filter(Boolean).join(" ") }),
    make("div", { class: "row" }, identifyButton(trip, choices)), choices.element);
}

function review(trip, add) {
  const adding = add && isUnfinished(add);
  return make("div", {},
    make("h2", { text: t(trip.state === "added" ? "trip.added_title" : "trip.ready") }),
    make("p", { "data-test": "decided", text: t("trip.decided", trip) }),
    make("progress", { max: trip.animals || 1, value: trip.decided, "aria-label": t("trip.decided", trip), class: "wide-bar" }),
    make("div", { class: "row" },
      link(t("trip.review"), `/review/${encodeURIComponent(trip.id)}/index.html`, { class: "button main big", "data-test": "review" }),
      trip.decided > 0 && !adding && addButton(trip),
      !adding && againButton(trip)),
    add && add.state !== "done" && jobView(add),
    trip.problem && add?.state !== "failed" && make("p", { class: "note near", text: trip.problem }),
    trip.state === "added" && make("p", { class: "note good-note", "data-test": "added", text: t("trip.added") }));
}

const addButton = (trip) =>
  button(t("trip.add"), guarded(async () => {
    const by = await signed();
    if (!by || !(await confirm(t("trip.add_title"), t("trip.add_what", trip), t("trip.add"), false))) return;
    await post(place("trips", trip.id, "add"), { by });
    say(t("trip.adding"));
    await refresh();
  }), { "data-test": "add" });

const againButton = (trip) =>
  button(t("trip.identify_again"), guarded(async () => {
    const what = trip.decided > 0 ? "trip.again_decided" : "trip.again_what";
    if (!(await confirm(t("trip.identify_again"), t(what, trip), t("trip.identify_again"), false))) return;
    await post(place("trips", trip.id, "identify"), { by: person() });
    await refresh();
  }), { class: "quiet", "data-test": "identify-again" });
