// Dots of color on a drawing, and two networks that paint by them: the coloring desk of lesson 8.
import { Page, empty, enlarged, loaded, numbers, open, painted, pen, scaled, whitened } from "./page.js";
import { Colorist, besideLines, palette, placed } from "./coloring.js";

const RESTED = 250; // milliseconds without a hand's move, after which the palette comes to agree with the dots
const INK = "rgb(29 27 34)";
const PENS = ["Pen", "Eraser"], DOTS = ["Draft dot", "Final dot"];
const SAID = {
  "Final dot": "A final dot is for the second network alone: put one where the draft is right, and the final picture is not.",
  "Erase dot": "Click a dot to remove it.",
  Pen: "Draw at the left; the colors follow.",
  Eraser: "Rub out lines at the left; the colors follow.",
};
const LENT = "from your picture"; // the scheme that a picture from disk lends

class Dots extends Page {
  async start() {
    const { drawings, network, first, schemes, shown } = this.facts;
    this.colorist = new Colorist(network);
    this.schemes = { ...schemes };
    this.papers = [...(await Promise.all(drawings.map(async (url) => scaled(await loaded(url), shown)))), whitened(null, shown)];
    this.first = { paper: 0, ink: [0, ""], dots: first, scheme: this.value("scheme") };
    await this.go(this.first);
  }

  // Shows the drawing with what was drawn over it, and gives its ink alone, and its ink as the networks see it.
  async drawn({ paper, ink: [, url] }) {
    const drawing = this.papers[paper], { shown } = this.facts, { size } = this.colorist;
    if (this.drawing?.of === drawing && this.drawing.url === url) return this.drawing;
    const lines = scaled(drawing, shown), times = shown / size, layer = new ImageData(shown, shown);
    if (url) pen(lines).drawImage(await loaded(url), 0, 0, shown, shown);
    const dark = new Float32Array(size * size), black = empty(shown, shown);
    numbers(lines, 1).data.forEach((value, at) => {
      layer.data[4 * at + 3] = 127.5 * (1 - value);
      dark[Math.floor(at / shown / times) * size + Math.floor((at % shown) / times)] += 127.5 * (1 - value);
    });
    pen(black).putImageData(layer, 0, 0);
    Object.assign(pen(black), { globalCompositeOperation: "source-in", fillStyle: INK }).fillRect(0, 0, shown, shown);
    this.show("lines", lines, "A line drawing.");
    return (this.drawing = { of: drawing, url, black, ink: dark.map((each) => Math.round(each / times ** 2) / 255) });
  }

  // Draft and final picture; while a hand moves, by the palette that agreed with the dots before.
  async paint(state, resting = true) {
    const { ink } = await this.drawn(state), { colorist } = this, { size } = colorist;
    const dots = besideLines(state.dots, ink, size), coarse = placed(dots.filter((dot) => dot[3] === "draft"), size);
    const precise = placed(dots.filter((dot) => dot[3] === "final"), size), area = size * size; // the second stage hears all dots
    for (let at = 0; at < area; at++) if (!precise[3 * area + at]) for (let c = 0; c < 4; c++) precise[c * area + at] = coarse[c * area + at];
    if (resting || !this.agreed) this.agreed = await colorist.agreed(ink, coarse, Float32Array.from(this.schemes[state.scheme]));
    this.stages = await colorist.stages(ink, coarse, precise, this.agreed);
    this.look();
    clearTimeout(this.rest);
    if (!resting) this.rest = setTimeout(() => this.answer(() => this.now === state && this.paint(state)), RESTED);
  }

  // What a stage painted, under the ink of the drawing.
  finished(view) {
    const { size } = this.colorist, whole = enlarged(painted({ data: this.stages[view], dims: [1, 3, size, size] }));
    pen(whole).drawImage(this.drawing.black, 0, 0);
    return whole;
  }

  look() {
    const view = this.value("view");
    this.show("result", this.finished(view), view === "final" ? "The colors that the networks gave the drawing." : "Its draft, by the first network.");
    this.update("result", { label: view === "final" ? "Final" : "Draft" });
    const drawing = PENS.includes(this.value("tool"));
    this.update("lines", { hidden: drawing });
    this.update("ink", { hidden: !drawing });
    this.update("width", { hidden: !drawing });
    this.say(SAID[this.value("tool")] ?? this.facts.hint);
  }

  async restored(state) {
    this.now = state;
    this.put({ ink: state.ink, lines: [0, state.dots], scheme: state.scheme });
    this.show("ink", this.papers[state.paper], "A line drawing to draw on.");
    await this.paint(state);
  }

  async changed(name) {
    const value = this.value(name);
    if (name === "color" && !DOTS.includes(this.value("tool"))) this.put({ tool: DOTS[0] }); // who takes a color wants to use it
    if (name === "scheme") return this.go({ ...this.now, scheme: value });
    if (name !== "lines" && name !== "ink") return this.look();
    this.now = { ...this.now, ...(name === "lines" ? { dots: value[1] } : { ink: value }) };
    this.remember(this.now, `${name} ${value[0]}`);
    await this.paint(this.now, false);
  }

  async pressed(name) {
    const begin = (paper) => this.go({ ...this.now, paper, ink: [0, ""], dots: [] });
    if (name === "another") await begin((this.now.paper + 1) % (this.papers.length - 1));
    else if (name === "clear") await begin(this.papers.length - 1), this.put({ tool: PENS[0] }), this.look();
    else if (name === "reset") await this.go(this.first);
    else if (name === "save") this.saveAs("colored", this.finished("final"));
  }

  async given(name, bytes) {
    const url = URL.createObjectURL(new Blob([bytes])), { shown } = this.facts, { size } = this.colorist;
    try {
      const picture = await loaded(url);
      if (name === "lent") {
        this.schemes[LENT] = palette(numbers(scaled(picture, size)).data, size);
        this.update("scheme", { options: Object.keys(this.schemes) });
        await this.go({ ...this.now, scheme: LENT });
      } else {
        this.papers.splice(-1, 0, whitened(picture, shown)); // the last one stays the empty paper
        await this.go({ ...this.now, paper: this.papers.length - 2, ink: [0, ""], dots: [] });
      }
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

open(Dots);
