// A catalogue from a table and photographs, in three steps.
import { place, post, postForm } from "../api.js";
import { busy, button, make } from "../dom.js";
import { guarded, say } from "../say.js";
import { refresh } from "../state.js";
import { t } from "../texts.js";
import { columnMap } from "./column_map.js";
import { picturesPart } from "./table_pictures.js";
import { tableQuestions } from "./table_questions.js";
import { tableZone } from "./table_zone.js";

// `done` is called when the catalogue is made.
export function tableImport(done) {
  let table = null; // what the server said of it
  let columns = null;
  let asking = 0; // the newest question to the server: older answers are not shown
  const first = make("div");
  const told = make("div", { class: "stack", role: "status", "data-test": "columns-told" });
  const questions = tableQuestions(() => look());
  const finish = button(t("table.make"), guarded((event) => busy(event.target, finished)), {
    class: "main big", "data-test": "make-catalogue",
  });
  const pictures = picturesPart(() => {
    questions.forget("missing");
    look();
  });
  const second = part(2, t("table.columns_title"), first, questions.element, told);
  const third = part(3, t("table.pictures_title"), pictures.element, make("div", { class: "row" }, finish));
  second.hidden = true;
  third.hidden = true;

  const read = guarded(async (file) => {
    const form = new FormData();
    form.append("table", file, file.name);
    table = await postForm("/v1/catalogue/table", form, () => {});
    questions.forget("encoding", "unknown", "date_order", "missing");
    show();
    second.hidden = false;
    if (table.columns.length) say(t("table.read", { count: table.count, name: file.name }));
    second.querySelector("h2").focus();
  });

  function show() {
    columns = table.columns.length ? columnMap(table, changed) : null;
    first.replaceChildren(...(columns ? [columns.element] : []));
    third.hidden = !columns;
    questions.ask(table.questions);
    look();
  }

  function changed() {
    questions.forget("unknown", "date_order", "missing");
    look();
  }

  const answers = () => ({
    ...questions.answers(), columns: columns?.chosen().columns ?? null, pictures: pictures.word(),
  });

  // Ask the server how it reads the table with the answers so far.
  const look = guarded(async () => {
    const fault = columns?.chosen().fault;
    if (fault) return tell([["near", fault]]);
    const question = ++asking;
    const given = answers();
    if (!columns && !given.encoding) return tell([]);
    const answer = await post(place("catalogue", "table", table.table), given);
    if (question !== asking) return undefined;
    if (!columns) {
      table = answer;
      if (table.columns.length) return show();
    }
    questions.ask(answer.questions);
    return tell(remarks(answer));
  });

  const tell = (rows) =>
    told.replaceChildren(...rows.map(([kind, text]) => make("p", { class: `note ${kind}`, text })));

  async function finished() {
    const fault = columns ? columns.chosen().fault : t("table.not_read");
    if (fault) throw new Error(fault);
    if (!pictures.word()) throw new Error(t("table.no_pictures"));
    await post("/v1/catalogue", { ...answers(), table: table.table, boxes: pictures.boxes(table.table) });
    say(t("table.done"));
    done();
    await refresh();
    window.scrollTo(0, 0);
    document.getElementById("main").focus({ preventScroll: true });
  }

  return make("div", { class: "import" },
    part(1, t("table.title"), make("p", { text: t("table.what") }), tableZone(read)), second, third);
}

function remarks(answer) {
  if (answer.problem) return [["bad", answer.problem]];
  const rows = answer.remarks.map((one) => ["near", one]);
  if (answer.left_out) rows.push(["", t("table.left_out", { count: answer.left_out })]);
  if (answer.images !== undefined) rows.push(["good-note", t("table.fine", answer)]);
  return rows;
}

function part(number, title, ...content) {
  return make("section", { class: "step" }, make("div", { class: "number", "aria-hidden": "true", text: number }),
    make("div", { class: "step-content" }, make("h2", { text: title, tabindex: -1 }), content));
}
