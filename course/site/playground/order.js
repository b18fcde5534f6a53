// A character to order: a conditional generator is told hair, eyes and the rest, and draws whom it likes.
import { Page, normal, open, painted, run } from "./page.js";

class Order extends Page {
  async start() { await this.go({ seed: 0, order: this.facts.first }); }

  async draw(seeds, order) {
    const { latent, generator } = this.facts, bits = Float32Array.from(order, Number), many = seeds.length;
    const latents = new Float32Array(many * latent), attributes = new Float32Array(many * bits.length);
    seeds.forEach((seed, i) => { latents.set(normal(seed, latent), i * latent); attributes.set(bits, i * bits.length); });
    const answer = await run(generator, { latents: { data: latents, dims: [many, latent] }, attributes: { data: attributes, dims: [many, bits.length] } });
    return seeds.map((_, i) => painted(answer, i));
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
    else if (name === "reset") await this.start();
    else if (name === "save") this.saveAs(`character-${this.now.seed}`, this.canvas);
  }
}

open(Order);
