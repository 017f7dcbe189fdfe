"""How the report looks: one style sheet, light and dark, from a phone to a wide screen."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #eef3f5; --card: #ffffff; --well: #e4ecef; --line: #d3dfe4;
  --ink: #14262e; --soft: #4c636e; --sea: #0b6e85; --bar: #d5e2e7;
  --right: #14713f; --right-well: #e2f4e9; --near: #7d5200; --near-well: #fdf0d5;
  --wrong: #9b2c2c; --wrong-well: #fbe6e4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0c161b; --card: #14222a; --well: #0f1b21; --line: #26383f;
    --ink: #e6eff2; --soft: #9db3bd; --sea: #5fc3da; --bar: #273b44;
    --right: #7ddca4; --right-well: #12331f; --near: #f0c674; --near-well: #382a0c;
    --wrong: #f2a29c; --wrong-well: #3b1917;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main, header, nav { max-width: 1240px; margin-inline: auto; }
h1, h2, p, figure, dl, dd, ol { margin: 0; }
h1 { font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; letter-spacing: -.01em; }
bdi { overflow-wrap: anywhere; }
a { color: var(--sea); }
.lead { margin-top: .4rem; color: var(--soft); }
.summary { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
.summary div {
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: .55rem .95rem; min-width: 7rem; max-width: 100%;
}
.summary dt { color: var(--soft); font-size: .8rem; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
.figures img { flex: 1 1 22rem; max-width: 40rem; min-width: 0; border-radius: 6px; }
.summary dd { font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
.reading { margin-top: 1.25rem; max-width: 76ch; }
.reading summary { font-weight: 650; margin-bottom: .15rem; cursor: pointer; }
.reading p + p { margin-top: .4rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-block: 1.5rem; }
nav span { color: var(--soft); }
.query {
  display: grid; grid-template-columns: minmax(0, 1.5fr) minmax(0, 5fr); gap: 1rem 1.25rem;
  margin-top: 1.25rem; padding: 1.25rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; break-inside: avoid;
}
.query > header {
  grid-column: 1 / -1; display: flex; flex-wrap: wrap; align-items: baseline;
  gap: .25rem 1rem; margin: 0; max-width: none;
}
.query h2 { font-size: 1.05rem; overflow-wrap: anywhere; }
.toolbar {
  position: sticky; top: 0; z-index: 2; max-width: 1240px; margin: 1.25rem auto 0;
  display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .6rem .9rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 0 0 .9rem .9rem;
  box-shadow: 0 6px 14px -10px #0008; font-size: .9rem;
}
.toolbar label { display: flex; align-items: center; gap: .4rem; color: var(--soft); }
.toolbar label[hidden] { display: none; }
.toolbar .far { display: flex; align-items: center; gap: .6rem; font-weight: 600; }
.toolbar progress { width: 7rem; accent-color: var(--sea); }
#status { flex: 1 1 12rem; min-height: 1.35em; color: var(--sea); overflow-wrap: anywhere; }
select, input, button {
  font: inherit; font-size: .9rem; color: var(--ink); background: var(--well);
  border: 1px solid var(--line); border-radius: .5rem; padding: .3rem .6rem; min-width: 0;
}
#search { width: 9.5rem; }
button { cursor: pointer; }
button:hover:not(:disabled) { border-color: var(--sea); }
button:disabled { opacity: .5; cursor: default; }
button[aria-pressed="true"] {
  background: var(--sea); border-color: var(--sea); color: var(--card);
}
button[aria-pressed="true"] kbd { color: inherit; border-color: currentColor; }
kbd {
  font: 600 .78em ui-monospace, monospace; border: 1px solid var(--line); border-radius: .3rem;
  padding: 0 .35em; color: var(--soft);
}
:focus-visible { outline: 2px solid var(--sea); outline-offset: 2px; }
html:not(.ready) .scripted, html:not(.ready) button { display: none; }
.decide { display: flex; flex-wrap: wrap; gap: .4rem; margin-top: .7rem; }
.candidate > button { width: 100%; margin-top: .4rem; text-align: left; }
.strip { display: flex; gap: .3rem; list-style: none; padding: 0; margin: .35rem 0 0; }
.strip li { flex: 1 1 0; min-width: 0; max-width: 33%; }
.strip .picture { border-radius: .35rem; outline: none !important; border: 0 !important; }
.strip .no-picture { font-size: .6rem; padding: .1rem; }
.decision { color: var(--card); background: var(--sea); }
.decision:empty { display: none; }
.warning { color: var(--near); background: var(--near-well); font-weight: 500; }
.query[hidden] { display: none; }
.query { content-visibility: auto; contain-intrinsic-size: auto 26rem; scroll-margin-top: 8rem; }
.query[aria-current="true"] { border-color: var(--sea); box-shadow: 0 0 0 2px var(--sea); }
.query:focus { outline: none; }
.query.decided .candidates { opacity: .75; }
.picture img { cursor: zoom-in; }
#closer {
  width: min(96vw, 100rem); max-width: none; max-height: 96vh; padding: 1rem; color: var(--ink);
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
}
#closer::backdrop { background: #000a; }
#closer div { display: flex; flex-wrap: wrap; gap: 1rem; }
#closer figure { flex: 1 1 16rem; min-width: 0; }
#closer figure[hidden] { display: none; }
#closer img { width: 100%; height: min(76vh, 60rem); object-fit: contain; background: var(--well); }
#closer figcaption { font-weight: 650; text-align: center; overflow-wrap: anywhere; }
#closer p { display: flex; gap: .5rem; justify-content: center; margin-top: .75rem; }
@media (max-width: 560px) { #closer img { height: 34vh; } }
.why { grid-column: 1 / -1; min-width: 0; }
.why summary { cursor: pointer; color: var(--sea); width: fit-content; }
.why .figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
}
.why figure { min-width: 0; }
.why .figures img { width: 100%; }
.why figcaption { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
.pill, .mark { border-radius: 1rem; font-size: .85rem; font-weight: 600; padding: .05rem .65rem; }
.found-first, .mark { color: var(--right); background: var(--right-well); }
.found-later { color: var(--near); background: var(--near-well); }
.not-found { color: var(--wrong); background: var(--wrong-well); }
.picture {
  display: grid; place-items: center; aspect-ratio: 4 / 3; overflow: hidden;
  background: var(--well); border-radius: .6rem;
}
.picture img { width: 100%; height: 100%; object-fit: contain; display: block; }
.picture svg { width: 58%; color: var(--soft); }
.no-picture {
  padding: .6rem; color: var(--soft); font-size: .78rem; line-height: 1.35; text-align: center;
  max-height: 100%; overflow: auto; overflow-wrap: anywhere;
}
.asked .picture { outline: 2px solid var(--sea); outline-offset: 2px; }
.asked .whole .picture { margin-top: .6rem; outline: 0; aspect-ratio: auto; }
.asked figcaption { margin-top: .65rem; font-size: .9rem; color: var(--soft); }
.asked figcaption strong { display: block; color: var(--sea); }
.candidates {
  display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: .9rem;
  padding: 0; list-style: none; align-items: start;
}
.candidate { position: relative; min-width: 0; }
.candidate.right .picture { outline: 3px solid var(--right); outline-offset: 2px; }
.candidate.nobody .picture { border: 2px dashed var(--line); background: transparent; }
.rank {
  position: absolute; top: .4rem; left: .4rem; min-width: 1.6rem; text-align: center;
  padding: 0 .4rem; border-radius: 1rem; background: var(--card); color: var(--ink);
  border: 1px solid var(--line); font-size: .85rem; font-weight: 600;
}
.who { margin-top: .5rem; font-weight: 650; line-height: 1.3; }
.detail { color: var(--soft); font-size: .82rem; line-height: 1.4; overflow-wrap: anywhere; }
.file { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.score { display: flex; align-items: center; gap: .5rem; margin-block: .3rem .2rem; }
.score b { font-variant-numeric: tabular-nums; font-size: .9rem; }
.bar { flex: 1; height: 5px; border-radius: 3px; background: var(--bar); overflow: hidden; }
.bar span { display: block; height: 100%; background: var(--sea); border-radius: 3px; }
.mark { display: inline-block; margin-top: .25rem; }
.pairs { padding-left: 1.6rem; margin-bottom: 2.5rem; }
.pair { margin-top: 1rem; padding: 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 1rem; break-inside: avoid; content-visibility: auto;
  contain-intrinsic-size: auto 18rem; }
.pair .figures { margin: 0; }
.pair figure { flex: 1 1 11rem; max-width: 22rem; min-width: 0; font-size: .88rem; }
.pair p { margin-top: .5rem; color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
main > h2 { margin-top: 2rem; }
.map svg { width: 100%; background: var(--card); border-radius: 1rem; }
.map circle { fill-opacity: .75; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; padding: 0; }
.legend span { display: inline-block; width: .8em; height: .8em; border-radius: 1em;
  margin-right: .4em; }
@media (max-width: 900px) {
  .query { grid-template-columns: minmax(0, 1.4fr) minmax(0, 3fr); }
  .candidates { grid-template-columns: repeat(3, minmax(0, 1fr)); }
}
@media (max-width: 560px) {
  body { padding: 1.25rem .75rem 3rem; }
  .query { grid-template-columns: minmax(0, 1fr); padding: .9rem; }
  .summary { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; }
  .candidates { grid-template-columns: 1fr 1fr; }
  .candidate:first-child { grid-column: 1 / -1; }
  .toolbar { position: static; border-radius: .9rem; }
  .query { scroll-margin-top: .5rem; }
  .toolbar label { flex: 1 1 100%; justify-content: space-between; }
  .toolbar select, #search { width: 62%; }
}
@media (pointer: coarse) {
  button, select, input { min-height: 2.75rem; }
  button kbd, summary kbd, .keys { display: none; }
}
@media print { body { background: none; padding: 0; } nav, .toolbar, button { display: none; } }
"""
