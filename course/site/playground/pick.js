// Pick a character from a grid, then its colors, its details and its shape: layers of StyleGAN2's w from others.
import { Page, open } from "./page.js";
import { StyleGAN2 } from "./stylegan2.js";

const SHOWN = 16, STEPS = ["Character", "Colors", "Details", "Shape"];
const SAID = ["pick a character", "now the colors", "now the details", "now the shape"];
const SHARES = [[0, 1], [0.3, 1], [0.4, 0.7], [0, 0.3]]; // of the layers, from the first, shape, to the last, color

class Pick extends Page {
  async start() {
    this.model = new StyleGAN2(this.facts);
    await this.go({ seed: 0, picks: [] });
  }

  // Points with a w for every layer, so that layers can be exchanged.
  async points(seeds, orders) {
    const { latent, layers } = this.model;
    return (await this.model.points(seeds, orders)).map((w) => Float32Array.from({ length: layers * latent }, (_, i) => w[i % latent]));
  }

  async choices({ seed, picks }) {
    const step = picks.length, first = 1000 * seed + 100 * step, last = picks.at(-1);
    const { hair, eyes } = this.facts, { latent, layers } = this.model, order = (each) => this.model.order(each);
    if (!step) {
      const seeds = Array.from({ length: SHOWN }, (_, i) => first + i);
      return (await this.points(seeds)).map((point, i) => ({ point, own: seeds[i], like: seeds[i] }));
    }
    const others = [];
    const color = (each) => hair.findIndex((i) => order(each)[i]);
    for (let each = first; others.length < SHOWN - 1; each++) if (step === 1 || color(each) === color(last.like)) others.push(each);
    if (step === 1) { // its own order with others' colors: a dark face that took layers of a bright one would stay dull
      const orders = others.map((each) => { const own = order(last.own), other = order(each); [...hair, ...eyes].forEach((i) => { own[i] = other[i]; }); return own; });
      const found = await this.points(others.map(() => last.own), orders);
      return [last, ...found.map((point, i) => ({ point, own: last.own, like: others[i] }))];
    }
    const [low, high] = SHARES[step].map((end) => Math.round(end * layers));
    const lent = await this.points(others);
    return [last, ...lent.map((other) => {
      const point = Float32Array.from(last.point);
      point.set(other.subarray(latent * low, latent * high), latent * low);
      return { ...last, point };
    })];
  }

  async draw(choices) {
    const canvases = await this.model.draw(choices.map((each) => each.point), this.facts.truncation);
    return choices.map((each, i) => ({ ...each, canvas: canvases[i] }));
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
