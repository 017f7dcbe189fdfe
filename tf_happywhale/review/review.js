// Decisions on the review pages: kept in this browser, exported as decisions.csv.
// Nothing is loaded. Names from persons and files are always inserted as text.
"use strict";
(() => {
  const blocks = [...document.querySelectorAll("article.query")];
  const find = (id) => document.getElementById(id);
  const key = `tf_happywhale ${document.body.dataset.report}`;
  const known = new Set([...find("individuals").options].map((option) => option.value));
  const images = (block) => JSON.parse(block.dataset.images);
  let current = null;
  let asked = null; // an unknown id that was entered once

  // --- keeping -------------------------------------------------------------------------------
  // By the key of an animal in a photograph: {decision, id, rank, encounter, image, number,
  // box, content}.
  let decisions = load();

  function load() {
    try {
      return new Map(JSON.parse(localStorage.getItem(key) || "[]"));
    } catch {
      say("This browser cannot keep your decisions: export them before you close the page.");
      return new Map();
    }
  }

  function save() {
    try {
      localStorage.setItem(key, JSON.stringify([...decisions]));
      return "";
    } catch {
      return " This browser cannot keep your decisions: export them before you close the page.";
    }
  }

  // --- showing -------------------------------------------------------------------------------
  function say(text) {
    find("status").textContent = text;
  }

  function words(made) {
    if (!made) return "";
    if (made.decision === "skip") return "Skipped";
    if (made.decision === "match") return `It is ${made.id}`;
    return made.id === "new_individual" ? "A new individual" : `A new individual, ${made.id}`;
  }

  function draw(block) {
    const made = decisions.get(images(block)[0]);
    block.classList.toggle("decided", Boolean(made));
    block.querySelector(".decision").textContent = words(made);
    for (const button of block.querySelectorAll("button[data-decision]")) {
      const mine = made && made.decision === button.dataset.decision;
      button.setAttribute("aria-pressed", String(Boolean(mine && made.id === button.dataset.id)));
    }
  }

  function count() {
    const done = blocks.filter((block) => decisions.has(images(block)[0])).length;
    const shown = blocks.filter((block) => !block.hidden).length;
    find("progress").textContent = `${done} of ${blocks.length} decided, ${shown} shown`;
    find("progress-bar").value = done;
    find("export").disabled = decisions.size === 0;
  }

  function filter() {
    const [state, sure, species] = ["state", "sure", "species"].map((id) => find(id).value);
    for (const block of blocks) {
      const made = decisions.get(images(block)[0]);
      const is = made ? (made.decision === "skip" ? "skipped" : "decided") : "undecided";
      block.hidden =
        (state !== "" && state !== is) ||
        (sure !== "" && sure !== block.dataset.sure) ||
        (species !== "" && species !== block.dataset.species);
    }
    find("nothing").hidden = blocks.some((block) => !block.hidden);
    count();
  }

  // --- moving --------------------------------------------------------------------------------
  function mark(block) {
    current?.removeAttribute("aria-current");
    current = block;
    current?.setAttribute("aria-current", "true");
  }

  function go(block) {
    if (!block) return;
    mark(block);
    block.focus({ preventScroll: true });
    block.scrollIntoView({ block: "start" });
  }

  function next(step, undecided) {
    const from = current ? blocks.indexOf(current) : -1;
    for (let place = from + step; place >= 0 && place < blocks.length; place += step) {
      const block = blocks[place];
      if (!block.hidden && !(undecided && decisions.has(images(block)[0]))) return block;
    }
    return null;
  }

  // --- deciding ------------------------------------------------------------------------------
  function decide(block, decision, id, rank) {
    const encounter = block.dataset.encounter;
    const animals = JSON.parse(block.dataset.animals);
    for (const [place, key] of images(block).entries()) {
      const [image, number, box, content] = animals[place];
      decisions.set(key, { decision, id, rank, encounter, image, number, box, content });
    }
    const made = decisions.get(images(block)[0]);
    finish(block, `${block.dataset.name}: ${words(made)}.${twice(images(block)[0], made)}`);
    const following = next(1, true);
    filter();
    if (following) go(following);
    else say(`${find("status").textContent} This was the last one shown.`);
  }

  // An animal cannot be in a photograph twice.
  function twice(key, made) {
    if (made.decision === "skip" || made.id === "new_individual") return "";
    for (const [other, its] of decisions) {
      if (other === key || its.image !== made.image || its.id !== made.id) continue;
      return ` But animal ${its.number} of ${its.image} is ${its.id} already: skip one of them.`;
    }
    return "";
  }

  function undo(block) {
    for (const image of images(block)) decisions.delete(image);
    finish(block, `${block.dataset.name}: undecided.`);
    filter();
  }

  function finish(block, text) {
    mark(block);
    const lost = save();
    draw(block);
    say(text + lost);
  }

  function press(button) {
    const block = button.closest("article.query");
    const { decision, id, rank } = button.dataset;
    if (button.getAttribute("aria-pressed") === "true") undo(block);
    else if (decision === "undo") undo(block);
    else decide(block, decision, id, rank);
  }

  // An id from the search field. An unknown id, entered twice, names a new individual.
  function enter() {
    const id = find("search").value.trim();
    if (!current || !id) return;
    if (/\s/.test(id)) return say("An id has no spaces.");
    if (!known.has(id) && asked !== id) {
      asked = id;
      return say(`No individual is called ${id}. Press Enter again to give this id to a new individual.`);
    }
    asked = null;
    find("search").value = "";
    decide(current, known.has(id) ? "match" : "new", id, "");
  }

  // --- looking closely ------------------------------------------------------------------------
  const closer = find("closer");
  for (const figure of closer.querySelectorAll("figure")) figure.prepend(new Image());
  const REFERENCES = ".candidate .picture img", REASONS = ".why img";
  let series = REFERENCES; // pictures that are looked at in turn: beside the query, or alone
  let shown = 0; // place of the picture in the series

  function look(block, picture) {
    series = picture?.matches(REASONS) ? REASONS : REFERENCES;
    shown = Math.max(0, [...block.querySelectorAll(series)].indexOf(picture));
    mark(block);
    compare();
    if (!closer.open) closer.showModal();
  }

  function compare() {
    const pictures = [...current.querySelectorAll(series)];
    shown = (shown + pictures.length) % (pictures.length || 1);
    const query = series === REASONS ? null : current.querySelector(".asked .picture img");
    const pair = [query, pictures[shown]];
    for (const [place, figure] of [...closer.querySelectorAll("figure")].entries()) {
      const picture = pair[place];
      figure.hidden = !picture;
      if (!picture) continue;
      figure.querySelector("img").src = picture.src;
      figure.querySelector("img").alt = picture.alt;
      const named = picture.closest(".candidate")?.querySelector(".who")
        ?? picture.closest(".why figure")?.querySelector("figcaption");
      figure.querySelector("figcaption").textContent = named?.textContent ?? current.dataset.name;
    }
  }

  function step(by) {
    shown += by;
    compare();
  }

  // --- exporting -----------------------------------------------------------------------------
  function table() {
    const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
    const head = ["image", "box_number", "decision", "individual_id", "rank", "encounter", "box",
      "content"];
    const rows = [head];
    for (const [key, made] of decisions) {
      // Earlier versions kept less.
      const { image = key, number = 1, box = "", content = "" } = made;
      const id = made.decision === "skip" ? "" : made.id;
      rows.push([image, String(number), made.decision, id, made.rank, made.encounter, box, content]);
    }
    return rows.map((row) => row.map(quote).join(",")).join("\n") + "\n";
  }

  function exportTable() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", table()], { type: "text/csv;charset=utf-8" }));
    link.download = "decisions.csv";
    link.click();
    URL.revokeObjectURL(link.href);
    say(`${decisions.size} decisions exported as decisions.csv.`);
  }

  // --- listening -----------------------------------------------------------------------------
  const keys = {
    n: () => current?.querySelector("button[data-decision=new]")?.click(),
    s: () => current?.querySelector("button[data-decision=skip]")?.click(),
    u: () => current && undo(current),
    j: () => go(next(1, false)),
    k: () => go(next(-1, false)),
    z: () => current && look(current, null),
    w: () => current?.querySelector("details.why")?.toggleAttribute("open"),
    "/": () => find("search").focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (closer.open) {
      if (event.key === "ArrowRight") step(1);
      else if (event.key === "ArrowLeft") step(-1);
      else if (event.key === "z") closer.close();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.matches("input, select, textarea");
    if (typing && event.target.id === "search" && event.key === "Enter") enter();
    else if (typing && event.key === "Escape") go(current);
    else if (typing) return;
    else if (/^[1-9]$/.test(event.key)) {
      current?.querySelectorAll(".candidate button[data-decision]")[Number(event.key) - 1]?.click();
    } else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-decision]");
    if (button) return press(button);
    if (event.target.closest("button[data-search]")) {
      mark(event.target.closest("article.query"));
      return find("search").focus();
    }
    const block = event.target.closest("article.query");
    if (block && event.target.matches(`.asked .picture img, ${REFERENCES}, ${REASONS}`)) {
      return look(block, event.target);
    }
    if (block) mark(block);
  });
  document.addEventListener("focusin", (event) => {
    const block = event.target.closest("article.query");
    if (block) mark(block);
  });
  window.addEventListener("storage", (event) => {
    if (event.key !== key) return;
    decisions = load();
    blocks.forEach(draw);
    filter();
  });
  for (const id of ["state", "sure", "species"]) find(id).addEventListener("change", filter);
  find("export").addEventListener("click", exportTable);

  closer.querySelector("[data-step='-1']").addEventListener("click", () => step(-1));
  closer.querySelector("[data-step='1']").addEventListener("click", () => step(1));
  closer.querySelector("[data-close]").addEventListener("click", () => closer.close());

  document.documentElement.classList.add("ready");
  blocks.forEach(draw);
  filter();
  mark(next(1, true) || next(1, false));
})();
