// What every page of the playground shares: a stage of the course's widgets, whose answers come from this page instead
// of a kernel, and networks that run in a worker.
import stage from "./stage.js";

// ---- networks
const waits = new Map();
const known = new Map(); // of each network its last inputs and answer, to see whether another processor says the same
const NEAR = 0.01; // of answers from -1 to 1 that count as the same
let worker = null, graphics = false, sent = 0;

// The answer of a network, {data: Float32Array, dims}, to inputs by name, each {data, dims}; without inputs it is opened.
export function run(name, inputs = null) {
  if (!worker) {
    worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data: { id, answer, problem } }) => {
      const { done, failed } = waits.get(id);
      waits.delete(id);
      problem === undefined ? done(answer) : failed(new Error(problem));
    };
    worker.onerror = (event) => { waits.forEach(({ failed }) => failed(new Error(event.message || "the worker did not start"))); waits.clear(); };
  }
  return new Promise((done, failed) => {
    waits.set(++sent, { done: (answer) => { if (inputs) known.set(name, { inputs, answer }); done(answer); }, failed });
    worker.postMessage({ id: sent, name, inputs, graphics });
  });
}

// Whether the networks answer what they answered before: not every graphics processor's driver computes right.
async function same() {
  for (const [name, { inputs, answer }] of [...known]) {
    const { data } = await run(name, inputs);
    if (!data.every((value, i) => Math.abs(value - answer.data[i]) < NEAR)) return false;
  }
  return true;
}

// Take the graphics processor, or leave it; networks are opened anew.
function choose(wanted) {
  worker?.terminate();
  worker = null;
  waits.forEach(({ failed }) => failed(new Error("begun anew")));
  waits.clear();
  graphics = wanted;
}

// ---- numbers
// Normal random numbers that a seed decides (mulberry32; Box and Muller 1958).
export function normal(seed, count) {
  let state = (seed + 1) * 0x9e3779b9;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return Float32Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
}

// Numbers that playground.py packed, little-endian: 32 bits each, as base64.
export const unpacked = (text) => new Float32Array(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)).buffer);

// ---- pictures
const GRAIN = 8; // of 255: what a paper's shade varies
export function empty(wide, high) { return Object.assign(document.createElement("canvas"), { width: wide, height: high }); }
// What draws on a canvas, and reads it as often: not on the graphics processor.
export const pen = (canvas) => canvas.getContext("2d", { willReadFrequently: true });

// Number `index` of a batch (B, 3 or 1, H, W) in [-1, 1], on a canvas.
export function painted({ data, dims: [, channels, high, wide] }, index = 0) {
  const canvas = empty(wide, high), pixels = new ImageData(wide, high), area = high * wide, first = index * channels * area;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = (data[first + (channels === 3 ? c * area : 0) + i] + 1) * 127.5; // clamped and rounded by the array
    pixels.data[4 * i + 3] = 255;
  }
  pen(canvas).putImageData(pixels, 0, 0);
  return canvas;
}

// A canvas as (1, channels, H, W) in [-1, 1]; one channel is gray.
export function numbers(canvas, channels = 3) {
  const { width, height } = canvas, area = width * height, data = new Float32Array(channels * area);
  const pixels = pen(canvas).getImageData(0, 0, width, height).data;
  for (let i = 0; i < area; i++) {
    const [red, green, blue] = [pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]];
    if (channels === 1) data[i] = (0.299 * red + 0.587 * green + 0.114 * blue) / 127.5 - 1;
    else for (let c = 0; c < 3; c++) data[c * area + i] = pixels[4 * i + c] / 127.5 - 1;
  }
  return { data, dims: [1, channels, height, width] };
}

export function scaled(image, wide, high = wide) {
  const canvas = empty(wide, high);
  Object.assign(pen(canvas), { fillStyle: "white", imageSmoothingQuality: "high" });
  pen(canvas).fillRect(0, 0, wide, high);
  pen(canvas).drawImage(image, 0, 0, wide, high);
  return canvas;
}

// A line drawing of any shape, whole on a white square and dark on its paper, which is brought to white; without one, the paper.
export function whitened(drawing, side) {
  const paper = empty(side, side), ground = pen(paper);
  Object.assign(ground, { fillStyle: "white", imageSmoothingQuality: "high" });
  ground.fillRect(0, 0, side, side);
  if (!drawing) return paper;
  const { width, height } = drawing, [wide, high] = [width, height].map((each) => Math.max(1, Math.round((side * each) / Math.max(width, height))));
  const small = scaled(drawing, wide, high), image = pen(small).getImageData(0, 0, wide, high), shades = new Uint32Array(256);
  for (let at = 0; at < image.data.length; at += 4) shades[image.data[at + 1]]++;
  const shade = shades.indexOf(Math.max(...shades)), dark = shade < 128, white = Math.max(1, (dark ? 255 - shade : shade) - GRAIN);
  image.data.forEach((value, at) => { if (at % 4 < 3) image.data[at] = ((dark ? 255 - value : value) * 255) / white; });
  pen(small).putImageData(image, 0, 0);
  ground.drawImage(small, (side - wide) >> 1, (side - high) >> 1);
  return paper;
}

// Four times as large by Lanczos' filter of three lobes; a browser alone makes fog of so few pixels.
const TIMES = 4, TAPS = 6;
const PHASES = Array.from({ length: TIMES }, (_, phase) => { // of each new pixel: its first old one, and what each counts
  const lobes = (x) => (x === 0 ? 1 : Math.abs(x) >= 3 ? 0 : (3 * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / 3)) / (Math.PI * x) ** 2);
  const center = (phase + 0.5) / TIMES - 0.5, first = Math.floor(center) - 2;
  const weights = Array.from({ length: TAPS }, (_, i) => lobes(center - first - i)), sum = weights.reduce((a, b) => a + b);
  return { first, weights: weights.map((each) => each / sum) };
});

// Rows of `across` numbers, TIMES as many of them: each is a sum of its neighbors, and the rows at the ends are repeated.
function more(rows, count, across, to) {
  for (let y = 0; y < TIMES * count; y++) {
    const { first, weights: [a, b, c, d, e, f] } = PHASES[y % TIMES], base = Math.floor(y / TIMES) + first;
    const [r, s, t, u, v, w] = Array.from({ length: TAPS }, (_, i) => across * within(0, base + i, count - 1));
    for (let x = 0; x < across; x++) to[y * across + x] = a * rows[r + x] + b * rows[s + x] + c * rows[t + x] + d * rows[u + x] + e * rows[v + x] + f * rows[w + x];
  }
  return to;
}

function turned(rows, high, wide, to) { // columns for rows, of pixels of four numbers
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) for (let c = 0; c < 4; c++) to[4 * (x * high + y) + c] = rows[4 * (y * wide + x) + c];
  return to;
}

export function enlarged(canvas) {
  const { width, height } = canvas, wide = TIMES * width, high = TIMES * height, size = 4 * wide * height;
  const columns = turned(pen(canvas).getImageData(0, 0, width, height).data, height, width, new Uint8ClampedArray(4 * width * height));
  const broad = turned(more(columns, width, 4 * height, new Uint8ClampedArray(size)), wide, height, new Uint8ClampedArray(size));
  const large = empty(wide, high);
  pen(large).putImageData(new ImageData(more(broad, height, 4 * wide, new Uint8ClampedArray(4 * wide * high)), wide, high), 0, 0);
  return large;
}

const within = (low, value, high) => Math.min(high, Math.max(low, value));

export function loaded(url) {
  return new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => failed(new Error("that is no picture that this browser can open"));
    image.src = url;
  });
}

// ---- the stage
const SMALL = 128; // pixels of a side; such pictures come well enlarged, too

// A page: subclasses answer `changed(name)`, `pressed(name)`, `given(name, bytes)`, and `restored(state)` for undo.
export class Page {
  constructor({ stage, facts, models }) {
    this.state = stage;
    this.facts = facts;
    this.models = models;
    this.listeners = {};
    this.news = new Set(); // what was set and is not shown yet
    this.moved = new Set(); // what a hand moved and is not answered yet
    this.before = { ...stage.values };
    this.states = [];
    this.here = -1;
    this.gesture = null;
    this.work = Promise.resolve();
  }

  // What the stage asks of a widget's model.
  get(name) { return this.state[name]; }
  set(name, value) {
    this.state[name] = value;
    if (!this.news.size) queueMicrotask(() => this.#tell()); // all that is new at once: the stage is drawn one time
    this.news.add(name);
  }
  #tell() {
    const acts = new Set([...this.news].flatMap((name) => this.listeners[`change:${name}`] ?? []));
    this.news.clear();
    acts.forEach((act) => act());
  }
  on(event, act) { (this.listeners[event] ??= []).push(act); }
  off(event, act) { this.listeners[event] = (this.listeners[event] ?? []).filter((each) => each !== act); }
  save_changes() {
    const news = Object.keys(this.state.values).filter((name) => this.state.values[name] !== this.before[name]);
    this.before = { ...this.state.values };
    news.forEach((name) => this.moved.add(name));
    this.answer(async () => { for (const name of news) { this.moved.delete(name); await this.changed(name); } });
  }
  send({ do: wish, name }, _, [bytes] = []) {
    const part = this.state.parts[name];
    if (wish === "press" && part && !part.disabled) this.answer(() => this.#pressed(name));
    else if (wish === "give") this.answer(() => this.given(name, bytes));
    else if (wish === "idle" || wish === "press") this.set("answered", this.state.answered + 1);
  }
  #pressed(name) {
    if (name !== "undo" && name !== "redo") return this.pressed(name);
    this.#go(this.here + (name === "redo" ? 1 : -1));
    return this.restored(this.states[this.here]);
  }
  // One thing after the other; what stops is told in words.
  answer(act) {
    this.work = this.work.then(act).then(() => this.say("", "problem"), (error) => this.say(`It stopped: ${error.message}.`, "problem")).then(() => {
      this.set("answered", this.state.answered + 1);
    });
    return this.work;
  }
  // What is seen, drawn by the networks: the beginning, or what was there when the networks moved elsewhere.
  begin() { return this.here < 0 ? this.start() : this.restored(this.states[this.here]); }
  changed() {}
  pressed() {}
  given() {}
  restored() {}

  // What pages say to the stage.
  value(name) { return this.state.values[name]; }
  put(values) { // but for what a hand moved meanwhile, which is answered next
    const news = Object.fromEntries(Object.entries(values).filter(([name]) => !this.moved.has(name)));
    Object.assign(this.before, news);
    this.set("values", { ...this.state.values, ...news });
  }
  update(name, properties) { this.set("parts", { ...this.state.parts, [name]: { ...this.state.parts[name], ...properties } }); }
  say(sentence, place = "caption") {
    if (this.state.words[place] !== sentence) this.set("words", { ...this.state.words, [place]: sentence });
  }
  show(name, canvas, words) {
    const layers = canvas instanceof HTMLCanvasElement ? { "": canvas } : canvas, [first] = Object.values(layers);
    const urls = (of) => Object.fromEntries(Object.entries(layers).map(([key, layer]) => [key, of(layer)]));
    const jpeg = (layer) => layer.toDataURL("image/jpeg", 0.92), small = Math.min(first.width, first.height) <= SMALL;
    const smooth = small ? urls((layer) => jpeg(enlarged(layer))) : undefined; // PNG only where each pixel counts: it is slow
    this.say(words, name);
    this.set(`picture_${name}`, { layers: urls(small ? (layer) => layer.toDataURL() : jpeg), smooth, over: "", wide: first.width, high: first.height });
  }
  showAll(name, canvases, words) {
    const grid = canvases.map((canvas, i) => [canvas?.toDataURL() ?? "", words[i]]);
    this.set(`picture_${name}`, { grid, wide: 1, high: 1 });
  }
  remember(state, gesture = null) {
    const again = gesture !== null && gesture === this.gesture;
    this.states = [...this.states.slice(0, this.here + (again ? 0 : 1)), state].slice(-100);
    this.#go(this.states.length - 1);
    this.gesture = gesture;
  }
  async go(state, gesture = null) {
    await this.restored(state);
    this.remember(state, gesture);
  }
  #go(number) {
    this.here = Math.max(0, number);
    this.gesture = null;
    this.update("undo", { disabled: this.here === 0 });
    this.update("redo", { disabled: this.here === this.states.length - 1 });
  }
  saveAs(name, canvas) {
    canvas.toBlob((blob) => {
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${name}.png` });
      link.click();
      URL.revokeObjectURL(link.href);
    });
    this.say(`Saved as ${name}.png among your downloads.`);
  }
}

// Show a page of this kind: its first picture lies in page.json, and is there before any network is.
export async function open(Kind) {
  const place = document.querySelector("main .stage"), said = document.querySelector("main .loading");
  const page = new Kind(await (await fetch(`data/${document.body.dataset.page}.json`)).json());
  stage.render({ model: page, el: place });
  const begin = async (wanted, first = "") => {
    said.textContent = wanted ? "Fetching the larger runtime …" : "Fetching the networks …";
    choose(wanted);
    await Promise.all(page.models.map((model) => run(model)));
    if (wanted && !(await same())) throw new Error("its answers are others");
    await page.begin();
    said.textContent = `${first}Ready: all of it runs in this page, on ${wanted ? "the graphics processor" : "the processor"}. Nothing is sent anywhere.`;
    document.body.dataset.ready = wanted ? "webgpu" : "wasm";
  };
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (adapter && !adapter.info?.isFallbackAdapter) { // one of software is slower than WebAssembly
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Use the graphics processor (7 MB more)" });
    button.addEventListener("click", () => {
      button.remove();
      page.answer(() => begin(true).catch(() => begin(false, "The graphics processor cannot run this here. ")));
    });
    said.after(button);
  }
  await page.answer(() => begin(false));
}
