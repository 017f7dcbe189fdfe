// Deciding on the review pages. Decisions are kept by this browser, or by the server that serves the
// page, and exported as decisions.csv. Names from persons and files are always inserted as text.
const blocks = [...document.querySelectorAll("article.query")];
const find = (id) => document.getElementById(id);
const known = new Set([...find("individuals").options].map((option) => option.value));
const images = (block) => JSON.parse(block.dataset.images);
const closer = find("closer");
const closely = closerLook(closer);
let current = null;
let started = false; // before that, the first undecided block is marked
let asked = null; // an unknown id that was entered once

// --- keeping -----------------------------------------------------------------------------------
// By the key of an animal in a photograph: {decision, id, rank, encounter, image, number,
// box, content, group}. The decision `apart` says that an animal is none of a group.
const { decisions: address, home, report } = document.body.dataset;
const served = address ? servedPage({ address, home }, { say, go, keep: () => keep }) : null;
const keep = served
  ? keepOnServer(address, { ...served, changed, told, refused: say })
  : keepInBrowser(report, { say, changed });
const decisions = keep.decisions;

// What is decided has changed, perhaps by others.
function changed() {
  served?.showState(keep.state());
  blocks.forEach(draw);
  filter();
  if (!started) mark(null);
  if (!current || current.hidden) mark(next(1, true) || next(1, false) || current);
  started ||= keep.isLoaded() || document.activeElement !== document.body;
}

function told(key, other, counts) {
  const block = blocks.find((one) => images(one).includes(key));
  served.tell(block?.dataset.name ?? key, block, words(other.made), other.by, counts);
}

// --- showing ---------------------------------------------------------------------------------
function say(text) {
  find("status").textContent = text;
}

function words(made) {
  if (!made) return "";
  if (made.decision === "skip") return "Skipped";
  if (made.decision === "match") return `It is ${made.id}`;
  if (made.id !== "new_individual") return `A new individual, ${made.id}`;
  return made.group ? `A new individual, all of ${made.group}` : "A new individual";
}

// With who decided, if it was another person, and whether it is kept.
function said(block, made) {
  if (!made) return "";
  const key = images(block).find((one) => decisions.get(one) === made);
  const by = keep.by(key);
  return `${by && `${by}: `}${words(made)}${keep.isKept(key) ? "" : " (not saved yet)"}`;
}

// What was decided on a block: on its first animal that was not taken out of the group.
function madeOf(block) {
  const of = images(block).map((key) => decisions.get(key));
  return of.find((made) => made && made.decision !== "apart");
}

const isOut = (block, key) => {
  const made = decisions.get(key);
  return Boolean(made && made.decision === "apart" && made.group === block.dataset.group);
};

function draw(block) {
  const made = madeOf(block);
  for (const button of block.querySelectorAll("button[data-out]")) {
    button.setAttribute("aria-pressed", String(isOut(block, button.dataset.out)));
  }
  block.classList.toggle("decided", Boolean(made));
  block.querySelector(".decision").textContent = said(block, made);
  for (const button of block.querySelectorAll("button[data-decision]")) {
    const { decision, group = block.dataset.group } = button.dataset;
    const mine = made && made.decision === decision && (made.group ?? group) === group;
    button.setAttribute("aria-pressed", String(Boolean(mine && made.id === button.dataset.id)));
  }
}

function count() {
  const done = blocks.filter(madeOf).length;
  const shown = blocks.filter((block) => !block.hidden).length;
  find("progress").textContent = `${done} of ${blocks.length} decided, ${shown} shown`;
  find("progress-bar").value = done;
  find("export").disabled = decisions.size === 0;
}

function filter() {
  const [state, sure, species] = ["state", "sure", "species"].map((id) => find(id).value);
  for (const block of blocks) {
    const made = madeOf(block);
    const is = made ? (made.decision === "skip" ? "skipped" : "decided") : "undecided";
    block.hidden =
      (state !== "" && state !== is) ||
      (sure !== "" && sure !== block.dataset.sure) ||
      (species !== "" && species !== block.dataset.species);
  }
  find("nothing").hidden = blocks.some((block) => !block.hidden);
  count();
}

// --- moving ----------------------------------------------------------------------------------
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
    if (!block.hidden && !(undecided && madeOf(block))) return block;
  }
  return null;
}

// --- deciding ------------------------------------------------------------------------------
function decide(block, decision, id, rank, group = block.dataset.group) {
  const encounter = block.dataset.encounter;
  const animals = JSON.parse(block.dataset.animals), changes = [];
  for (const [place, key] of images(block).entries()) {
    if (isOut(block, key)) continue;
    const [image, number, box, content] = animals[place];
    const row = { decision, id, rank, encounter, image, number, box, content, group };
    changes.push([key, row]);
  }
  if (!changes.length) return say("All pictures were taken out of this group: put one back.");
  const [first, made] = changes[0];
  finish(block, changes, `${block.dataset.name}: ${words(made)}.${twice(first, made)}`);
  const following = next(1, true);
  filter();
  if (following) go(following);
  else say(`${find("status").textContent} This was the last one shown.`);
}

// An animal cannot be in a photograph twice.
function twice(key, made) {
  if (made.decision === "skip" || (made.id === "new_individual" && !made.group)) return "";
  for (const [other, its] of decisions) {
    if (other === key || its.image !== made.image || its.id !== made.id) continue;
    if (made.id === "new_individual" && its.group !== made.group) continue;
    return ` But animal ${its.number} of ${its.image} is ${its.id} already: skip one of them.`;
  }
  return "";
}

// Two groups are one animal: both get one group's name, also if the other is on another page, and
// so do those that are one animal with either of them already.
function join(block, button) {
  const others = JSON.parse(button.dataset.animals);
  const keyOf = ([image, number]) => (number === 1 ? image : `${image}#${number}`);
  const theirs = others.map((one) => decisions.get(keyOf(one)));
  const [mine, made] = [madeOf(block), theirs.find((one) => one?.decision === "new")].map(newOf);
  const ids = new Set([mine?.id, made?.id].filter((id) => id && id !== "new_individual"));
  if (ids.size > 1) return say(`${[...ids].join(" and ")} are two new individuals: undo one first.`);
  const group = made?.group || button.dataset.group;
  const [id = "new_individual"] = ids;
  keep.change(others.filter((_, place) => !theirs[place]).map((one) => {
    const [image, number, box, content] = one;
    const row = { decision: "new", id, rank: "", encounter: "", image, number, box, content, group };
    return [keyOf(one), row];
  }));
  decideGroup(block, id, [mine?.group, group], group);
}

const newOf = (made) => (made?.decision === "new" ? made : null);

// An id is given to all animals that were decided to be one new individual.
function name(block, id) {
  const group = newOf(madeOf(block))?.group || block.dataset.group;
  decideGroup(block, id, [group], group);
}

function decideGroup(block, id, groups, group) {
  const all = [...decisions].filter(([, made]) => newOf(made)?.group && groups.includes(made.group));
  keep.change(all.map(([key, made]) => [key, { ...made, id, group }]));
  blocks.forEach(draw);
  decide(block, "new", id, "", group);
}

// An animal is taken out of its group, or put back.
function takeOut(block, key) {
  const place = images(block).indexOf(key);
  const [image, number, box, content] = JSON.parse(block.dataset.animals)[place];
  const group = block.dataset.group;
  const made = madeOf(block), out = !isOut(block, key), id = "new_individual";
  const back = made ? { ...made, image, number, box, content } : null;
  const apart = { decision: "apart", id, rank: "", encounter: "", image, number, box, content, group };
  const now = out ? `taken out of ${group}` : `back in ${group}`;
  finish(block, [[key, out ? apart : back]], `${image}: ${now}.`);
  filter();
}

function undo(block) {
  finish(block, images(block).map((key) => [key, null]), `${block.dataset.name}: undecided.`);
  filter();
}

function finish(block, changes, text) {
  mark(block);
  const lost = keep.change(changes);
  served?.showState(keep.state());
  draw(block);
  say(text + lost);
}

function press(button) {
  const block = button.closest("article.query");
  const { decision, id, rank } = button.dataset;
  if (button.getAttribute("aria-pressed") === "true") undo(block);
  else if (decision === "undo") undo(block);
  else if (button.dataset.animals) join(block, button);
  else decide(block, decision, id, rank);
}

// The next picture of a group gets the focus; Enter or Space takes it out.
function nextMember() {
  const members = [...(current?.querySelectorAll("button[data-out]") ?? [])];
  members[(members.indexOf(document.activeElement) + 1) % members.length]?.focus();
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
  if (known.has(id)) decide(current, "match", id, "");
  else name(current, id);
}

// --- exporting -----------------------------------------------------------------------------
function table() {
  const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const head = ["image", "box_number", "decision", "individual_id", "rank", "encounter", "box",
    "content", "group"];
  const rows = [head];
  for (const [key, made] of decisions) {
    // Earlier versions kept less.
    const { image = key, number = 1, box = "", content = "" } = made;
    const id = ["skip", "apart"].includes(made.decision) ? "" : made.id;
    const group = ["new", "apart"].includes(made.decision) ? (made.group ?? "") : "";
    const cells = [image, String(number), made.decision, id, made.rank, made.encounter];
    rows.push([...cells, box, content, group]);
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
  a: () => current?.querySelectorAll("button[data-animals]")[0]?.click(),
  b: () => current?.querySelectorAll("button[data-animals]")[1]?.click(),
  c: () => current?.querySelectorAll("button[data-animals]")[2]?.click(),
  x: () => nextMember(),
  s: () => current?.querySelector("button[data-decision=skip]")?.click(),
  u: () => current && undo(current),
  j: () => go(next(1, false)),
  k: () => go(next(-1, false)),
  z: () => current && closely.look(current, null),
  w: () => current?.querySelector("details.why")?.toggleAttribute("open"),
  "/": () => find("search").focus(),
};
document.addEventListener("keydown", (event) => {
  if (closer.open) return closely.press(event.key);
  if (served?.dialog.open) return;
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
  const out = event.target.closest("button[data-out]");
  if (out) return takeOut(out.closest("article.query"), out.dataset.out);
  const button = event.target.closest("button[data-decision]");
  if (button) return press(button);
  if (event.target.closest("button[data-search]")) {
    mark(event.target.closest("article.query"));
    return find("search").focus();
  }
  const block = event.target.closest("article.query");
  if (block) mark(block);
  if (block && event.target.matches(closely.pictures)) closely.look(block, event.target);
});
document.addEventListener("focusin", (event) => {
  const block = event.target.closest("article.query");
  if (block) mark(block);
});
for (const id of ["state", "sure", "species"]) find(id).addEventListener("change", filter);
find("export").addEventListener("click", exportTable);

document.documentElement.classList.add("ready");
changed();
