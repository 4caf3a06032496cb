// The nine mouth shapes of 2-D animation, as a few numbers each, so that one can become another.
//
// w: half the width, open: height of the opening, curve: how far the middle hangs below the
// corners (a smile), round: 0 almond to 1 circle, teeth and lower: height of the teeth that show,
// tongue: how much of the opening it fills.

const SHAPES = {
  X: { w: 47, open: 0, curve: 15, round: 0, teeth: 0, lower: 0, tongue: 0 },
  A: { w: 41, open: 0, curve: 6, round: 0, teeth: 0, lower: 0, tongue: 0 },
  B: { w: 43, open: 15, curve: 9, round: 0.25, teeth: 8, lower: 6, tongue: 0 },
  C: { w: 41, open: 30, curve: 8, round: 0.5, teeth: 9, lower: 0, tongue: 0.35 },
  D: { w: 40, open: 50, curve: 6, round: 0.65, teeth: 9, lower: 0, tongue: 0.4 },
  E: { w: 30, open: 34, curve: 3, round: 0.85, teeth: 4, lower: 0, tongue: 0.25 },
  F: { w: 17, open: 20, curve: 1, round: 1, teeth: 0, lower: 0, tongue: 0 },
  G: { w: 39, open: 11, curve: 5, round: 0.2, teeth: 10, lower: 0, tongue: 0 },
  H: { w: 38, open: 32, curve: 7, round: 0.5, teeth: 7, lower: 0, tongue: 0.75 },
};

export const REST = "X";

export function shape(letter) {
  return SHAPES[letter] ?? SHAPES[REST];
}

/** The letter that a timeline of [ms, letter] shows at a moment. */
export function letterAt(timeline, ms) {
  let letter = REST;
  for (const [start, next] of timeline) {
    if (start > ms) break;
    letter = next;
  }
  return letter;
}

/** Draw the mouth: `smile` from -1 to 1 is the mood that every shape is spoken in. */
export function draw(mouth, { w, open, curve, round, teeth, lower, tongue }, smile) {
  const half = w * (1 + 0.06 * smile);
  const bend = curve * (1 + (smile > 0 ? 0.4 : 0.7) * smile);
  const top = bend - open * 0.4;
  const bottom = bend + open * 0.6;
  const corner = -bend * 0.35;
  const outline = `M${-half} ${corner} ${edge(half, corner, top, round)} ${edge(-half, corner, bottom, round)}Z`;
  mouth.querySelectorAll(".mouth-path").forEach((path) => path.setAttribute("d", outline));
  document.querySelector("#mouth-shape path").setAttribute("d", outline);
  set(mouth.querySelector("#teeth"), { y: top - 8, height: teeth > 0.5 ? teeth + 8 : 0 });
  set(mouth.querySelector("#lower-teeth"), { y: bottom - lower, height: lower > 0.5 ? lower + 8 : 0 });
  const rise = open * tongue;
  set(mouth.querySelector("#tongue"), { cy: bottom + 12 - rise * 0.5, rx: half * 0.62, ry: rise > 0.5 ? 12 + rise * 0.5 : 0 });
}

/** One lip, from one corner to the other, whose middle passes through `middle`. */
function edge(half, corner, middle, round) {
  const reach = half * (0.5 + 0.5 * round);
  const pull = (4 * middle - corner) / 3;
  return `C${-reach} ${pull} ${reach} ${pull} ${half} ${corner}`;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value.toFixed(2));
}
