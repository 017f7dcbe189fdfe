// A model of one's own: started, watched, stopped; and which model is used.
import { get, post } from "../api.js";
import { button, link, make, redraw } from "../dom.js";
import { confirm } from "../dialog.js";
import { chart } from "../parts/chart.js";
import { jobButtons, jobWords, still } from "../parts/job_view.js";
import { person } from "../person.js";
import { complain, guarded, say } from "../say.js";
import { isUnfinished, newest, refresh } from "../state.js";
import { figure, t, timeLeft, tWord } from "../texts.js";

export function show(main) {
  const own = make("section", { "aria-labelledby": "own-title", "data-test": "own-training" });
  const models = make("section", { "aria-labelledby": "models-title", "data-test": "models" });
  main.append(make("h1", { text: t("training.title") }), make("p", { class: "lead", text: t("training.lead") }), own, models);
  let asking = false;
  let seen = ""; // the models were asked for in this state

  async function load(state) {
    if (asking) return;
    asking = true;
    try {
      const training = await get("/v1/training");
      const job = newest("training");
      const shown = [training.epochs, training.model, still(job), state.catalogue];
      redraw(own, shown, () => ownModel(training, job, state));
      const now = own.querySelector("[data-test=training-now]");
      if (now) tell(now, training, job);
      const mark = JSON.stringify([state.model, training.model, newest("gallery")?.state]);
      if (mark !== seen) {
        const answer = await get("/v1/models");
        redraw(models, answer, () => choice(answer.models));
        seen = mark;
      }
    } catch (error) {
      complain(error);
    } finally {
      asking = false;
    }
  }
  return { update: load };
}

function ownModel(training, job, state) {
  const head = make("h2", { id: "own-title", text: t("training.own") });
  if (!state.catalogue) {
    return [head, make("p", { text: t("training.no_catalogue") }),
      make("div", { class: "row" }, link(t("overview.choose"), "#/catalogue", { class: "button main" }))];
  }
  const going = job && isUnfinished(job);
  return [head, make("p", { text: t("training.what", state.catalogue) }), going && progress(training, job),
    job?.state === "failed" && make("p", { class: "note bad", text: jobWords(job) }),
    job?.state === "stopped" && make("p", { class: "note", text: t("training.stopped") }),
    make("div", { class: "row" }, buttons(training, job)), charts(training)];
}

function progress(training, job) {
  const element = make("div", { class: "job", "data-test": "training-now" },
    make("progress", { "aria-label": t("training.progress"), class: "wide-bar" }),
    make("p", { "data-test": "training-words" }), make("p", { class: "log-line" }));
  tell(element, training, job);
  return element;
}

// Changed in place, so that the button below stays the same one while it is pressed.
function tell(element, training, job) {
  const of = training.of ?? 0;
  const left = timeLeft(training.seconds_left ?? job.seconds_left);
  const epoch = of && t("training.epoch", { epoch: training.epoch ?? 0, of });
  const words = of ? [training.round ? t("training.round", training) : "", epoch].filter(Boolean).join(" · ") : jobWords(job);
  const [bar, told, line] = element.children;
  bar.max = of || 100;
  bar.value = of ? (training.epoch ?? 0) : (job.percent ?? 0);
  told.textContent = [words, left && t("training.left", { left })].filter(Boolean).join(" · ");
  line.textContent = job.line ?? "";
}

function buttons(training, job) {
  const begin = async (restart) => {
    const what = training.model ? "training.begin_again" : "training.begin_what";
    const sentence = restart ? t("training.again_what") : t(what);
    if (!(await confirm(t("training.begin"), sentence, t("training.begin"), restart))) return;
    await post("/v1/training", { by: person(), restart });
    await refresh();
  };
  if (job && isUnfinished(job)) return jobButtons(job, t("training.own"));
  if (job && job.state !== "done") {
    // A training of other photographs cannot be resumed; it can be begun again.
    const again = button(t("training.again"), guarded(() => begin(true)), { class: "quiet", "data-test": "train-again" });
    return [...jobButtons(job, t("training.own")), again];
  }
  return [button(t("training.begin"), guarded(() => begin(false)), { class: "main", "data-test": "train" })];
}

// What was measured after some epochs only has a value there.
function series(epochs, name) {
  return epochs.filter((one) => Number.isFinite(one[name])).map((one) => [one.epoch, one[name]]);
}

function charts(training) {
  const epochs = training.epochs ?? [];
  const [loss, map] = [series(epochs, "loss"), series(epochs, "map")];
  if (!loss.length) return null;
  const cell = (value) => (Number.isFinite(value) ? figure(value, 3) : "–");
  return make("div", {},
    make("div", { class: "charts", "data-test": "charts" },
      chart(t("training.loss"), loss, training.of), map.length > 0 && chart(t("training.map"), map, training.of, 0)),
    make("p", { class: "hint", text: t("training.read") }),
    make("details", { class: "numbers", "data-test": "numbers" },
      make("summary", { text: t("training.numbers") }),
      make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("training.numbers") },
        make("table", {},
          make("thead", {}, make("tr", {}, ["training.column_epoch", "training.loss", "training.map"].map((key) => make("th", { scope: "col", text: t(key) })))),
          make("tbody", {}, epochs.map((one) => make("tr", {}, make("td", { text: one.epoch }), make("td", { text: cell(one.loss) }), make("td", { text: cell(one.map) }))))))));
}

const modelTitle = ({ kind, name }) => {
  if (kind === "untaught") return t("training.untaught", { name });
  return kind === "trained" ? t("training.trained", { name }) : name;
};

function modelDetail({ kind, detail, map }) {
  const measured = Number.isFinite(map) ? `${t("training.map")} ${figure(map, 3)}` : "";
  return [tWord("model_kind", kind), detail, measured].filter(Boolean).join(" · ");
}

function choice(models) {
  const use = async (model) => {
    const title = modelTitle(model);
    if (!(await confirm(t("training.use_title", { title }), t("training.use_what"), t("training.use"), false))) return;
    await post("/v1/model", { model: model.model, by: person() });
    say(t("training.used", { title }));
    await refresh();
  };
  return [make("h2", { id: "models-title", text: t("training.models") }), make("p", { text: t("training.models_what") }),
    make("ul", { class: "plain list" }, models.map((model, place) => make("li", { class: "card", "aria-current": model.chosen ? "true" : null },
      make("div", { class: "row between" },
        make("div", {}, make("h3", { text: modelTitle(model), id: `model-${place}` }), make("p", { class: "hint", text: modelDetail(model) })),
        model.chosen
          ? make("span", { class: "pill", "data-state": "done", text: t("training.in_use") })
          : button(t("training.use"), guarded(() => use(model)), { "data-test": `use-${model.name}`, "aria-describedby": `model-${place}` })))))];
}
