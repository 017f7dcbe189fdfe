// A place to drop photographs on, with buttons that do the same, and the progress of sending them.
import { button, make } from "../dom.js";
import { complain, guarded, hush, say } from "../say.js";
import { t } from "../texts.js";
import { dropped, meant } from "./dropped.js";
import { leftOut } from "./left_out.js";
import { upload } from "./upload.js";

// settings: path(), after(result), folder() (a folder on this machine is chosen), more, learn,
// test, quiet (what was left out is shown elsewhere). Returns the element.
export function dropZone(settings) {
  const { test } = settings;
  let stop = null;
  const chooser = (id, folder) =>
    make("input", {
      type: "file", multiple: true, class: "unseen", id: `${test}-${id}`, webkitdirectory: folder,
      accept: folder ? null : settings.accept, "data-test": `${test}-${id}`, tabindex: -1,
      "aria-label": t(folder ? "upload.folder" : "upload.files"),
      onchange: (event) => send([...event.target.files]).then(() => (event.target.value = "")),
    });
  const files = chooser("files", false);
  const folder = chooser("folder", true);
  const bar = make("progress", { max: 100, "aria-label": t("upload.progress") });
  const told = make("p", { class: "hint" });
  const stopper = button(t("upload.stop"), () => stop?.abort(), { "data-test": `${test}-stop` });
  const working = make("div", { class: "working", hidden: true }, told, bar, stopper);
  const outcome = make("div", { "data-test": `${test}-outcome`, "aria-live": "polite" });
  const zone = make(
    "div", { class: "drop", "data-test": test },
    make("p", { class: "drop-title", text: t("upload.drop") }),
    make(
      "div", { class: "row centre" },
      button(t("upload.files"), () => files.click(), { class: "main", "data-test": `${test}-pick` }),
      button(t("upload.folder"), () => folder.click(), { "data-test": `${test}-pick-folder` }),
      settings.folder && button(t("upload.here"), guarded(settings.folder), {
        "data-test": `${test}-here`,
      })),
    files, folder, working);

  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    dropped(event.dataTransfer).then(send, complain);
  });

  async function send(all) {
    const chosen = meant(all);
    if (stop) return complain(t("upload.busy"));
    if (!chosen.length) return complain(t("upload.none"));
    hush();
    stop = new AbortController();
    working.hidden = false;
    const result = await upload(settings.path(), chosen, {
      progress, signal: stop.signal, more: settings.more, learn: settings.learn,
    });
    stop = null;
    working.hidden = true;
    show(result);
    await settings.after(result);
    return undefined;
  }

  function progress({ done, of, share }) {
    bar.value = share * 100;
    told.textContent = t("upload.sent", { done, of });
  }

  function show(result) {
    const words = t("upload.kept", { count: result.kept });
    outcome.replaceChildren(
      make("p", { class: "good", text: words }),
      ...(settings.quiet ? [] : leftOut(result.left_out, `${test}-left-out`)),
      ...(result.rest.length
        ? [make("div", { class: "note bad" },
          make("p", { text: t("upload.rest", { count: result.rest.length, why: result.fault.message }) }),
          button(t("upload.again"), () => send(result.rest), { "data-test": `${test}-again` }))]
        : []));
    say(words);
  }

  return make("div", {}, zone, outcome);
}

// A file that misses the place to drop it must not replace the page.
for (const kind of ["dragover", "drop"]) {
  window.addEventListener(kind, (event) => event.preventDefault());
}
