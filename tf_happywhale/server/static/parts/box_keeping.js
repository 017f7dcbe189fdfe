// The boxes of one photograph while they are corrected: changed, undone, and kept by the server.
import { get, place, put } from "../api.js";
import { numbered } from "./box_shapes.js";

const WAIT = 400; // ms: keys that are held down are kept once
const corners = ({ xmin, ymin, xmax, ymax }) => ({ xmin, ymin, xmax, ymax });

// settings: trip, photograph (its `boxes` are replaced), changed(), kept(error or null).
export function keeping({ trip, photograph, changed, kept }) {
  const path = place("trips", trip, "boxes", photograph.name);
  const before = [];
  let version = null; // of what this person saw: another person's change is not written over
  let timer = 0;
  let unkept = false;
  let sending = Promise.resolve(true);

  // What the server has now. Resolves to its answer.
  async function load() {
    const answer = await get(path);
    version = answer.version ?? null;
    if (!unkept) {
      photograph.boxes = answer.boxes;
      changed();
    }
    return answer;
  }

  function change(boxes, again = false) {
    if (!again) before.push(photograph.boxes);
    photograph.boxes = numbered(boxes);
    unkept = true;
    changed();
    clearTimeout(timer);
    timer = setTimeout(keep, WAIT);
  }

  // One after the other, so that the last change is the one that stays.
  function keep() {
    clearTimeout(timer);
    sending = sending.then(async () => {
      if (!unkept) return true;
      unkept = false;
      try {
        const answer = await put(path, { boxes: photograph.boxes.map(corners), version });
        version = answer?.version ?? null;
        kept(null);
        return true;
      } catch (error) {
        unkept = error.status !== 409;
        if (error.status === 409) await load();
        kept(error);
        return error.status === 409;
      }
    });
    return sending;
  }

  return {
    load,
    change,
    keep,
    undo: () => before.length > 0 && (change(before.pop(), true), true),
    unkept: () => unkept,
    // While a corner is dragged each step is shown, and the whole is one change.
    begin: () => before.push(photograph.boxes),
    show: (boxes) => {
      photograph.boxes = numbered(boxes);
      changed();
    },
    end: () => change(photograph.boxes, true),
  };
}
