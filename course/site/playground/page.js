// What every page of the playground shares: a stage of the course's widgets, whose answers come from this page instead
// of a kernel, and networks that run in a worker.
import stage from "./stage.js";

// ---- networks
const waits = new Map();
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
    waits.set(++sent, { done, failed });
    worker.postMessage({ id: sent, name, inputs, graphics });
  });
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
// Number `index` of a batch (B, 3 or 1, H, W) in [-1, 1], on a canvas.
export function painted({ data, dims: [, channels, high, wide] }, index = 0) {
  const canvas = Object.assign(document.createElement("canvas"), { width: wide, height: high }), pen = canvas.getContext("2d");
  const pixels = pen.createImageData(wide, high), area = high * wide, first = index * channels * area;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = (data[first + (channels === 3 ? c * area : 0) + i] + 1) * 127.5 + 0.5; // clamped by the array
    pixels.data[4 * i + 3] = 255;
  }
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

// A canvas as (1, channels, H, W) in [-1, 1]; one channel is gray.
export function numbers(canvas, channels = 3) {
  const { width, height } = canvas, area = width * height, data = new Float32Array(channels * area);
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  for (let i = 0; i < area; i++) {
    const color = [0, 1, 2].map((c) => pixels[4 * i + c] / 127.5 - 1);
    if (channels === 1) data[i] = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2];
    else color.forEach((value, c) => { data[c * area + i] = value; });
  }
  return { data, dims: [1, channels, height, width] };
}

export function scaled(image, wide, high = wide) {
  const canvas = Object.assign(document.createElement("canvas"), { width: wide, height: high }), pen = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(pen, { fillStyle: "white", imageSmoothingQuality: "high" });
  pen.fillRect(0, 0, wide, high);
  pen.drawImage(image, 0, 0, wide, high);
  return canvas;
}

// Four times as large by Lanczos' filter of three lobes; a browser alone makes fog of so few pixels.
function enlarged(canvas, times = 4) {
  const { width, height } = canvas, wide = times * width, high = times * height;
  const lobes = (x) => (x === 0 ? 1 : Math.abs(x) >= 3 ? 0 : (3 * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / 3)) / (Math.PI * x) ** 2);
  const taps = Array.from({ length: times }, (_, phase) => {
    const center = (phase + 0.5) / times - 0.5, first = Math.floor(center) - 2;
    const weights = Array.from({ length: 6 }, (_, i) => lobes(center - first - i)), sum = weights.reduce((a, b) => a + b);
    return [first, weights.map((each) => each / sum)];
  });
  const from = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const rows = new Float32Array(wide * height * 3), to = new ImageData(wide, high);
  for (let y = 0; y < height; y++) for (let x = 0; x < wide; x++) {
    const [first, weights] = taps[x % times], base = ((x / times) | 0) + first, at = 3 * (y * wide + x);
    for (let i = 0; i < 6; i++) {
      const place = 4 * (y * width + within(0, base + i, width - 1));
      for (let c = 0; c < 3; c++) rows[at + c] += weights[i] * from[place + c];
    }
  }
  for (let y = 0; y < high; y++) {
    const [first, weights] = taps[y % times], base = ((y / times) | 0) + first;
    const lines = weights.map((_, i) => 3 * wide * within(0, base + i, height - 1));
    for (let x = 0; x < wide; x++) {
      const at = 4 * (y * wide + x);
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let i = 0; i < 6; i++) sum += weights[i] * rows[lines[i] + 3 * x + c];
        to.data[at + c] = sum; // clamped and rounded by the array
      }
      to.data[at + 3] = 255;
    }
  }
  const large = Object.assign(document.createElement("canvas"), { width: wide, height: high });
  large.getContext("2d").putImageData(to, 0, 0);
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
    (this.listeners[`change:${name}`] ?? []).forEach((act) => act());
  }
  on(event, act) { (this.listeners[event] ??= []).push(act); }
  off(event, act) { this.listeners[event] = (this.listeners[event] ?? []).filter((each) => each !== act); }
  save_changes() {
    const news = Object.keys(this.state.values).filter((name) => this.state.values[name] !== this.before[name]);
    this.before = { ...this.state.values };
    this.answer(async () => { for (const name of news) await this.changed(name); });
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
  changed() {}
  pressed() {}
  given() {}
  restored() {}

  // What pages say to the stage.
  value(name) { return this.state.values[name]; }
  put(values) {
    Object.assign(this.before, values);
    this.set("values", { ...this.state.values, ...values });
  }
  update(name, properties) { this.set("parts", { ...this.state.parts, [name]: { ...this.state.parts[name], ...properties } }); }
  say(sentence, place = "caption") {
    if (this.state.words[place] !== sentence) this.set("words", { ...this.state.words, [place]: sentence });
  }
  show(name, canvas, words) {
    const layers = canvas instanceof HTMLCanvasElement ? { "": canvas } : canvas, [first] = Object.values(layers);
    const urls = (of) => Object.fromEntries(Object.entries(layers).map(([key, layer]) => [key, of(layer)]));
    const smooth = Math.min(first.width, first.height) <= SMALL ? urls((layer) => enlarged(layer).toDataURL("image/jpeg", 0.92)) : undefined;
    this.say(words, name);
    this.set(`picture_${name}`, { layers: urls((layer) => layer.toDataURL()), smooth, over: "", wide: first.width, high: first.height });
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
  const name = document.body.dataset.page;
  const page = new Kind(await (await fetch(`data/${name}.json`)).json());
  stage.render({ model: page, el: place });
  said.textContent = "Fetching the networks …";
  const ready = () => page.answer(async () => {
    await Promise.all(page.models.map((model) => run(model)));
    await page.start?.();
    said.textContent = `Ready: all of it runs in this page, on ${graphics ? "the graphics processor" : "the processor"}. Nothing is sent anywhere.`;
    document.body.dataset.ready = graphics ? "webgpu" : "wasm";
  });
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (adapter) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Use the graphics processor (7 MB more)" });
    button.addEventListener("click", () => { choose(true); button.remove(); said.textContent = "Fetching the larger runtime …"; ready(); });
    said.after(button);
  }
  await ready();
  return page;
}
