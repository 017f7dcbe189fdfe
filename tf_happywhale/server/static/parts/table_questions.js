// What only a person knows of a table, such as whether 3/4/2021 begins with the day.
import { make, redraw } from "../dom.js";

// `changed` is called after each answer. Returns {element, ask(questions), answers(), forget(…)}.
export function tableQuestions(changed) {
  const asked = new Map(); // by setting: {question, answer}
  const element = make("div", { class: "stack", "data-test": "questions" });

  function ask(questions) {
    for (const question of questions) {
      if (!asked.has(question.setting)) asked.set(question.setting, { question, answer: undefined });
      else asked.get(question.setting).question = question;
    }
    redraw(element, [...asked.values()].map((one) => one.question), () => [...asked.values()].map(drawn));
  }

  function drawn(one) {
    const { setting, sentence, choices } = one.question;
    return make("fieldset", { "data-test": `question-${setting}` },
      make("legend", { text: sentence }),
      choices.map(({ value, shown }, place) => {
        const radio = make("input", {
          type: "radio", name: setting, id: `${setting}-${place}`, "data-test": `answer-${setting}-${place}`,
          onchange: () => {
            one.answer = value;
            changed();
          },
        });
        radio.checked = JSON.stringify(one.answer) === JSON.stringify(value);
        return make("div", { class: "choice" }, radio, make("label", { for: radio.id, text: shown }));
      }));
  }

  return {
    element,
    ask,
    answers: () => {
      const given = [...asked].filter(([, one]) => one.answer !== undefined);
      return Object.fromEntries(given.map(([setting, one]) => [setting, one.answer]));
    },
    // They are asked again if they still must be.
    forget(...settings) {
      for (const setting of settings) asked.delete(setting);
      ask([]);
    },
  };
}
