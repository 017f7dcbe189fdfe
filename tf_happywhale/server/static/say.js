// What is said aloud: a quiet line for what happened, a box for what went wrong.
const find = (id) => document.getElementById(id);
let timer = 0;

export function say(text) {
  find("status").textContent = text;
  find("status").classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => find("status").classList.remove("shown"), 6000);
}

export function complain(error) {
  find("message").hidden = false;
  find("error").textContent = error instanceof Error ? error.message : String(error);
}

export function hush() {
  find("message").hidden = true;
  find("error").textContent = "";
}

// An event's work: what goes wrong is shown, never lost.
export const guarded = (work) => async (...given) => {
  hush();
  try {
    return await work(...given);
  } catch (error) {
    complain(error);
    return undefined;
  }
};

find("message-close").addEventListener("click", () => {
  hush();
  find("main").focus();
});
