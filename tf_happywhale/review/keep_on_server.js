// Decisions of served pages: the server keeps them, and everybody who has the trip open sees them.
// A change is shown as kept only after the server's answer. It waits while the server is away.
function keepOnServer(address, { person, askPerson, changed, told, refused }) {
  const EVERY = 1500, PATIENCE = 10000, AT_ONCE = 500;
  const STORE = `happywhale waiting ${address}`; // outlives a reload of this page
  const decisions = new Map(); // what is shown: what is kept, and over it what waits
  const kept = new Map(); // {made, by} by the key of an animal
  let waiting = restored(); // {key, made}, the oldest first
  let most = AT_ONCE; // 1 to find the one that is refused
  let last = 0, loaded = false, away = "", busy = false, again = false, timer = 0;

  function restored() {
    try {
      return JSON.parse(sessionStorage.getItem(STORE) || "[]");
    } catch {
      return [];
    }
  }

  function remember() {
    try {
      sessionStorage.setItem(STORE, JSON.stringify(waiting));
    } catch {
      // The page itself still has them.
    }
  }

  function change(changes) {
    for (const [key, made] of changes) {
      if (!made && !decisions.has(key)) continue;
      waiting.push({ key, made });
      show(key);
    }
    remember();
    if (!person()) askPerson(turn);
    else turn();
    return "";
  }

  function show(key) {
    const mine = waiting.findLast((one) => one.key === key);
    const made = mine ? mine.made : kept.get(key)?.made;
    if (made) decisions.set(key, made);
    else decisions.delete(key);
  }

  // What waits is sent, then what others decided is read: never both at once, so that what is
  // read is never older than what was answered.
  async function turn() {
    again = true;
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    while (again) {
      again = false;
      try {
        while (waiting.length && person()) await send();
        await read();
        is("");
      } catch (fault) {
        is(fault.sentence ?? "The server does not answer.");
        again = false;
      }
    }
    busy = false;
    timer = setTimeout(turn, EVERY);
  }

  function is(now) {
    if (now === away) return;
    away = now;
    changed();
  }

  async function send() {
    const changes = waiting.slice(0, most), by = person();
    try {
      await ask(address, { by, changes });
    } catch (fault) {
      if (!fault.wrong) throw fault;
      if (changes.length > 1) {
        most = 1;
        return;
      }
      refused(fault.sentence);
      return drop(changes);
    }
    for (const { key, made } of changes) kept.set(key, { made, by });
    drop(changes);
  }

  function drop(changes) {
    waiting = waiting.slice(changes.length);
    if (!waiting.length) most = AT_ONCE;
    remember();
    for (const { key } of changes) show(key);
    changed();
  }

  async function read() {
    const found = await ask(`${address}?after=${last}`);
    const rows = found.decisions, me = person(), before = new Map(), others = new Map();
    for (const { key, made, by } of rows) {
      if (!before.has(key)) before.set(key, kept.get(key));
      if (by !== me) others.set(key, { made, by });
      kept.set(key, { made, by });
    }
    last = rows.at(-1)?.n ?? last;
    for (const key of before.keys()) show(key);
    const first = !loaded;
    loaded = true;
    if (first || rows.length) changed();
    if (first) return;
    const mine = (key) => before.get(key)?.by === me && before.get(key).made;
    for (const [key, other] of others) {
      if (mine(key) && differs(mine(key), other.made)) told(key, other, kept.get(key).by !== me);
    }
  }

  const differs = (one, other) =>
    ["decision", "id", "group"].some((name) => (one[name] ?? "") !== (other?.[name] ?? ""));

  // Faults have a sentence of the server. `wrong`: the same request would be refused again.
  async function ask(url, body) {
    const request = body && {
      method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
    };
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(PATIENCE) });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const wrong = [400, 409, 413, 422].includes(answer.status);
    throw { sentence: said.detail, wrong: wrong && Boolean(body) };
  }

  window.addEventListener("beforeunload", (event) => {
    if (waiting.length) event.preventDefault();
  });
  window.addEventListener("online", turn);
  for (const { key } of waiting) show(key);
  turn();
  const isKept = (key) => !waiting.some((one) => one.key === key);
  const by = (key) => (isKept(key) && kept.get(key)?.by !== person() && kept.get(key)?.by) || "";
  const state = () => ({ waiting: new Set(waiting.map((one) => one.key)).size, away, loaded });
  return { decisions, change, ask, by, isKept, isLoaded: () => loaded, state };
}
