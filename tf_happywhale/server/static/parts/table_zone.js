// A place to drop a table on, with a field that does the same.
import { make } from "../dom.js";
import { t } from "../texts.js";

export function tableZone(read) {
  const take = (file) => file && read(file);
  const input = make("input", {
    type: "file", accept: ".csv,.tsv,.txt,.xlsx", "data-test": "table-file",
    "aria-label": t("table.choose"), onchange: (event) => take(event.target.files[0]),
  });
  const zone = make("div", { class: "drop small" }, make("p", { text: t("table.drop") }), input);
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  return zone;
}
