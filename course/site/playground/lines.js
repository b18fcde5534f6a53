// Draw lines and see color: a conditional U-Net that is told the colors of hair and eyes.
import { Page, loaded, normal, numbers, open, painted, run, scaled, whitened } from "./page.js";

class Lines extends Page {
  async start() {
    this.papers = await Promise.all(this.facts.drawings.map(async (url) => scaled(await loaded(url), this.facts.size)));
    this.seed = 0;
    await this.go({ paper: 0, ink: [0, ""] });
  }

  // The drawing with what was drawn over it.
  async drawn() {
    const canvas = scaled(this.papers[this.now.paper], this.facts.size), ink = this.value("lines")[1];
    if (ink) {
      const pen = canvas.getContext("2d");
      pen.imageSmoothingQuality = "high";
      pen.drawImage(await loaded(ink), 0, 0, canvas.width, canvas.height);
    }
    return canvas;
  }

  order() {
    const { tags } = this.facts, bits = new Float32Array(tags.length);
    for (const group of ["hair", "eyes"]) {
      const known = tags.map((tag, i) => [tag, i]).filter(([tag]) => tag.endsWith(` ${group}`));
      const wanted = known.find(([tag]) => tag === `${this.value(group)} ${group}`) ?? known[Math.abs(Math.round(1e6 * normal(this.seed, 2)[group === "hair" ? 0 : 1])) % known.length];
      bits[wanted[1]] = 1;
    }
    return bits;
  }

  async color() {
    const { latent, network, tags } = this.facts;
    const answer = await run(network, {
      pictures: numbers(await this.drawn()), latents: { data: normal(this.seed, latent), dims: [1, latent] }, attributes: { data: this.order(), dims: [1, tags.length] },
    });
    this.canvas = painted(answer);
    this.show("answer", this.canvas, "The colors that the network gave the drawing.");
    this.say("Draw at the left; the network answers at the right.");
  }

  async restored(state) {
    this.now = state;
    this.put({ lines: state.ink });
    this.show("lines", this.papers[state.paper], "A line drawing to draw on.");
    await this.color();
  }

  async changed(name) {
    if (name === "lines") this.remember({ ...this.now, ink: this.value(name) }, this.value(name)[0]);
    if (["lines", "hair", "eyes"].includes(name)) await this.color();
    if (name === "lines") this.now = this.states[this.here];
  }

  async pressed(name) {
    if (name === "another" || name === "clear") await this.go({ paper: name === "clear" ? this.papers.length - 1 : (this.now.paper + 1) % (this.papers.length - 1), ink: [0, ""] });
    else if (name === "colors") { this.seed++; this.put({ hair: this.facts.free, eyes: this.facts.free }); await this.color(); }
    else if (name === "reset") await this.go({ paper: this.now.paper, ink: [0, ""] });
    else if (name === "save") this.saveAs("colored", this.canvas);
  }

  async given(_, bytes) {
    const url = URL.createObjectURL(new Blob([bytes]));
    try {
      this.papers.splice(-1, 0, whitened(await loaded(url), this.facts.size)); // the last one stays the empty paper
      await this.go({ paper: this.papers.length - 2, ink: [0, ""] });
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

open(Lines);
