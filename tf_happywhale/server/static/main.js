// The frame: which screen is shown, who works here, and whether the server answers.
import { get } from "./api.js";
import { make, redraw } from "./dom.js";
import { askPerson, person, showPerson } from "./person.js";
import { jobNews } from "./parts/job_news.js";
import { complain, hush, say } from "./say.js";
import { listen, refresh, remember, running, state } from "./state.js";
import { fillTexts, loadTexts, t, tWord } from "./texts.js";
import * as catalogue from "./screens/catalogue.js";
import * as exports from "./screens/exports.js";
import * as gallery from "./screens/gallery.js";
import * as jobs from "./screens/jobs.js";
import * as overview from "./screens/overview.js";
import * as training from "./screens/training.js";
import * as trip from "./screens/trip.js";

const SCREENS = { "": overview, catalogue, exports, gallery, jobs, training, trip };
const find = (id) => document.getElementById(id);
let screen = null; // {update(state), leave()}

// "#/trip/t1" → ["trip", "t1"]
function parts() {
  return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
}

async function show(first = false) {
  const [name, ...rest] = parts();
  const module = SCREENS[name] ?? overview;
  screen?.leave?.();
  hush();
  for (const one of document.querySelectorAll("#places a")) {
    if (one.dataset.place === name) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  const main = find("main");
  main.replaceChildren();
  main.dataset.screen = name || "overview";
  screen = module.show(main, rest);
  document.title = `${main.querySelector("h1")?.textContent ?? ""} – ${t("frame.name")}`;
  if (!first) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  if (state) screen?.update?.(state);
  await refresh();
}

function told(now, fault) {
  const away = find("away");
  away.hidden = !fault;
  away.textContent = fault ? fault.message : "";
  if (!fault) {
    showWork();
    const news = jobNews(now.jobs, now.trips);
    if (news.length) say(news.join(" "));
    screen?.update?.(now);
  }
}

function showWork() {
  const work = running();
  const place = find("working");
  place.hidden = !work.length;
  redraw(place, work, () => {
    if (!work.length) return null;
    const job = work.find((one) => one.state === "running") ?? work[0];
    const percent = job.percent === null ? "" : ` ${Math.round(job.percent)} %`;
    return make("span", { text: `${tWord("kind", job.kind)}${percent}` });
  });
}

async function start() {
  await loadTexts();
  fillTexts(document);
  find("places").hidden = false;
  find("person").addEventListener("click", askPerson);
  find("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the hash names the screen
    find("main").focus();
  });
  // A job that was stopped long ago is none of the last ones, which the state has.
  await get("/v1/jobs").then((answer) => remember(answer.jobs), complain);
  listen(told);
  window.addEventListener("hashchange", () => show());
  await show(true);
  if (person()) showPerson();
  else askPerson();
}

start();
