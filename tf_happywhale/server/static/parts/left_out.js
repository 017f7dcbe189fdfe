// What was left out, and why: folded, since there may be many.
import { make } from "../dom.js";
import { t } from "../texts.js";

const SHOWN = 200;

// A reason that begins with the name says it twice.
const without = (reason, name) => (reason.startsWith(`${name} `) ? reason.slice(name.length + 1) : reason);

// rows: [{name, reason}]. Returns a list of elements, empty if nothing was left out.
export function leftOut(rows, test) {
  if (!rows?.length) return [];
  const items = rows.slice(0, SHOWN).map((row) =>
    make("li", {}, make("bdi", { class: "file-name", text: row.name }),
      make("span", { class: "hint", text: without(row.reason, row.name) })));
  if (rows.length > SHOWN) items.push(make("li", { text: t("upload.more", { count: rows.length - SHOWN }) }));
  return [make(
    "details", { class: "note near", "data-test": test, open: rows.length <= 5 },
    make("summary", { text: t("upload.left_out", { count: rows.length }) }),
    make("ul", { class: "plain" }, items))];
}
