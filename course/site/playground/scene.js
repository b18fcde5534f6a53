// A photograph becomes a scene: dropped on the page, painted on the visitor's own machine.
import { Page, loaded, normal, numbers, open, painted, run, scaled } from "./page.js";

class Scene extends Page {
  async start() {
    this.number ??= 0;
    this.photo ??= await loaded(this.facts.photos[0]);
    await this.paint();
  }

  // The photograph in the network's multiples: whole, at most so many pixels on its longer side.
  async paint() {
    const { network, multiple, latent } = this.facts.painters[this.value("painter")], most = Number(this.value("pixels"));
    const part = most / Math.max(this.photo.width, this.photo.height);
    const [wide, high] = [this.photo.width, this.photo.height].map((side) => Math.max(multiple, Math.round((side * part) / multiple) * multiple));
    const photo = scaled(this.photo, wide, high);
    this.set("progress", { words: `Painting ${wide} × ${high} pixels`, part: null });
    try {
      const more = latent ? { latents: { data: normal(0, latent), dims: [1, latent] } } : {};
      this.canvas = painted(await run(network, { pictures: numbers(photo), ...more }));
    } finally {
      this.set("progress", {});
    }
    this.show("scene", { photograph: photo, painted: this.canvas }, "A photograph, and what the network painted of it.");
    this.say("Drag the curtain. Drop or paste a photograph of your own: it stays on your machine.");
  }

  async changed(name) { if (name === "painter" || name === "pixels") await this.paint(); }

  async pressed(name) {
    if (name === "save") return this.saveAs("scene", this.canvas);
    this.number = (this.number + 1) % this.facts.photos.length;
    this.photo = await loaded(this.facts.photos[this.number]);
    await this.paint();
  }

  async given(_, bytes) {
    const url = URL.createObjectURL(new Blob([bytes]));
    try {
      this.photo = await loaded(url);
    } finally {
      URL.revokeObjectURL(url);
    }
    await this.paint();
  }
}

open(Scene);
