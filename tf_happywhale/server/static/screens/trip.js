// One trip: photographs in, boxes, who is who, and the decisions into the catalogue.
import { get, place, post, remove } from "../api.js";
import { button, link, make, redraw } from "../dom.js";
import { confirm } from "../dialog.js";
import { chooseFolder } from "../parts/folder_chooser.js";
import { boxesFile } from "../parts/boxes_file.js";
import { dropZone } from "../parts/drop_zone.js";
import { leftOut } from "../parts/left_out.js";
import { photographGrid } from "../parts/photograph_grid.js";
import { tripActions } from "../parts/trip_actions.js";
import { complain, guarded, say } from "../say.js";
import { refresh } from "../state.js";
import { t } from "../texts.js";

export function show(main, [id]) {
  let trip = null;
  let stateBefore = "";
  let known = ""; // what the photographs were drawn of
  const title = make("h1", { text: t("trip.title"), "data-test": "trip-title" });
  const lead = make("p", { class: "lead" });
  const actions = make("section", { class: "actions", "aria-label": t("trip.actions"), "data-test": "trip-actions" });
  const left = make("div");
  const grid = photographGrid(id);
  const photographs = place("trips", id, "photographs");
  const zone = dropZone({
    test: "drop", quiet: true, accept: "image/*,.heic,.heif,.tif,.tiff", path: () => photographs, after: load,
    folder: async () => {
      const folder = await chooseFolder(t("trip.folder"));
      if (!folder) return;
      const answer = await post(photographs, { folder });
      say(t("upload.kept", { count: Array.isArray(answer.kept) ? answer.kept.length : answer.kept }));
      await load();
    },
  });
  const bring = make("details", { class: "bring", "data-test": "bring", open: true },
    make("summary", {}, make("h2", { text: t("trip.bring") })), zone);
  const boxes = make("details", { class: "card", "data-test": "boxes-file", hidden: true },
    make("summary", { text: t("boxes.file_title") }),
    boxesFile({
      path: place("trips", id, "boxes"), test: "trip-boxes",
      told: (answer) => {
        load();
        return t("boxes.file_told", { count: answer.photographs });
      },
    }));
  const away = button(t("trip.remove"), guarded(drop), { class: "quiet", "data-test": "trip-remove" });
  main.append(link(t("trip.back"), "#/", { class: "back" }), title, lead, actions, bring, left, grid.element,
    boxes, make("p", { class: "end" }, away));

  async function load() {
    try {
      trip = await get(place("trips", id));
    } catch (error) {
      return complain(error);
    }
    title.textContent = trip.name;
    document.title = `${trip.name} – ${t("frame.name")}`;
    const count = trip.photographs.length;
    lead.textContent = t("trip.photographs", { count });
    boxes.hidden = count === 0;
    redraw(left, trip.left_out, () => leftOut(trip.left_out, "left-out"));
    grid.draw(trip.photographs);
    await refresh();
    return undefined;
  }

  async function drop() {
    const sentence = t("trip.remove_what", { name: trip.name, count: trip.photographs.length });
    if (!(await confirm(t("trip.remove_title"), sentence, t("trip.remove")))) return;
    await remove(place("trips", id));
    location.hash = "#/";
  }

  load();
  return {
    update(state) {
      const now = state.trips.find((one) => one.id === id);
      if (!now) return;
      tripActions(actions, now, state);
      bring.hidden = now.state === "identifying";
      if (now.state !== stateBefore) bring.open = ["empty", "photographs"].includes(now.state);
      stateBefore = now.state;
      away.hidden = now.decided > 0 || now.state === "identifying";
      // What another browser or a program brought.
      const mark = JSON.stringify([now.photographs, now.left_out, now.state]);
      if (known && mark !== known && trip && trip.photographs.length !== now.photographs) load();
      known = mark;
    },
  };
}
