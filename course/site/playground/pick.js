// Pick a character from a grid, then its colors, its details and its shape: layers of StyleGAN2's w from others.
import { Page, normal, open, painted, run, unpacked } from "./page.js";

const SHOWN = 16, STEPS = ["Character", "Colors", "Details", "Shape"];
const SAID = ["pick a character", "now the colors", "now the details", "now the shape"];
const SHARES = [[0, 1], [0.3, 1], [0.4, 0.7], [0, 0.3]]; // of the layers, from the first, shape, to the last, color

class Pick extends Page {
  async start() {
    this.mean = unpacked(this.facts.mean);
    await this.go({ seed: 0, picks: [] });
  }

  order(seed) { return Float32Array.from(this.facts.orders[seed % this.facts.orders.length], Number); }

  // Points of seeds, (layers, 512) each, of orders of their own or those given.
  async points(seeds, orders) {
    const tags = orders[0].length, latents = new Float32Array(seeds.length * 512), attributes = new Float32Array(seeds.length * tags);
    seeds.forEach((seed, i) => { latents.set(normal(seed, 512), 512 * i); attributes.set(orders[i], tags * i); });
    const { data } = await run(this.facts.mapping, { latents: { data: latents, dims: [seeds.length, 512] }, attributes: { data: attributes, dims: [seeds.length, tags] } });
    return seeds.map((_, i) => {
      const point = new Float32Array(this.facts.layers * 512);
      for (let layer = 0; layer < this.facts.layers; layer++) point.set(data.subarray(512 * i, 512 * (i + 1)), 512 * layer);
      return point;
    });
  }

  async choices({ seed, picks }) {
    const step = picks.length, first = 1000 * seed + 100 * step, last = picks.at(-1);
    const { hair, eyes, layers } = this.facts;
    if (!step) {
      const seeds = Array.from({ length: SHOWN }, (_, i) => first + i);
      return (await this.points(seeds, seeds.map((each) => this.order(each)))).map((point, i) => ({ point, own: seeds[i], like: seeds[i] }));
    }
    const others = [];
    const color = (each) => hair.findIndex((i) => this.order(each)[i]);
    for (let each = first; others.length < SHOWN - 1; each++) if (step === 1 || color(each) === color(last.like)) others.push(each);
    if (step === 1) { // its own order with others' colors: a dark face that took layers of a bright one would stay dull
      const orders = others.map((each) => { const own = this.order(last.own), other = this.order(each); [...hair, ...eyes].forEach((i) => { own[i] = other[i]; }); return own; });
      const found = await this.points(others.map(() => last.own), orders);
      return [last, ...found.map((point, i) => ({ point, own: last.own, like: others[i] }))];
    }
    const [low, high] = SHARES[step].map((end) => Math.round(end * layers));
    const lent = await this.points(others, others.map((each) => this.order(each)));
    return [last, ...lent.map((other) => {
      const point = Float32Array.from(last.point);
      point.set(other.subarray(512 * low, 512 * high), 512 * low);
      return { ...last, point };
    })];
  }

  async draw(choices) {
    const { layers, truncation, synthesis } = this.facts, long = layers * 512, data = new Float32Array(choices.length * long);
    choices.forEach(({ point }, i) => data.set(point.map((value, j) => this.mean[j % 512] + truncation * (value - this.mean[j % 512])), i * long));
    const answer = await run(synthesis, { w: { data, dims: [choices.length, layers, 512] } });
    return choices.map((each, i) => ({ ...each, canvas: painted(answer, i) }));
  }

  async restored(state) {
    this.now = state;
    const step = state.picks.length, done = step === STEPS.length;
    if (done) {
      this.canvas = state.picks.at(-1).canvas;
      this.show("face", this.canvas, "Your character.");
      this.say("Your character. Save it, or go back to one of your choices.");
    } else {
      this.drawn = await this.draw(await this.choices(state));
      this.canvas = this.drawn[0].canvas;
      this.showAll("choices", this.drawn.map((each) => each.canvas), this.drawn.map((_, i) => `Choice ${i + 1}${step && !i ? ", as it was" : ""}`));
      this.say(`Step ${step + 1} of ${STEPS.length}: ${SAID[step]}.${step ? " The first is as it was." : ""}`);
    }
    this.showAll("strip", STEPS.map((_, i) => state.picks[i]?.canvas ?? null), STEPS.map((name, i) => `${name}: ${i < step ? "back to this choice" : "not yet chosen"}`));
    this.put({ choices: null, strip: null });
    this.update("choices", { hidden: done });
    this.update("face", { hidden: !done });
    this.update("others", { disabled: done });
    this.update("save", { disabled: !step });
  }

  async changed(name) {
    const index = this.value(name);
    if (index === null) return;
    if (name === "choices") await this.go({ ...this.now, picks: [...this.now.picks, this.drawn[index]] });
    else if (index < this.now.picks.length) await this.go({ ...this.now, picks: this.now.picks.slice(0, index) });
  }

  async pressed(name) {
    if (name === "others") await this.go({ ...this.now, seed: this.now.seed + 1 });
    else if (name === "again") await this.go({ seed: this.now.seed + 1, picks: [] });
    else if (name === "save") this.saveAs("character", this.canvas);
    else await this.changed(name);
  }
}

open(Pick);
