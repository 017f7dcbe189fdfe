// Boxes as numbers: {number, xmin, ymin, xmax, ymax, origin} in pixels of the upright picture.
// Nothing here knows the page. All functions return new boxes.

const LEAST = 8; // pixels: a smaller box is a slip of the hand

const between = (value, low, high) => Math.min(Math.max(value, low), high);
const size = (box) => [box.xmax - box.xmin, box.ymax - box.ymin];

// A box between two points, inside the picture; null if it is a slip.
export function boxBetween([x1, y1], [x2, y2], { width, height }) {
  const [left, right] = [x1, x2].map((x) => between(x, 0, width)).sort((a, b) => a - b);
  const [top, bottom] = [y1, y2].map((y) => between(y, 0, height)).sort((a, b) => a - b);
  if (right - left < LEAST || bottom - top < LEAST) return null;
  return rounded({ xmin: left, ymin: top, xmax: right, ymax: bottom });
}

export function middleBox({ width, height }) {
  return rounded({ xmin: width / 3, ymin: height / 3, xmax: (width * 2) / 3, ymax: (height * 2) / 3 });
}

// Moved as a whole; it stops at the edge of the picture.
export function moved(box, dx, dy, { width, height }) {
  const [wide, high] = size(box);
  const xmin = between(box.xmin + dx, 0, width - wide);
  const ymin = between(box.ymin + dy, 0, height - high);
  return rounded({ ...box, xmin, ymin, xmax: xmin + wide, ymax: ymin + high });
}

// One or two edges moved: `edges` is of "n", "s", "w", "e", as in "nw".
export function resized(box, edges, dx, dy, { width, height }) {
  const least = (low, high) => Math.min(LEAST, high - low);
  const changed = { ...box };
  const [x, y] = [least(box.xmin, box.xmax), least(box.ymin, box.ymax)];
  if (edges.includes("w")) changed.xmin = between(box.xmin + dx, 0, box.xmax - x);
  if (edges.includes("e")) changed.xmax = between(box.xmax + dx, box.xmin + x, width);
  if (edges.includes("n")) changed.ymin = between(box.ymin + dy, 0, box.ymax - y);
  if (edges.includes("s")) changed.ymax = between(box.ymax + dy, box.ymin + y, height);
  return rounded(changed);
}

function rounded(box) {
  const whole = { ...box };
  for (const edge of ["xmin", "ymin", "xmax", "ymax"]) whole[edge] = Math.round(box[edge]);
  return whole;
}

// Numbered from 1 in their order, and drawn by a person.
export const numbered = (boxes) =>
  boxes.map((box, place) => ({ ...box, number: place + 1, origin: "manual" }));

// How far an arrow key moves: a hundredth of the larger side, or one pixel.
export const stepOf = ({ width, height }, fine) =>
  fine ? 1 : Math.max(1, Math.round(Math.max(width, height) / 100));

// Where it stands in the picture, in percent, for a style.
export function inPercent(box, { width, height }) {
  const [wide, high] = size(box);
  return {
    left: (100 * box.xmin) / width, top: (100 * box.ymin) / height,
    width: (100 * wide) / width, height: (100 * high) / height,
  };
}
