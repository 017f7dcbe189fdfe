// A question in a dialog. The browser keeps the focus inside it, and gives it back.
import { button, make } from "./dom.js";
import { t } from "./texts.js";

// Show `content` under a heading. Resolves to what the pressed button returns, or to null.
// buttons: [{text, test, danger, main, answer: () => value}]; undefined keeps the dialog open.
export function ask(title, content, buttons, settings = {}) {
  return new Promise((resolve) => {
    let value = null;
    const heading = make("h2", { text: title, id: "dialog-title" });
    const fault = make("p", { role: "alert", class: "fault" });
    const close = (answer) => {
      value = answer;
      dialog.close();
    };
    const choose = (one) => async () => {
      fault.textContent = "";
      try {
        const answer = await one.answer();
        if (answer !== undefined) close(answer);
      } catch (error) {
        fault.textContent = error.message;
      }
    };
    const row = buttons.map((one) =>
      button(one.text, choose(one), {
        "data-test": one.test, class: one.danger ? "danger" : one.main ? "main" : "",
      }));
    if (settings.cancel !== false) {
      row.push(button(t("dialog.cancel"), () => close(null), { "data-test": "dialog-cancel" }));
    }
    const dialog = make(
      "dialog", { "aria-labelledby": "dialog-title", class: settings.wide ? "wide-dialog" : "" },
      heading, content, fault, make("div", { class: "row" }, row));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(value);
    });
    // Enter in a field is the first button.
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input") && buttons.length) {
        event.preventDefault();
        row[0].click();
      }
    });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("input, select, .folder") ?? row[row.length - 1]).focus();
  });
}

// What will happen is named; the button says it again in a few words.
export function confirm(title, sentence, deed, danger = true) {
  const answer = { text: deed, test: "dialog-confirm", danger, main: !danger, answer: () => true };
  return ask(title, make("p", { text: sentence }), [answer]);
}
