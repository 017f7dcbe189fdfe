// A job: what it does, how far it is, and the buttons to stop and to go on.
import { place, post } from "../api.js";
import { button, busy, make } from "../dom.js";
import { confirm } from "../dialog.js";
import { guarded, say } from "../say.js";
import { isUnfinished, refresh } from "../state.js";
import { t, timeLeft, tWord } from "../texts.js";

export function jobTitle(job, trips = []) {
  const name = trips.find((one) => one.id === job.trip)?.name;
  const kind = tWord("kind", job.kind);
  return name ? t("jobs.of_trip", { kind, name }) : kind;
}

// The line below the title.
export function jobWords(job) {
  if (job.state === "running") {
    const left = timeLeft(job.seconds_left);
    const percent = job.percent === null ? t("jobs.begins") : `${Math.floor(job.percent)} %`;
    return left ? t("jobs.left", { percent, left }) : percent;
  }
  if (job.state === "failed" && job.error) return job.error;
  if (job.state === "done" && job.error) return t("jobs.in_part", { why: job.error });
  return tWord("job_state", job.state);
}

// What does not change while a job runs: with it a part is drawn, and `showJobs` changes the rest,
// so that a button stays the same one while it is pressed.
export const still = (job) => job && [job.id, job.kind, job.state, job.error, job.trip, job.by];

export function showJobs(root, jobs) {
  for (const element of root.querySelectorAll("[data-moving]")) {
    const job = jobs.find((one) => String(one.id) === element.dataset.moving);
    if (job) fill(element, job);
  }
}

function fill(element, job) {
  const [bar, words, line] = element.children;
  if (job.percent === null) bar.removeAttribute("value");
  else bar.value = job.percent;
  words.textContent = jobWords(job);
  line.textContent = job.line ?? "";
}

// The bar, the words and the last line of a job that runs.
export function moving(job, title) {
  const element = make("div", { "data-moving": job.id },
    make("progress", { max: 100, "aria-label": title, class: "wide-bar" }),
    make("p", { class: "hint" }), make("p", { class: "log-line" }));
  fill(element, job);
  return element;
}

export function jobView(job, trips = [], titled = true) {
  const title = jobTitle(job, trips);
  return make(
    "div", { class: `job ${job.state}`, "data-test": `job-${job.id}`, "data-state": job.state },
    titled && make("p", { class: "job-title", text: title }),
    job.state === "running"
      ? moving(job, title)
      : make("p", { class: job.state === "failed" ? "fault" : "hint", text: jobWords(job) }),
    make("div", { class: "row" }, jobButtons(job, title)));
}

export function jobButtons(job, title) {
  if (isUnfinished(job)) {
    const stop = async () => {
      if (!(await confirm(t("jobs.stop_title"), t("jobs.stop_what", { title }), t("jobs.stop"), false))) return;
      await post(place("jobs", job.id, "stop"));
      say(t("jobs.stopped", { title }));
      await refresh();
    };
    return [button(t("jobs.stop"), guarded(stop), { "data-test": `stop-${job.id}` })];
  }
  if (job.state === "stopped" || job.state === "failed") {
    const again = async (event) => busy(event.target, async () => {
      await post(place("jobs", job.id, "resume"));
      await refresh();
    });
    const text = t(job.state === "stopped" ? "jobs.resume" : "jobs.again");
    return [button(text, guarded(again), { class: "main", "data-test": `resume-${job.id}` })];
  }
  return [];
}
