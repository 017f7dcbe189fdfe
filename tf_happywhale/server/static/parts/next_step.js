import { isUnfinished } from "../state.js";

// What a person should do next, from what the server says.

// "known" (choose a catalogue), "prepare" (compute its pictures) or "photographs".
export function nextStep(state) {
  const begun = state.trips.length > 0;
  if (!state.catalogue) return begun || state.catalogue_none ? "photographs" : "known";
  const building = state.jobs.some((job) => job.kind === "gallery" && isUnfinished(job));
  if ((!state.gallery || state.gallery.stale) && !building) return "prepare";
  return "photographs";
}
