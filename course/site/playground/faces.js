// The face explorer: StyleGAN2's w, moved along directions that the examiner has names for.
import { Page, open, unpacked } from "./page.js";
import { StyleGAN2 } from "./stylegan2.js";

const HELD = 400; // milliseconds without a hand's move, after which the small pictures at the sliders' ends are drawn
const FAR = 3; // steps of a direction, at most
const STROLL = 60; // pictures from face to face of a walk

class Faces extends Page {
  async start() {
    this.model = new StyleGAN2(this.facts);
    this.steps = this.facts.directions.map(({ step }) => unpacked(step));
    this.kept = [];
    this.strolling = false;
    await this.go(await this.face(this.facts.start));
  }

  // A face is a point in w, how far each slider is, and how near the mean the truncation brings both.
  async face(seed) {
    const [w] = await this.model.points([seed]);
    return { seed, w, moved: {}, truncation: this.value("truncation") };
  }

  // How far a direction goes from a face, in steps: to where the network's own samples end, so that both ends are faces.
  ends(i, { w }) {
    const { reach: [low, high] } = this.facts.directions[i], step = this.steps[i];
    let along = 0, long = 0;
    step.forEach((each, j) => { along += each * (w[j] - this.model.mean[j]); long += each * each; });
    const round = (number) => Math.round(10 * number) / 10;
    return { low: Math.max(-FAR, Math.min(0, round(low - along / long))), high: Math.min(FAR, Math.max(0, round(high - along / long))) };
  }

  point({ w, moved }) {
    const point = Float32Array.from(w);
    for (const [slot, amount] of Object.entries(moved)) this.steps[slot.slice(6)].forEach((step, i) => { point[i] += amount * step; });
    return point;
  }

  async restored(face) {
    const far = this.facts.directions.map((_, i) => this.ends(i, face)), moved = {};
    for (const [slot, amount] of Object.entries(face.moved)) moved[slot] = Math.min(far[slot.slice(6)].high, Math.max(far[slot.slice(6)].low, amount));
    this.now = face = { ...face, moved };
    far.forEach((ends, i) => this.update(`named_${i}`, ends));
    [this.canvas] = await this.model.draw([this.point(face)], face.truncation);
    const moves = Object.entries(face.moved).filter(([, amount]) => amount).map(([slot, amount]) => `${this.facts.directions[slot.slice(6)].name} ${amount > 0 ? "+" : "−"}${Math.abs(amount).toFixed(1)}`);
    const words = [face.seed < 0 ? "On the walk" : `Face ${face.seed}`, ...moves].join(", ");
    this.show("face", this.canvas, `${words}.`);
    this.say(words);
    this.put({ ...Object.fromEntries(this.facts.directions.map((_, i) => [`named_${i}`, face.moved[`named_${i}`] ?? 0])), truncation: face.truncation });
    clearTimeout(this.resting);
    if (!this.strolling) this.resting = setTimeout(() => this.small(face), HELD);
  }

  // The small pictures at the ends of the sliders, a slider at a time, while this face is the one that is seen.
  async small(face) {
    for (const i of this.facts.directions.keys()) {
      const { low, high } = this.ends(i, face), ends = [low, high].map((end) => this.point({ ...face, moved: { [`named_${i}`]: end } }));
      const drawn = await this.model.draw(ends, face.truncation);
      if (this.now !== face) return;
      this.set("ends", { ...this.get("ends"), [`named_${i}`]: drawn.map((each) => each.toDataURL()) });
    }
  }

  async changed(name) {
    if (name === "kept") return this.value(name) === null ? null : this.go(this.kept[this.value(name)].face);
    if (name === "truncation") return this.go({ ...this.now, truncation: this.value(name) }, name);
    if (name.startsWith("named_")) await this.go({ ...this.now, moved: { ...this.now.moved, [name]: this.value(name) } }, name);
  }

  async pressed(name) {
    if (name === "new") await this.go(await this.face(Math.max(0, this.now.seed) + 1));
    else if (name === "reset") await this.go({ ...this.now, moved: {} });
    else if (name === "save") this.saveAs(`face-${this.now.seed}`, this.canvas);
    else if (name === "keep") this.keep();
    else if (name === "walk") this.stroll();
    else if (name === "kept") await this.changed(name);
  }

  keep() {
    this.kept = [...this.kept, { face: this.now, canvas: this.canvas }].slice(-6);
    const empty = 6 - this.kept.length;
    this.showAll("kept", [...this.kept.map((each) => each.canvas), ...Array(empty).fill(null)],
      [...this.kept.map((_, i) => `Kept face ${i + 1}`), ...Array(empty).fill("An empty place")]);
  }

  // From face to face without an end: through the kept ones, or where there are fewer than two, through new ones.
  async stroll() {
    this.strolling = !this.strolling;
    this.update("walk", { label: this.strolling ? "Hold" : "Walk", selected: this.strolling });
    let next = this.now.seed;
    for (let to = 0; this.strolling; to++) {
      const from = this.point(this.now), kept = this.kept;
      const goal = kept.length > 1 ? kept[to % kept.length].face : await this.face((next = Math.max(0, next) + 1));
      const end = this.point(goal), { truncation } = this.now;
      for (let step = 1; step <= STROLL && this.strolling; step++) {
        const began = performance.now(), part = step / STROLL, eased = part * part * (3 - 2 * part);
        [this.canvas] = await this.model.draw([from.map((value, i) => value + eased * (end[i] - value))], truncation);
        if (this.strolling) this.show("face", this.canvas, "On the walk.");
        await new Promise((done) => setTimeout(done, Math.max(0, 50 - (performance.now() - began))));
      }
      if (this.strolling) this.now = { ...goal, truncation };
    }
    await this.go(this.now);
  }
}

open(Faces);
