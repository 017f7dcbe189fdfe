// A closer look: the query beside a candidate's picture, or what a score rests on, alone.
function closerLook(closer) {
  const REFERENCES = ".candidate .picture img", REASONS = ".why img";
  let block = null;
  let series = REFERENCES; // pictures that are looked at in turn: beside the query, or alone
  let shown = 0; // place of the picture in the series
  for (const figure of closer.querySelectorAll("figure")) figure.prepend(new Image());

  function look(at, picture) {
    block = at;
    series = picture?.matches(REASONS) ? REASONS : REFERENCES;
    shown = Math.max(0, [...block.querySelectorAll(series)].indexOf(picture));
    compare();
    if (!closer.open) closer.showModal();
  }

  function compare() {
    const pictures = [...block.querySelectorAll(series)];
    shown = (shown + pictures.length) % (pictures.length || 1);
    const query = series === REASONS ? null : block.querySelector(".asked .picture img");
    const pair = [query, pictures[shown]];
    for (const [place, figure] of [...closer.querySelectorAll("figure")].entries()) {
      const picture = pair[place];
      figure.hidden = !picture;
      if (!picture) continue;
      figure.querySelector("img").src = picture.src;
      figure.querySelector("img").alt = picture.alt;
      const named = picture.closest(".candidate")?.querySelector(".who")
        ?? picture.closest(".why figure")?.querySelector("figcaption");
      figure.querySelector("figcaption").textContent = named?.textContent ?? block.dataset.name;
    }
  }

  function step(by) {
    shown += by;
    compare();
  }

  function press(key) {
    if (key === "ArrowRight") step(1);
    else if (key === "ArrowLeft") step(-1);
    else if (key === "z") closer.close();
  }

  closer.querySelector("[data-step='-1']").addEventListener("click", () => step(-1));
  closer.querySelector("[data-step='1']").addEventListener("click", () => step(1));
  closer.querySelector("[data-close]").addEventListener("click", () => closer.close());
  return { look, press, pictures: `.asked .picture img, ${REFERENCES}, ${REASONS}` };
}
