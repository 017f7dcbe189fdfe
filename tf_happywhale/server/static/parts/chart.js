// A small line chart, drawn. Its numbers are also a table, for who cannot see it.
import { drawn, make } from "../dom.js";
import { figure, t } from "../texts.js";

const WIDE = 520, HIGH = 220, LEFT = 48, RIGHT = 12, TOP = 12, BOTTOM = 34;

// Round values between low and high, three to six of them.
export function ticks(low, high) {
  if (!(high > low)) return [low];
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw);
  const all = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) all.push(value);
  return all;
}

// points: [[epoch, value], …] in order. `from` is where the axis begins, if it must.
export function chart(title, points, of, from = null) {
  const values = points.map(([, value]) => value);
  let low = from ?? Math.min(...values);
  let high = Math.max(...values);
  if (high - low < 1e-9) [low, high] = [low - (from === null ? 0.5 : 0), high + 0.5];
  const last = Math.max(of ?? 0, points.at(-1)?.[0] ?? 1, 2);
  const x = (epoch) => LEFT + ((epoch - 1) / (last - 1)) * (WIDE - LEFT - RIGHT);
  const y = (value) => TOP + ((high - value) / (high - low)) * (HIGH - TOP - BOTTOM);
  const rows = ticks(low, high).flatMap((value) => [
    drawn("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(value), y2: y(value), class: "grid" }),
    drawn("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end", text: figure(value, 3) }),
  ]);
  const columns = [1, ...ticks(1, last).filter((one) => one > 1 && Number.isInteger(one))].map((epoch) =>
    drawn("text", { x: x(epoch), y: HIGH - 14, "text-anchor": "middle", text: figure(epoch) }));
  const line = points.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const dots = points.length > 60 ? points.slice(-1) : points;
  const now = points.at(-1);
  return make("figure", { class: "chart card" },
    make("figcaption", {}, make("strong", { text: title }), " ", now ? figure(now[1], 3) : ""),
    drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": t("training.chart", { title, count: points.length, now: now ? figure(now[1], 3) : "" }) },
      rows, columns, drawn("polyline", { points: line, class: "line" }),
      dots.map(([epoch, value]) => drawn("circle", { cx: x(epoch), cy: y(value), r: 3, class: "dot" }))));
}
