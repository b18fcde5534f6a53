// Lines to put dots of color on, the draft, and the final picture with a light to drag. Python's half: color_studio.py.
const SIDE = 256; // CSS pixels of the longer side
const LARGEST = 9_500_000; // characters: a server of Jupyter hangs up on more than 10 MB
const GRAB = 10; // how near, in CSS pixels, a click counts as on a dot
const SWATCHES = {
  "#f3d9c4": "skin", "#3b2f2f": "dark brown", "#e8c04a": "blonde", "#d1495b": "red", "#8f6ac8": "purple",
  "#3d7dca": "blue", "#3f9f7f": "green", "#f5f2ea": "off-white" };

function element(kind, parent, properties = {}) {
  const made = Object.assign(document.createElement(kind), properties);
  parent.append(made);
  return made;
}

function render({ model, el }) {
  el.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation()); // Lab wants them
  el.classList.add("animelab", "animelab-colors");
  const tools = element("div", el, { className: "animelab-tools" });
  const paint = element("div", el, { className: "animelab-tools" });
  const stage = element("div", el, { className: "animelab-desk" });
  const said = element("div", el, { className: "animelab-hint", ariaLive: "polite" });
  const past = [], future = [];
  let tool = "draft", cursor = [0.5, 0.5], dragged = false, waiting = null, queued = null, picture = null, away = null;

  // ---- what is known, and how it gets to Python: one message at a time, the newest waits for the answer
  const dots = () => queued?.dots ?? model.get("dots");
  const light = () => queued?.light ?? model.get("light");
  function send(change) {
    if (away) return; // a new drawing is on its way; what is put on the old one is for nobody
    queued = { ...queued, ...change };
    draw();
    if (!waiting) flush();
  }
  function flush() {
    if (!queued) return;
    const news = Object.entries(queued).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(model.get(name)));
    queued = null;
    if (!news.length) return; // what is as it was gets no answer
    waiting = setTimeout(answered, 5000); // an answer that never came must not stop the hand
    for (const [name, value] of news) model.set(name, value);
    model.save_changes();
  }
  function answered() {
    clearTimeout(waiting);
    waiting = null;
    flush();
  }
  function leave(action) { // ask for another drawing, and wait for it
    clearTimeout(away);
    away = setTimeout(arrived, 5000);
    queued = null;
    action();
  }
  function arrived() {
    clearTimeout(away);
    away = null;
  }
  const state = () => ({ dots: dots(), scheme: queued?.scheme ?? model.get("scheme"), light: light() });
  function change(next) { // a step that can be undone
    if (away) return;
    past.push(state());
    past.splice(0, past.length - 100);
    future.length = 0;
    send(next);
  }
  function travel(from, to) {
    if (away || !from.length) return;
    to.push(state());
    send(from.pop());
  }

  // ---- tools
  function button(parent, words, action) {
    const made = element("button", parent, { textContent: words, type: "button" });
    made.classList.add(`animelab-${words.toLowerCase().replace(/ /g, "-")}`);
    made.addEventListener("click", () => action(made));
    return made;
  }
  const modes = ["draft", "final", "erase"].map((name) =>
    button(tools, { draft: "Draft dot", final: "Final dot", erase: "Erase" }[name], () => choose(name)));
  function choose(name) {
    tool = name;
    modes.forEach((made, i) => made.setAttribute("aria-pressed", ["draft", "final", "erase"][i] === name));
  }
  choose("draft");
  button(tools, "Undo", () => travel(past, future));
  button(tools, "Redo", () => travel(future, past));
  button(tools, "Reset", () => change({ dots: [], scheme: model.get("names")[0], light: [] }));
  button(tools, "Another drawing", () => leave(() => model.send({ ask: "another" })));
  function chooser(parent, words, name, what) { // a button that sends a picture from disk
    const file = element("input", parent, { type: "file", accept: "image/png,image/jpeg,image/webp", hidden: true });
    file.setAttribute("aria-label", what);
    button(parent, words, () => file.click());
    file.addEventListener("change", () => {
      const reader = new FileReader();
      reader.onload = () => {
        const pass = () => { model.set(name, reader.result); model.save_changes(); file.value = ""; };
        const size = Math.round(file.files[0].size / 1e6);
        if (reader.result.length > LARGEST) said.textContent = `That file is too large to send (${size} MB): up to 7 MB, please.`;
        else if (name === "opened") leave(pass);
        else pass();
      };
      if (file.files[0]) reader.readAsDataURL(file.files[0]);
    });
  }
  chooser(tools, "Open", "opened", "A line drawing from your disk");
  button(tools, "Export", () => model.send({ ask: "export" }));

  const label = (words) => element("label", paint, { textContent: `${words} ` });
  const color = element("input", label("Color"), { type: "color", value: "#d1495b", className: "animelab-color" });
  for (const [hex, words] of Object.entries(SWATCHES)) {
    const swatch = element("button", paint, { type: "button", className: "animelab-swatch", title: words });
    swatch.style.background = hex;
    swatch.setAttribute("aria-label", `Color: ${words}`);
    swatch.addEventListener("click", () => (color.value = hex));
  }
  const scheme = element("select", label("Scheme"), { className: "animelab-scheme" });
  const offer = () => scheme.replaceChildren(...model.get("names").map((name) => new Option(name, name)));
  offer();
  scheme.addEventListener("change", () => change({ scheme: scheme.value }));
  chooser(paint, "Borrow colors", "lent", "A picture from your disk whose colors to borrow");
  const lamp = element("input", label("Light"), { type: "checkbox", className: "animelab-light" });
  const height = element("input", label("Height"), {
    type: "range", min: 0.1, max: 1.5, step: 0.05, value: 0.5, className: "animelab-height" });
  let spot = [0.2, 0.2]; // where the lamp is, or was when it was switched off
  function shine(at) {
    spot = at;
    send({ light: lamp.checked ? [...at, +height.value] : [] });
  }
  lamp.addEventListener("change", () => change({ light: lamp.checked ? [...spot, +height.value] : [] }));
  height.addEventListener("input", () => lamp.checked && shine(spot));

  // ---- three pictures
  const panel = (title) => {
    const figure = element("figure", stage);
    const frame = element("div", figure, { className: "animelab-frame" });
    element("figcaption", figure, { textContent: title });
    return frame;
  };
  const canvas = element("canvas", panel("Lines, with your dots"), { tabIndex: 0, className: "animelab-canvas" });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label",
    "Line drawing. Arrow keys move the cursor, the space bar puts a dot, Delete takes the nearest away.");
  const draft = element("img", panel("Draft"), { className: "animelab-draft", alt: "The first stage's colors." });
  const frame = panel("Final: drag to move the light");
  const final = element("img", frame, { className: "animelab-final", alt: "The second stage's colors.", draggable: false });
  const sun = element("div", frame, { className: "animelab-sun", hidden: true, tabIndex: 0 });
  sun.setAttribute("role", "application");
  sun.setAttribute("aria-label", "Lamp. Arrow keys move it.");
  const pen = canvas.getContext("2d");

  function draw() {
    if (!picture) return;
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const [x, y, hex, kind] of dots()) {
      pen.beginPath();
      pen.arc(x * canvas.width, y * canvas.height, kind === "draft" ? 7 : 4, 0, 7);
      pen.fillStyle = hex;
      pen.fill();
      for (const [style, width] of [["white", 3], ["black", 1]]) {
        Object.assign(pen, { strokeStyle: style, lineWidth: width });
        pen.stroke();
      }
    }
    if (document.activeElement === canvas) {
      Object.assign(pen, { strokeStyle: "#0072B2", lineWidth: 1.5 });
      const [x, y] = [cursor[0] * canvas.width, cursor[1] * canvas.height];
      pen.strokeRect(x - 5, y - 5, 10, 10);
    }
    const [x, y, z] = light();
    sun.hidden = x === undefined;
    lamp.checked = !sun.hidden;
    if (sun.hidden) return;
    spot = [x, y];
    if (document.activeElement !== height) height.value = z;
    Object.assign(sun.style, { left: `${100 * x}%`, top: `${100 * y}%` });
  }
  function within(event, target) { // shares of the content, without its border
    const box = target.getBoundingClientRect();
    const share = (value) => Math.min(0.9999, Math.max(0, value));
    return [share((event.clientX - box.left - target.clientLeft) / target.clientWidth),
            share((event.clientY - box.top - target.clientTop) / target.clientHeight)];
  }
  function nearest([x, y]) {
    const far = dots().map((dot) => Math.hypot((dot[0] - x) * canvas.width, (dot[1] - y) * canvas.height));
    const index = far.indexOf(Math.min(...far));
    return far[index] < GRAB ? index : -1;
  }
  function touch(at) {
    const index = nearest(at);
    if (tool === "erase") return index >= 0 && change({ dots: dots().filter((_, i) => i !== index) });
    change({ dots: [...dots(), [...at, color.value, tool]] });
  }
  const first = (event) => event.isPrimary && event.button === 0;
  canvas.addEventListener("pointerdown", (event) => {
    if (!first(event)) return;
    canvas.focus({ preventScroll: true });
    cursor = within(event, canvas);
    touch(cursor);
    event.preventDefault();
  });
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const moved = (at, event) => at.map((value, axis) => // by 1/32 of the picture, with Shift by half of that
    Math.min(0.9999, Math.max(0, value + (event.shiftKey ? 1 / 64 : 1 / 32) * STEPS[event.key][axis])));
  canvas.addEventListener("keydown", (event) => {
    const undo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    if (undo) event.shiftKey ? travel(future, past) : travel(past, future);
    else if (event.key in STEPS) {
      cursor = moved(cursor, event);
      said.textContent = `Cursor at ${cursor.map((value) => `${Math.round(100 * value)}%`).join(", ")}`;
    } else if (event.key === " ") touch(cursor);
    else if (event.key === "Delete" || event.key === "Backspace") {
      const index = nearest(cursor);
      if (index >= 0) change({ dots: dots().filter((_, i) => i !== index) });
      else said.textContent = "There is no dot near the cursor.";
    } else return;
    draw();
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("focus", draw);
  canvas.addEventListener("blur", draw);
  frame.addEventListener("pointerdown", (event) => {
    if (!first(event)) return;
    dragged = true;
    frame.setPointerCapture(event.pointerId);
    lamp.checked = true;
    spot = within(event, final);
    change({ light: [...spot, +height.value] }); // what follows until the button is let go is one step
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => dragged && shine(within(event, final)));
  frame.addEventListener("lostpointercapture", () => (dragged = false));
  sun.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS)) return;
    shine(moved(spot, event));
    event.preventDefault();
    event.stopPropagation();
  });

  // ---- Python's news
  function load() {
    const fresh = new Image();
    fresh.onload = () => {
      const scale = SIDE / Math.max(fresh.width, fresh.height);
      const [wide, high] = [Math.round(fresh.width * scale), Math.round(fresh.height * scale)];
      Object.assign(canvas, { width: wide, height: high });
      for (const shown of [draft, final]) Object.assign(shown, { width: wide, height: high });
      picture = fresh;
      draw();
    };
    fresh.src = model.get("lines_url");
  }
  function show() {
    draft.src = model.get("draft_url");
    final.src = model.get("final_url");
    scheme.value = model.get("scheme");
    draw();
    setTimeout(answered); // after the widget manager has taken this answer in: it may not send from inside
  }
  model.on("change:lines_url", () => {
    arrived();
    past.length = future.length = 0;
    queued = null;
    load();
  });
  model.on("change:answers", show);
  model.on("change:names", offer);
  model.on("change:said", () => {
    if (model.get("said")) arrived(); // if only to say that the drawing cannot be opened
    said.textContent = model.get("said");
  });
  load();
  show();
}

export default { render };
