// A character to order: a conditional generator is told hair, eyes and the rest, and draws whom it likes.
import { Page, open } from "./page.js";
import { StyleGAN2 } from "./stylegan2.js";

class Order extends Page {
  async start() {
    this.model = new StyleGAN2(this.facts);
    await this.go(this.first());
  }

  first() { return { seed: this.facts.start, order: this.facts.orders[this.facts.start] }; }

  async draw(seeds, order) {
    const bits = Float32Array.from(order, Number);
    return this.model.draw(await this.model.points(seeds, seeds.map(() => bits)), this.facts.truncation);
  }

  async restored(state) {
    this.now = state;
    const { tags, hair, eyes } = this.facts, ordered = tags.filter((_, i) => state.order[i] === "1");
    [this.canvas] = await this.draw([state.seed], state.order);
    this.show("face", this.canvas, `A character with ${ordered.join(", ")}.`);
    this.say(ordered.join(", "));
    const color = (columns) => tags[columns.find((i) => state.order[i] === "1")].split(" ")[0];
    const on = Object.fromEntries(this.facts.others.map((i) => [`tag_${i}`, state.order[i] === "1"]));
    this.put({ hair: color(hair), eyes: color(eyes), ...on, others: null });
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.others(state), 300);
  }

  // Eight more with the same order: what the order leaves open.
  async others(state) {
    const seeds = Array.from({ length: 8 }, (_, i) => state.seed + 1 + i), drawn = [];
    for (const seed of seeds) {
      drawn.push(...(await this.draw([seed], state.order)));
      if (this.now !== state) return;
    }
    this.seeds = seeds;
    this.showAll("others", drawn, seeds.map((_, i) => `Another with the same order, ${i + 1}`));
  }

  async changed(name) {
    const { order } = this.now, bits = [...order], value = this.value(name);
    if (name === "others") return value === null ? null : this.go({ seed: this.seeds[value], order });
    if (name === "hair" || name === "eyes") for (const i of this.facts[name]) bits[i] = this.facts.tags[i].split(" ")[0] === value ? "1" : "0";
    else bits[name.slice(4)] = value ? "1" : "0";
    await this.go({ ...this.now, order: bits.join("") });
  }

  async pressed(name) {
    if (name === "new") await this.go({ ...this.now, seed: this.now.seed + 1 });
    else if (name === "surprise") await this.go({ seed: this.now.seed + 1, order: this.facts.orders[Math.floor(Math.random() * this.facts.orders.length)] });
    else if (name === "reset") await this.go(this.first());
    else if (name === "save") this.saveAs(`character-${this.now.seed}`, this.canvas);
  }
}

open(Order);
