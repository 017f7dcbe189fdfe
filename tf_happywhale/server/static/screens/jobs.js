// Everything that was done in the background, with what it printed.
import { get, place } from "../api.js";
import { make, redraw } from "../dom.js";
import { jobButtons, jobTitle, jobWords, moving, showJobs, still } from "../parts/job_view.js";
import { complain } from "../say.js";
import { t, tWord, when } from "../texts.js";

export function show(main) {
  const list = make("ul", { class: "plain list", "data-test": "jobs" });
  main.append(make("h1", { text: t("jobs.title") }), make("p", { class: "lead", text: t("jobs.lead") }), list);
  let asking = false;
  return {
    async update(state) {
      if (asking) return;
      asking = true;
      try {
        const answer = await get("/v1/jobs");
        draw(answer.jobs ?? answer, state.trips);
      } catch (error) {
        complain(error);
      } finally {
        asking = false;
      }
    },
  };

  function draw(jobs, trips) {
    const newest = [...jobs].sort((a, b) => Number(b.id) - Number(a.id));
    redraw(list, [jobs.map(still), trips.map((one) => one.name)], () =>
      newest.length ? newest.map((job) => item(job, trips)) : [make("li", { class: "hint", text: t("jobs.none") })]);
    showJobs(list, jobs);
    for (const one of list.querySelectorAll("details[open]")) readLog(one);
  }
}

function item(job, trips) {
  const title = jobTitle(job, trips);
  const times = [when(job.started ?? job.made), job.by && t("jobs.by", job)].filter(Boolean).join(" · ");
  return make("li", { class: "card job", "data-test": `job-${job.id}`, "data-state": job.state },
    make("div", { class: "row between" }, make("h2", { text: title }),
      make("span", { class: "pill", "data-state": job.state, text: tWord("job_state", job.state) })),
    make("p", { class: "hint", text: times }), job.state === "running" && moving(job, title),
    job.error && make("p", { class: job.state === "failed" ? "fault" : "", text: jobWords(job) }),
    make("div", { class: "row" }, jobButtons(job, title)),
    make("details", { "data-test": `log-${job.id}`, "data-job": job.id, ontoggle: (event) => event.target.open && readLog(event.target) },
      make("summary", { text: t("jobs.log") }), make("pre", { class: "log", tabindex: 0, "aria-label": t("jobs.log_of", { title }) })));
}

async function readLog(details) {
  const pre = details.querySelector("pre");
  try {
    const job = await get(place("jobs", details.dataset.job));
    const lines = Array.isArray(job.log) ? job.log.join("\n") : (job.log ?? "");
    pre.textContent = lines || t("jobs.no_log");
  } catch (error) {
    pre.textContent = error.message;
  }
}
