// Decisions of pages that were opened from the disk: this browser keeps them.
function keepInBrowser(report, { say, changed }) {
  const FULL = "This browser cannot keep your decisions: export them before you close the page.";
  const key = `tf_happywhale ${report}`;
  const decisions = new Map();

  function load() {
    decisions.clear();
    try {
      for (const [animal, made] of JSON.parse(localStorage.getItem(key) || "[]")) {
        decisions.set(animal, made);
      }
    } catch {
      say(FULL);
    }
  }

  // Changes are [key of an animal, what was decided or null]. Returns what a person must know.
  function change(changes) {
    for (const [animal, made] of changes) {
      if (made) decisions.set(animal, made);
      else decisions.delete(animal);
    }
    try {
      localStorage.setItem(key, JSON.stringify([...decisions]));
      return "";
    } catch {
      return ` ${FULL}`;
    }
  }

  window.addEventListener("storage", (event) => {
    if (event.key !== key) return;
    load();
    changed();
  });
  load();
  return { decisions, change, by: () => "", isKept: () => true, isLoaded: () => true };
}
