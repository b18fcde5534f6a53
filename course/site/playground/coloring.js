// What lesson 8's desk does around its two networks, number for number as animelab/nn/colorization.py does it.
import { run } from "./page.js";

const INK = 0.3; // from here on a pixel is part of a line
const REACH = 4; // pixels that a dot on a line moves at most, to the paper beside it
const NEAR = 0.5; // of two colors in [-1, 1] that count as one
const BINS = 4, CELLS = 32; // of a palette; and the sides of the picture that it is counted on
const FARTHEST = 1e4; // than any way
const { fround } = Math; // numbers of 32 bits, as PyTorch's are

const color = (hex) => [1, 3, 5].map((at) => fround(fround(parseInt(hex.slice(at, at + 2), 16) / 127.5) - 1));

// Dots, [x, y, "#rrggbb", kind] each, of which those on a line lie on the nearest paper; ink: (size x size), 1 on a line.
export function besideLines(dots, ink, size) {
  return dots.map(([x, y, ...rest]) => {
    const row = Math.floor(fround(y * size)), column = Math.floor(fround(x * size));
    let least = Infinity, found = [x, y];
    for (let r = row - REACH; r <= row + REACH; r++) for (let c = column - REACH; c <= column + REACH; c++) {
      const far = (r - row) ** 2 + (c - column) ** 2;
      if (r < 0 || c < 0 || r >= size || c >= size || far > REACH ** 2 || far >= least || ink[r * size + c] >= INK) continue;
      [least, found] = [far, far ? [(c + 0.5) / size, (r + 0.5) / size] : [x, y]];
    }
    return [...found, ...rest];
  });
}

// Hints (4, size, size) of dots: 3 x 3 pixels of their colors, and 1 where they are. Later ones lie on top.
export function placed(dots, size) {
  const hints = new Float32Array(4 * size * size);
  for (const [x, y, hex] of dots) {
    const row = Math.trunc(y * size), column = Math.trunc(x * size), values = [...color(hex), 1];
    for (let r = Math.max(0, row - 1); r < Math.min(size, row + 2); r++) for (let c = Math.max(0, column - 1); c < Math.min(size, column + 2); c++)
      values.forEach((value, plane) => { hints[(plane * size + r) * size + c] = value; });
  }
  return hints;
}

// Where dots are without their rims, which may lie on ink; all, if all is rim.
function middles(mask, size) {
  const inner = mask.map((_, at) => {
    const row = Math.floor(at / size), column = at % size;
    for (let r = Math.max(0, row - 1); r < Math.min(size, row + 2); r++) for (let c = Math.max(0, column - 1); c < Math.min(size, column + 2); c++) if (!mask[r * size + c]) return 0;
    return 1;
  });
  return inner.includes(1) ? inner : mask;
}

// The cheapest way from a start to every pixel, and which start that is: three rounds of sweeps to the right, down, left, up.
function ways(starts, cost, size) {
  const far = Float32Array.from(starts, (start) => (start ? 0 : FARTHEST)), origin = Int32Array.from(starts.keys());
  const last = size * size - 1, sweeps = [[0, size, 1], [0, 1, size], [last, -size, -1], [last, -1, -size]]; // first pixel, to the next line, to the next pixel
  for (let round = 0; round < 3; round++) for (const [first, line, step] of sweeps) for (let i = 0; i < size; i++) {
    let total = 0, best = Infinity, behind = 0;
    for (let j = 0, at = first + i * line; j < size; j++, at += step) {
      total += cost[at];
      const toll = fround(total), start = fround(far[at] - toll);
      if (start <= best) [best, behind] = [start, origin[at]];
      far[at] = best + toll;
      origin[at] = behind;
    }
  }
  return { far, origin };
}

// The color of the nearest dot at every pixel, and how near it is, from 1 to 0: (4, size, size). Without a dot all is 0.
export function poured(hints, ink, size) {
  const area = size * size, dots = middles(hints.subarray(3 * area), size), dry = dots.map((dot, at) => (dot && ink[at] < INK ? 1 : 0));
  const { far, origin } = ways(dry.includes(1) ? dry : dots, ink.map((each) => fround(300 * fround(Math.sqrt(each))) + 1), size);
  const found = new Float32Array(4 * area);
  for (let at = 0; at < area; at++) {
    for (let c = 0; c < 3; c++) found[c * area + at] = hints[c * area + origin[at]];
    found[3 * area + at] = Math.exp(-far[at] / 48);
  }
  return found;
}

// Which colors a picture (3, size, size) has, and how much of each: the roots of shares of 4 x 4 x 4 cells.
export function palette(picture, size) {
  const area = size * size, part = size / CELLS, shares = new Float64Array(BINS ** 3);
  for (let row = 0; row < CELLS; row++) for (let column = 0; column < CELLS; column++) {
    const near = [0, 1, 2].map((plane) => {
      let sum = 0;
      for (let r = 0; r < part; r++) for (let c = 0; c < part; c++) sum += picture[plane * area + (row * part + r) * size + column * part + c];
      return Array.from({ length: BINS }, (_, knot) => Math.max(0, 1 - (Math.abs(sum / part ** 2 + 1 - (2 * knot) / (BINS - 1)) * (BINS - 1)) / 2));
    });
    near[0].forEach((red, i) => near[1].forEach((green, j) => near[2].forEach((blue, k) => { shares[(i * BINS + j) * BINS + k] += red * green * blue; })));
  }
  return Float32Array.from(shares, (each) => Math.sqrt(Math.max(1e-12, each / CELLS ** 2)));
}

// Both stages: from ink (size x size), hints for each, and a palette, to a draft and a final picture (3, size, size).
export class Colorist {
  constructor({ draft, refine, size }) { Object.assign(this, { draft, refine, size }); }

  async stages(ink, coarse, precise, taste) {
    const draft = await this.#stage(this.draft, ink, coarse, [], { palette: { data: taste, dims: [1, taste.length] } });
    return { draft, final: await this.#stage(this.refine, ink, precise, draft, {}) };
  }

  async #stage(network, ink, hints, draft, more) {
    const { size } = this, dims = (count) => [1, count, size, size], pictures = new Float32Array(ink.length + hints.length + draft.length);
    [ink, hints, draft].reduce((at, part) => (pictures.set(part, at), at + part.length), 0);
    const inputs = { pictures: { data: pictures, dims: dims(pictures.length / size ** 2) }, poured: { data: poured(hints, ink, size), dims: dims(4) } };
    return (await run(network, { ...inputs, ...more })).data.map((each) => Math.min(1, Math.max(-1, each)));
  }

  // What dots leave of a palette: where they have their way, their colors take the place of those it had.
  async agreed(ink, dots, taste) {
    const area = this.size ** 2, colors = new Map();
    for (let at = 0; at < area; at++) if (dots[3 * area + at]) {
      const found = [0, 1, 2].map((c) => dots[c * area + at]);
      colors.set(String(found), found);
    }
    const wished = taste.some(Boolean);
    if (wished && !colors.size) return taste;
    const { final: own } = await this.stages(ink, dots, dots, taste.map(() => 0));
    if (!wished) return palette(own, this.size);
    const none = dots.map(() => 0), { final } = await this.stages(ink, none, none, taste);
    for (let at = 0; at < area; at++) {
      const far = Math.min(...[...colors.values()].map((each) => Math.hypot(...each.map((value, c) => own[c * area + at] - value))));
      if (far < NEAR) for (let c = 0; c < 3; c++) final[c * area + at] = own[c * area + at];
    }
    return palette(final, this.size);
  }
}
