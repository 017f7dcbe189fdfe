// Files for other programs: made by a job, then downloaded.
import { get, place, post } from "../api.js";
import { busy, button, labelled, make, redraw } from "../dom.js";
import { exportSettings } from "../parts/export_settings.js";
import { jobView, showJobs, still } from "../parts/job_view.js";
import { person } from "../person.js";
import { complain, guarded, say } from "../say.js";
import { newestFirst, refresh } from "../state.js";
import { figure, t, tWord, when } from "../texts.js";

const OWN = ["decisions", "catalogue", "history"];
const OF_A_TRIP = ["decisions"];

export function show(main) {
  const kind = make("select", { "data-test": "export-kind", onchange: tell });
  const trip = make("select", { "data-test": "export-trip" });
  const trips = labelled(t("exports.trip"), trip);
  const what = make("p", { class: "hint", "aria-live": "polite" });
  const settings = exportSettings();
  const begin = async () => {
    const body = { kind: kind.value, settings: settings.given(), by: person() };
    if (OF_A_TRIP.includes(kind.value)) {
      if (!trip.value) throw new Error(t("exports.no_trip"));
      body.trip = trip.value;
    }
    await post("/v1/exports", body);
    say(t("exports.begun"));
    seen = "";
    await refresh();
  };
  const go = button(t("exports.make"), guarded((event) => busy(event.target, begin)), { class: "main", "data-test": "export-make" });
  const work = make("div", { class: "work" });
  const files = make("section", { "aria-labelledby": "files-title" });
  main.append(make("h1", { text: t("exports.title") }), make("p", { class: "lead", text: t("exports.lead") }),
    make("section", { class: "card" },
      make("div", { class: "row bottom" }, labelled(t("exports.kind"), kind), trips, go), what, settings.element),
    work, files);
  let seen = ""; // the exports were asked for in this state
  let holds = {}; // what the server says of each kind

  function tell() {
    const text = tWord("export_what", kind.value);
    what.textContent = text === kind.value ? (holds[kind.value] ?? "") : text;
    trips.hidden = !OF_A_TRIP.includes(kind.value);
    settings.show(kind.value);
  }

  function fillKinds(kinds) {
    holds = Object.fromEntries(kinds.map((one) => [one.kind, one.holds]));
    const names = kinds.map((one) => one.kind).filter((one) => !OWN.includes(one));
    const group = (label, some) => make("optgroup", { label },
      some.map((name) => make("option", { value: name, text: tWord("export", name) })));
    const fill = () => [group(t("exports.own"), OWN), group(t("exports.others"), names)];
    if (redraw(kind, names, fill)) tell();
  }

  async function load(state) {
    const jobs = state.jobs.filter((job) => job.kind === "export");
    const shown = jobs.filter((job) => job.state !== "done" || job.error);
    redraw(work, [shown.map(still), state.trips.length], () => shown.map((job) => jobView(job, state.trips)));
    showJobs(work, jobs);
    redraw(trip, state.trips.map((one) => [one.id, one.name]), () =>
      newestFirst(state.trips).map((one) => make("option", { value: one.id, text: one.name })));
    const mark = JSON.stringify(jobs.map(still));
    if (mark === seen) return;
    seen = mark;
    try {
      const answer = await get("/v1/exports");
      fillKinds(answer.kinds);
      redraw(files, answer.exports, () => made(answer.exports));
    } catch (error) {
      complain(error);
    }
  }
  return { update: load };
}

function made(exports) {
  const head = make("h2", { id: "files-title", text: t("exports.files") });
  if (!exports.length) return [head, make("p", { class: "hint", text: t("exports.none") })];
  return [head, make("ul", { class: "plain list", "data-test": "exports" }, exports.map(row))];
}

function row(one) {
  const size = one.bytes ? t("exports.size", { size: figure(Math.max(one.bytes / 1e6, 0.01), 2) }) : "";
  return make("li", { class: "card row between" },
    make("div", {}, make("bdi", { class: "file-name", text: one.file }),
      make("p", { class: "hint", text: [when(one.made), size].filter(Boolean).join(" · ") })),
    make("a", {
      class: "button main", href: place("exports", one.file), download: one.file, text: t("exports.download"),
      "data-test": `download-${one.file}`, "aria-label": t("exports.download_file", one),
    }));
}
