// What a served page has beside one from the disk: the person's name, whether all is saved, what
// others decided, the way back to the trip, and adding to the catalogue.
function servedPage(page, { say, go, keep }) {
  const ME = "happywhale person", trip = page.address.replace(/\/decisions$/, "");
  const bar = document.querySelector(".toolbar");
  let unkept = "";
  let asking = null; // what is done once the name is known

  function make(tag, facts = {}, ...inside) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(facts)) {
      if (name in made) made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...inside);
    return made;
  }

  const button = (words, pressed, facts) =>
    make("button", { type: "button", textContent: words, onclick: pressed, ...facts });

  // --- the person --------------------------------------------------------------------------
  function person() {
    try {
      return localStorage.getItem(ME) || unkept;
    } catch {
      return unkept;
    }
  }

  const field = make("input", { id: "person-name", maxLength: 60, autocomplete: "name" });
  const dialog = make("dialog", { id: "person", "aria-labelledby": "person-label" },
    make("label", { id: "person-label", htmlFor: "person-name" },
      "What is your name? It is written beside your decisions, so that others see who decided."),
    field, button("Save", entered));
  const who = button("", () => askPerson());
  field.addEventListener("keydown", (event) => event.key === "Enter" && entered());

  function askPerson(then = null) {
    asking = then;
    field.value = person();
    if (!dialog.open) dialog.showModal();
    field.focus();
  }

  function entered() {
    const name = field.value.trim();
    if (!name) return field.focus();
    try {
      localStorage.setItem(ME, name);
    } catch {
      unkept = name; // it is asked again on the next page
    }
    dialog.close();
    showPerson();
    asking?.();
    asking = null;
  }

  function showPerson() {
    who.textContent = person() ? `You are ${person()}` : "Who are you?";
  }

  // --- what is saved -----------------------------------------------------------------------
  const saved = make("p", { id: "saved" });
  const alarm = make("p", { id: "away", role: "alert", hidden: true });

  function showState({ waiting, away, loaded }) {
    const some = waiting === 1 ? "1 change is" : `${waiting} changes are`;
    saved.textContent = waiting ? `${some} not saved yet` : loaded ? "All is saved" : "Loading …";
    const words = away && `${away} ${waiting ? `${some} not saved yet: leave` : "Leave"} this page `
      + "open, it tries again by itself.";
    if (alarm.textContent !== words) alarm.textContent = words;
    alarm.hidden = !away;
  }

  // --- what others decided -----------------------------------------------------------------
  const notes = make("ul", { id: "told", role: "log", "aria-label": "What others decided" });

  // Somebody else decided differently from this person.
  function tell(name, block, words, other, counts) {
    const said = words ? `${other} says of ${name}: ${words}.` : `${other} took back ${name}.`;
    const end = counts ? "That counts, since it is later than yours." : "Yours is later and counts.";
    const note = make("li", {}, `${said} ${end} `);
    note.dataset.of = name;
    notes.querySelectorAll("li").forEach((old) => old.dataset.of === name && old.remove());
    if (block) note.append(button("Look", () => { note.remove(); go(block); }));
    note.append(button("OK", () => note.remove(), { "aria-label": `OK, ${name}` }));
    notes.append(note);
  }

  // --- adding ------------------------------------------------------------------------------
  const PAUSE = 1000;
  const adding = make("progress", { max: 100, hidden: true, "aria-label": "Adding to the catalogue" });
  const add = button("Add to the catalogue", start, { id: "add" });

  async function start() {
    if (!person()) return askPerson(start);
    if (keep().state().waiting) return say("Some changes are not saved yet: wait until they are.");
    add.disabled = true;
    adding.hidden = false;
    adding.removeAttribute("value");
    try {
      say(await followed(await keep().ask(`${trip}/add`, { by: person() })));
    } catch (fault) {
      say(fault.sentence ?? "The server does not answer: try again when it is back.");
    }
    adding.hidden = true;
    add.disabled = false;
  }

  // Returns the sentence at the end of a job.
  async function followed(started) {
    const id = started.job?.id ?? started.job ?? started.id;
    for (;;) {
      const job = await keep().ask(`/v1/jobs/${id}`).catch((fault) => {
        if (fault.sentence) throw fault;
        return { state: "away" }; // it is started again, and resumes
      });
      if (job.state === "done") return `Added to the catalogue. ${job.line ?? ""}`.trim();
      if (job.state === "failed") return `Nothing was added. ${job.error ?? ""}`.trim();
      if (job.state === "stopped") return "Adding was stopped: press the button to go on.";
      if (job.percent > 0) adding.value = job.percent;
      say(job.state === "waiting" ? "Waiting for another job." : "Adding to the catalogue …");
      await new Promise((go) => setTimeout(go, PAUSE));
    }
  }

  // --- words that are otherwise of a page from the disk --------------------------------------
  const SAY = {
    "how-kept": "The server keeps your decisions, and others see them with your name. “Add to the "
      + "catalogue” makes the next trip know them; “Export decisions.csv” saves them as a file.",
    regroup: "After that identify once more, on the page of the trip: the other pictures are "
      + "grouped around your decisions.",
  };
  for (const [id, words] of Object.entries(SAY)) {
    const place = document.getElementById(id);
    if (place) place.textContent = words;
  }
  document.querySelector(".reading").open = !person() && window.innerWidth > 560;

  const home = make("a", { href: page.home, textContent: "← Back to the trip" });
  document.querySelector("header").prepend(make("p", { className: "home" }, home));
  bar.append(add, adding, who, saved);
  bar.after(make("div", { id: "news" }, alarm, notes));
  document.body.append(dialog);
  showPerson();
  if (!person()) askPerson();
  return { person, askPerson, showState, tell, dialog };
}
