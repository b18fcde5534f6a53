// A canvas to draw lines on, and beside it what the model makes of them. Python's half is drawing_board.py.
const SIDE = 256; // pixels of the canvas, in CSS and in memory

function element(kind, parent, properties = {}) {
  const made = Object.assign(document.createElement(kind), properties);
  parent.append(made);
  return made;
}

function render({ model, el }) {
  el.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation()); // Lab wants them
  el.classList.add("animelab", "animelab-board");
  const tools = element("div", el, { className: "animelab-tools" });
  const stage = element("div", el, { className: "animelab-desk" });
  const canvas = element("canvas", stage, { width: SIDE, height: SIDE, tabIndex: 0, className: "animelab-canvas" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label",
    "Line drawing to draw on. Arrow keys move the pen, the space bar puts it down or lifts it.");
  const colored = element("img", stage, { width: SIDE, height: SIDE, className: "animelab-colored" });
  const hint = element("div", el, { className: "animelab-hint", ariaLive: "polite" });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(pen, { lineCap: "round", lineJoin: "round" });
  const past = []; // pictures to go back to
  let erasing = false, last = null, changed = false, waiting = null, cursor = null, down = false;

  function button(words, action) {
    const made = element("button", tools, { textContent: words, type: "button" });
    made.classList.add(`animelab-${words.toLowerCase().replace(/ /g, "-")}`);
    made.addEventListener("click", () => action(made));
    return made;
  }
  const toggle = button("Erase", () => {
    erasing = !erasing;
    toggle.setAttribute("aria-pressed", erasing);
  });
  toggle.setAttribute("aria-pressed", false);
  button("Undo", () => past.length && (pen.putImageData(past.pop(), 0, 0), send()));
  button("Clear", () => { keep(); blank(); send(); });
  button("Another drawing", () => model.send({ ask: "another" }));
  button("Reset", () => model.send({ ask: "reset" }));
  if (model.get("many")) button("Other colors", () => model.send({ ask: "colors" }));
  const label = element("label", tools, { textContent: "Width " });
  const width = element("input", label, { type: "range", min: 1, max: 16, value: 4, className: "animelab-width" });

  const keep = () => { past.push(pen.getImageData(0, 0, SIDE, SIDE)); past.splice(0, past.length - 30); };
  const blank = () => { pen.fillStyle = "white"; pen.fillRect(0, 0, SIDE, SIDE); };
  function send() { // one picture at a time is on its way; the newest waits for the answer
    changed = true;
    if (waiting) return;
    changed = false;
    const picture = canvas.toDataURL("image/png");
    if (picture === model.get("drawing")) return; // the answer is there already
    waiting = setTimeout(answered, 3000); // an answer that never came must not stop the pen
    model.set("drawing", picture);
    model.save_changes();
  }
  function answered() {
    clearTimeout(waiting);
    waiting = null;
    if (changed) send();
  }
  function stroke(x, y) {
    pen.strokeStyle = erasing ? "white" : "#1c1a22";
    pen.lineWidth = (erasing ? 4 : 1) * width.value;
    pen.beginPath();
    pen.moveTo(...(last ?? [x, y]));
    pen.lineTo(x, y);
    pen.stroke();
    last = [x, y];
    send();
  }
  function place(event) { // of the canvas's content, without its border
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left - canvas.clientLeft) * SIDE / canvas.clientWidth,
            (event.clientY - box.top - canvas.clientTop) * SIDE / canvas.clientHeight];
  }
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    keep();
    last = null;
    stroke(...place(event));
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && last && stroke(...place(event)));
  canvas.addEventListener("pointerup", () => (last = null));
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [-4, 0], ArrowRight: [4, 0], ArrowUp: [0, -4], ArrowDown: [0, 4] };
    if (event.key !== " " && !(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    cursor ??= [SIDE / 2, SIDE / 2];
    if (event.key === " ") {
      down = !down;
      last = null;
      if (down) keep();
    } else {
      cursor = cursor.map((value, axis) => Math.min(SIDE, Math.max(0, value + steps[event.key][axis])));
    }
    if (down) stroke(...cursor);
    hint.textContent = `Pen ${down ? "down" : "up"} at ${cursor.join(", ")}`;
  });

  function load() { // a drawing that Python put there
    const picture = new Image();
    picture.onload = () => { keep(); blank(); pen.drawImage(picture, 0, 0, SIDE, SIDE); };
    picture.src = model.get("start");
  }
  function show() {
    colored.src = model.get("colored");
    colored.alt = model.get("words");
    setTimeout(answered); // after the widget manager has taken this answer in: it may not send from inside
  }
  model.on("change:start", load);
  model.on("change:colored", show);
  blank();
  load();
  show();
}

export default { render };
