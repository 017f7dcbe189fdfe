// Which column of a table is what: seen above its first rows, and chosen there.
import { make } from "../dom.js";
import { t, tWord } from "../texts.js";

export const NEEDED = ["image", "individual_id"];

// table: {columns, rows, count, guess, names}. `changed` is called after each choice.
// Returns {element, chosen()}.
export function columnMap({ columns, rows, count, guess, names }, changed) {
  const found = new Map(Object.entries(guess).map(([ours, theirs]) => [theirs, ours]));
  const selects = columns.map((name) => make(
    "select", {
      "aria-label": t("table.meaning", { column: name }), "data-test": `column-${name}`,
      onchange: () => {
        mark();
        changed();
      },
    },
    make("option", { value: "", text: t("table.unused") }),
    names.map((one) => make("option", {
      value: one, text: tWord("meaning", one), selected: found.get(name) === one,
    }))));

  function mark() {
    for (const select of selects) select.closest("td").classList.toggle("used", Boolean(select.value));
  }

  const element = make("div", { class: "stack" },
    make("p", { text: t("table.columns_what", { count }) }),
    make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("table.rows") },
      make("table", { class: "mapping" },
        make("thead", {},
          make("tr", {}, selects.map((select) => make("td", {}, select))),
          make("tr", {}, columns.map((name) => make("th", { scope: "col", text: name })))),
        make("tbody", {}, rows.map((row) =>
          make("tr", {}, row.map((cell) => make("td", { text: cell }))))))));
  mark();
  return { element, chosen: () => mapped(selects.map((select) => select.value), columns) };
}

// {columns: {ours: theirs}, fault}: the fault is a sentence, or empty.
export function mapped(values, columns) {
  const of = {};
  values.forEach((value, place) => value && (of[value] ??= []).push(columns[place]));
  const missing = NEEDED.filter((name) => !of[name]).map((name) => tWord("meaning", name));
  const twice = Object.keys(of).find((name) => of[name].length > 1);
  let fault = "";
  if (missing.length) fault = t("table.missing", { names: missing.join(", ") });
  else if (twice) fault = t("table.twice", { name: tWord("meaning", twice), columns: of[twice].join(", ") });
  const one = Object.entries(of).map(([ours, theirs]) => [ours, theirs[0]]);
  return { columns: Object.fromEntries(one), fault };
}
