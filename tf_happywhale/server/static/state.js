// What the server says of the whole: asked again and again, and told to whoever listens.
import { get } from "./api.js";

const QUICK = 1500; // ms, while a job runs
const SLOW = 5000;
let listener = () => {};
let timer = 0;
let asking = null;
export let state = null;
const seen = new Map(); // every job that was told so far, by id: the state has only the last ones

export const listen = (to) => {
  listener = to;
};

export async function refresh() {
  clearTimeout(timer);
  asking ??= ask();
  await asking;
  return state;
}

async function ask() {
  let fault = null;
  try {
    state = await get("/v1/state");
    remember(state.jobs);
  } catch (error) {
    fault = error;
  }
  asking = null;
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, running().length || fault ? QUICK : SLOW);
  listener(state, fault);
}

const UNFINISHED = ["waiting", "running"];
export const isUnfinished = (job) => UNFINISHED.includes(job.state);
export const running = () => (state?.jobs ?? []).filter(isUnfinished);

export function remember(jobs) {
  for (const job of jobs) seen.set(job.id, job);
}

// The newest job of a kind, and of a trip if one is named.
export function newest(kind, trip = null) {
  const all = [...seen.values()].filter((job) => job.kind === kind && (!trip || job.trip === trip));
  return all.reduce((best, job) => (!best || Number(job.id) > Number(best.id) ? job : best), null);
}

export const newestFirst = (trips) =>
  [...trips].sort((a, b) => String(b.made).localeCompare(String(a.made)));

document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else if (state) refresh();
});
