// A job that has ended is told once, wherever the person is.
import { isUnfinished } from "../state.js";
import { t } from "../texts.js";
import { jobTitle, jobWords } from "./job_view.js";

const running = new Set(); // ids of jobs that were unfinished

// Sentences on the jobs that have ended since the last time.
export function jobNews(jobs, trips) {
  const ended = jobs.filter((job) => running.has(job.id) && !isUnfinished(job));
  for (const job of jobs) {
    if (isUnfinished(job)) running.add(job.id);
    else running.delete(job.id);
  }
  return ended.map((job) => t("jobs.ended", { title: jobTitle(job, trips), how: jobWords(job) }));
}
