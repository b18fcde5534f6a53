// StyleGAN2 in two networks: from latents z and orders to w, and from w to pictures.
import { normal, painted, run, unpacked } from "./page.js";

export class StyleGAN2 {
  constructor({ mapping, synthesis, layers, latent, mean, orders }) {
    Object.assign(this, { mapping, synthesis, layers, latent, orders, mean: unpacked(mean) });
  }

  // The order of a seed: attributes of 0 and 1 that go together.
  order(seed) { return Float32Array.from(this.orders[seed % this.orders.length], Number); }

  // Points w of seeds, (latent,) each, with orders of their own or those given.
  async points(seeds, orders = seeds.map((each) => this.order(each))) {
    const { latent } = this, tags = orders[0].length, latents = new Float32Array(seeds.length * latent), attributes = new Float32Array(seeds.length * tags);
    seeds.forEach((seed, i) => { latents.set(normal(seed, latent), latent * i); attributes.set(orders[i], tags * i); });
    const given = { latents: { data: latents, dims: [seeds.length, latent] }, attributes: { data: attributes, dims: [seeds.length, tags] } };
    const { data } = await run(this.mapping, given);
    return seeds.map((_, i) => data.slice(latent * i, latent * (i + 1)));
  }

  // Pictures of points, one w for all layers or (layers x latent) one each, pulled to the mean by the truncation.
  async draw(points, truncation = 1) {
    const { latent, layers, mean } = this, long = layers * latent, data = new Float32Array(points.length * long);
    points.forEach((point, i) => {
      for (let j = 0; j < long; j++) data[i * long + j] = mean[j % latent] + truncation * (point[j % point.length] - mean[j % latent]);
    });
    const answer = await run(this.synthesis, { w: { data, dims: [points.length, layers, latent] } });
    return points.map((_, i) => painted(answer, i));
  }
}
