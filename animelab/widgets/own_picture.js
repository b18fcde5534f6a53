// A picture to drop, two eyes to move, and the answer under a curtain. Python's half is own_picture.py.
const SIDE = 256; // CSS pixels of the longer side
const LARGEST = 9_500_000; // characters: a server of Jupyter hangs up on more than 10 MB
const LONGEST = 4096; // pixels of the longer side

function element(kind, parent, properties = {}) {
  const made = Object.assign(document.createElement(kind), properties);
  parent.append(made);
  return made;
}

function render({ model, el }) {
  el.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation()); // Lab wants them
  el.classList.add("animelab", "animelab-own");
  const tools = element("div", el, { className: "animelab-tools" });
  const stage = element("div", el, { className: "animelab-desk" });
  const said = element("div", el, { className: "animelab-hint", ariaLive: "polite" });
  let waiting = null, queued = null;

  // ---- to Python: one message at a time, the newest waits for the answer
  function send(change) {
    queued = { ...queued, ...change };
    if (!waiting) flush();
  }
  function flush() {
    if (!queued) return;
    const news = Object.entries(queued).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(model.get(name)));
    queued = null;
    if (!news.length) return;
    waiting = setTimeout(answered, 20000); // an answer that never came must not stop the hand
    for (const [name, value] of news) model.set(name, value);
    model.save_changes();
  }
  function answered() {
    clearTimeout(waiting);
    waiting = null;
    flush();
  }

  // ---- tools
  function button(words, action) {
    const made = element("button", tools, { textContent: words, type: "button" });
    made.classList.add(`animelab-${words.toLowerCase()}`);
    made.addEventListener("click", action);
  }
  const file = element("input", tools, { type: "file", accept: "image/png,image/jpeg,image/webp", hidden: true });
  file.setAttribute("aria-label", "A picture from your disk");
  button("Open", () => file.click());
  button("Another", () => { note = ""; model.send({ ask: "another" }); });
  const label = (words) => element("label", tools, { textContent: `${words} ` });
  const fitting = label("Fit");
  const fit = element("select", fitting, { className: "animelab-fit" });
  fitting.hidden = model.get("fits").length < 2;
  fit.replaceChildren(...model.get("fits").map((name) => new Option(name, name)));
  fit.addEventListener("change", () => send({ fit: fit.value }));
  const range = (words, value) => element("input", label(words), {
    type: "range", min: 0, max: 100, step: 5, value, className: `animelab-${words.toLowerCase()}` });
  const curtain = range("Curtain", 50);
  const attention = range("Attention", 0);
  attention.parentElement.hidden = !model.get("heat_url");
  for (const slider of [curtain, attention]) slider.addEventListener("input", cover);

  let note = "";
  async function read(chosen) {
    if (!chosen) return;
    said.textContent = "Working …";
    const sent = await small(chosen).catch(() => "");
    file.value = "";
    if (!sent) said.textContent = "This browser could not read that file; try a PNG, JPEG or WebP picture.";
    else if (sent.length > LARGEST) said.textContent = "That file is too large to send, and no picture this browser can shrink.";
    else { model.set("opened", sent); model.save_changes(); }
  }
  // A photograph of any size: what is too large for Python or its server is shrunk here.
  async function small(chosen) {
    note = "";
    const url = (blob) => new Promise((done, failed) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.onerror = failed;
      reader.readAsDataURL(blob);
    });
    const bitmap = await createImageBitmap(chosen).catch(() => null); // Python says what is wrong with it
    const longest = bitmap && Math.max(bitmap.width, bitmap.height);
    if (!bitmap || (longest <= LONGEST && 1.4 * chosen.size < LARGEST)) return url(chosen);
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    for (let side = Math.min(longest, LONGEST); ; side = Math.round(side * 0.7)) {
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height].map((each) => Math.max(1, Math.round((each * side) / longest)));
      pen.fillStyle = "white"; // where it is transparent
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.imageSmoothingQuality = "high";
      pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
      if (1.4 * blob.size > LARGEST) continue;
      note = `Sent at ${canvas.width} × ${canvas.height} pixels: larger ones are more than a notebook can pass on.`;
      return url(blob);
    }
  }
  file.addEventListener("change", () => read(file.files[0]));

  // ---- pictures
  const panel = (title) => {
    const figure = element("figure", stage);
    const frame = element("div", figure, { className: "animelab-frame" });
    return [frame, element("figcaption", figure, { textContent: title })];
  };
  const [left, hint] = panel("Your picture: drop another one here");
  const picture = element("img", left, { className: "animelab-picture", draggable: false, alt: "Your picture." });
  const eyes = ["left", "right"].map((side, index) => {
    const eye = element("button", left, { type: "button", className: "animelab-eye" });
    eye.setAttribute("aria-label", `The ${side} eye in the picture. Arrow keys move it.`);
    eye.addEventListener("pointerdown", (event) => { eye.setPointerCapture(event.pointerId); event.preventDefault(); eye.focus(); });
    eye.addEventListener("pointermove", (event) => {
      if (!event.buttons) return;
      const box = picture.getBoundingClientRect();
      move(index, [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
    });
    eye.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      move(index, places()[index].map((value, axis) => value + step[axis] / (event.shiftKey ? 200 : 50)));
      event.preventDefault();
      event.stopPropagation();
    });
    return eye;
  });
  const places = () => queued?.eyes ?? model.get("eyes");
  function move(index, at) {
    const next = places().map((place, i) => (i === index ? at.map((value) => Math.min(1, Math.max(0, value))) : place));
    put(next);
    send({ eyes: next });
  }
  function put(both) {
    eyes.forEach((eye, i) => {
      Object.assign(eye.style, { left: `${100 * both[i][0]}%`, top: `${100 * both[i][1]}%` });
      eye.hidden = fit.value !== "aligned";
    });
    hint.textContent = fit.value === "aligned" ? "Your picture: drop another; put the rings on the eyes" : "Your picture: drop another one here";
  }
  for (const kind of ["dragover", "dragleave", "drop"]) {
    el.addEventListener(kind, (event) => {
      event.preventDefault();
      event.stopPropagation();
      left.classList.toggle("animelab-over", kind === "dragover");
      if (kind === "drop") read(event.dataTransfer.files[0]);
    });
  }
  const [right, words] = panel("");
  const after = element("img", right, { className: "animelab-after", draggable: false });
  const before = element("img", right, { className: "animelab-before animelab-top", alt: "" });
  const heat = element("img", right, { className: "animelab-heat animelab-top", alt: "" });
  function cover() {
    before.style.clipPath = `inset(0 ${100 - curtain.value}% 0 0)`;
    heat.style.opacity = attention.value / 100;
    words.textContent = `Left of the curtain before, right of it after${+attention.value ? "; bright is where it looks" : ""}`;
    after.alt = `The model's answer; ${curtain.value}% of it lie under the picture as it was.`;
  }
  function sized(shown, image) {
    const scale = SIDE / Math.max(shown.naturalWidth, shown.naturalHeight);
    for (const each of image) Object.assign(each, { width: shown.naturalWidth * scale, height: shown.naturalHeight * scale });
  }
  picture.onload = () => sized(picture, [picture]);
  after.onload = () => sized(after, [after, before, heat]);

  // ---- Python's news
  function show() {
    picture.src = model.get("picture_url");
    before.src = model.get("before_url");
    after.src = model.get("after_url");
    heat.hidden = attention.parentElement.hidden = !model.get("heat_url");
    if (model.get("heat_url")) heat.src = model.get("heat_url");
    if (!queued) fit.value = model.get("fit");
    put(places());
    cover();
    said.textContent = model.get("said") || note;
    setTimeout(answered); // after the widget manager has taken this answer in: it may not send from inside
  }
  model.on("change:answers", show);
  show();
}

export default { render };
