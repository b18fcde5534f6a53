// One front end for every widget of the course. Python's half, stage.py, says how a widget is declared.
const WORKS = 20000; // milliseconds after which an answer that never came no longer holds up the hand
const SILENT = 3000; // milliseconds after which a kernel that has nothing else to do should have answered
const GONE = "Nothing answers here: the kernel was restarted, or ended. Run this cell again.";
const STILL = 500; // milliseconds without a hand's move, after which Python may do what can wait
const REST = 1000; // milliseconds without a change, after which Python keeps what is seen for viewers without a kernel
const ICONS = { // strokes on a grid of 20 by 20
  reset: "M4 3.5v4.5h4.5M4.4 8A6.3 6.3 0 1 1 3.8 11.5", undo: "M7.5 4 3.5 8l4 4M4 8h7.5a4.5 4.5 0 0 1 0 9H8",
  redo: "M12.5 4l4 4-4 4M16 8H8.5a4.5 4.5 0 0 0 0 9H12", sharp: "M3.5 3.5h13v13h-13zM10 3.5v13M3.5 10h13",
  save: "M10 3v9M6 8.5l4 4 4-4M3.5 13v3.5h13V13", open: "M3 16V4.5h5l2 2.5h7v9z", shuffle: "M3 6h3l7 8h4M3 14h3l2-2.4M11 8.2 13 6h4M15 4l2 2-2 2M15 12l2 2-2 2",
  pen: "M3.5 16.5l1-4L13 4l3 3-8.5 8.5zM11 6l3 3", erase: "M8 16.5h9M3.5 12.5 11 5l5 5-6.5 6.5H7z",
  play: "M6 4l10 6-10 6z", pause: "M6.5 4v12M13.5 4v12", stop: "M5 5h10v10H5z", heart: "M10 16.5C4 12 2.8 9.5 3 7.3 3.3 3.6 8 3 10 6.5 12 3 16.7 3.6 17 7.3c.2 2.2-1 4.7-7 9.2z",
  next: "M7 4l6 6-6 6", back: "M13 4l-6 6 6 6", final: "M10 3l7 7-7 7-7-7z", clear: "M4 5.5h12M8 5.5V3h4v2.5M5.5 5.5 6.5 17h7l1-11.5", colors: "M10 3.5c3 4 5 5.8 5 8.3a5 5 0 0 1-10 0c0-2.5 2-4.3 5-8.3z",
  dot: "M10 4.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 1 1 0-11z", light: "M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 1 1 0-7M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4",
};

const MOST_BYTES = 9_500_000; // of a file: a server of Jupyter hangs up on more than 10 MB
const LONGEST = 4096; // pixels of a picture's longer side
const INK = "#1c1a22", CANVAS = 768; // pixels of the longer side of a canvas to draw on
const GRAB = { touch: 24, mouse: 14 }; // CSS pixels from a dot that still count as on it
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const KEYS = { // what is said of keys where there is a part of that kind, with that handle, or an undo
  curtain: { "Page Up, Page Down": "move the curtain by a tenth", "Double click": "back to the middle" },
  dots: { Space: "put a dot, or color one anew", Enter: "take a dot up, put it down", Delete: "take a dot away" },
  film: { Space: "on the slider: play, hold", Drag: "the picture: to and fro in time" }, ink: { "E, P": "eraser, pen", Space: "pen down, pen up" },
  pad: { "Double click": "back to zero" }, pick: { Enter: "pick a picture" }, undo: { "Ctrl+Z, Ctrl+Y": "undo, redo" }, upload: { "Ctrl+V": "paste a picture" },
};

function make(kind, parent, properties = {}, attributes = {}) {
  const made = Object.assign(document.createElement(kind), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent?.append(made);
  return made;
}

function draw(kind, parent, attributes) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) drawn.setAttribute(name, value);
  parent?.append(drawn);
  return drawn;
}

function icon(name, parent) {
  const drawing = draw("svg", null, { viewBox: "0 0 20 20", "aria-hidden": "true" });
  draw("path", drawing, { d: ICONS[name] ?? ICONS.dot });
  parent.prepend(drawing);
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const within = (low, value, high) => Math.min(high, Math.max(low, value));
const source = (image, url) => { if (image.getAttribute("src") !== (url ?? "")) url ? image.setAttribute("src", url) : image.removeAttribute("src"); };

// ---- handles: what lies on a picture. Each is built once and gives the function that makes it show the present state.
const handles = {
  none(stage, name, frame) {
    const image = make("img", frame, { draggable: false });
    return ({ layers = {} }, words) => { source(image, layers[""]); image.alt = words; };
  },

  // One picture over time: dragged through, played, or its newest followed. The value is a number of one; null: the newest.
  film(stage, name, frame) {
    const { label, again, interval } = stage.part(name);
    const image = make("img", frame, { draggable: false, decoding: "sync" });
    const bar = make("div", frame.parentElement, { className: "animelab-film" });
    const button = make("button", bar, { type: "button", className: "animelab-tool" });
    const range = make("input", bar, { type: "range", min: 0 }, { "aria-label": `${label}, over time` });
    const last = () => stage.film(name).length - 1, at = () => within(0, stage.value(name) ?? last(), last());
    const to = (index) => stage.set(name, index >= last() ? null : index);
    let timer = null;
    const play = (goes) => {
      clearInterval(timer);
      timer = goes ? setInterval(next, interval) : null;
      button.replaceChildren();
      icon(goes ? "pause" : "play", button);
      button.title = goes ? "Hold" : again;
      button.setAttribute("aria-label", button.title);
    };
    const next = () => { if (frame.isConnected) to(at() + 1); if (!frame.isConnected || at() >= last()) play(false); };
    const toggle = () => { if (!timer && at() >= last()) to(0); play(!timer); };
    const move = (event) => {
      const box = frame.getBoundingClientRect();
      to(Math.floor(within(0, (event.clientX - box.left) / box.width, 0.999) * (last() + 1)));
    };
    play(false);
    button.addEventListener("click", toggle);
    range.addEventListener("input", () => { play(false); to(+range.value); });
    dragged(frame, (event) => { play(false); range.focus({ preventScroll: true }); move(event); }, move);
    keyed(range, (event) => { if (event.key === " ") { event.preventDefault(); toggle(); } });
    return ({ place }) => {
      frame.closest(".animelab-pictures").style.maxWidth = place ? `${place}px` : "";
      const [url, words] = stage.film(name)[at()] ?? ["", ""], count = last() + 1;
      source(image, url);
      image.alt = words ? `${label}, ${words} (${at() + 1} of ${count})` : "";
      stage.caption = words ? `${words[0].toUpperCase()}${words.slice(1)} (${at() + 1} of ${count})` : "";
      range.max = Math.max(1, last());
      range.value = count > 1 ? at() : 1;
      range.disabled = button.disabled = count < 2;
      range.style.setProperty("--from", "0%");
      range.style.setProperty("--part", `${count > 1 ? (100 * at()) / last() : 100}%`);
      range.setAttribute("aria-valuetext", stage.caption);
    };
  },

  // Two layers of one picture, and between them an edge that is dragged. part.curtain names the values it goes by.
  curtain(stage, name, frame) {
    const by = stage.part(name).curtain;
    const [right, left, over] = ["right", "left", "over"].map((side) => make("img", frame, { className: `animelab-${side}`, draggable: false, alt: "" }));
    const tags = ["left", "right"].map((side) => make("span", frame, { className: `animelab-tag animelab-tag-${side}` }, { "aria-hidden": "true" }));
    const edge = make("div", frame, { className: "animelab-edge", tabIndex: 0 },
      { role: "slider", "aria-label": stage.part(by.edge).label, "aria-valuemin": 0, "aria-valuemax": 100 });
    icon("next", make("span", edge, { className: "animelab-knob" }));
    icon("back", edge.firstChild);
    const move = (event) => {
      const box = frame.getBoundingClientRect();
      stage.set(by.edge, Math.round(within(0, (100 * (event.clientX - box.left)) / box.width, 100)));
    };
    dragged(frame, (event) => { edge.focus({ preventScroll: true }); move(event); }, move);
    keyed(edge, (event) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -100, End: 100 }[event.key];
      if (!step) return;
      event.preventDefault();
      stage.set(by.edge, within(0, stage.value(by.edge) + step, 100));
    });
    frame.addEventListener("dblclick", () => stage.set(by.edge, stage.part(by.edge).value));
    return ({ layers = {}, over: heat }, words) => {
      const names = [by.left, by.right].map((side) => stage.value(side) ?? side), at = stage.value(by.edge);
      source(left, layers[names[0]]);
      source(right, layers[names[1]]);
      source(over, heat);
      right.alt = words;
      over.style.opacity = by.over ? stage.value(by.over) / 100 : 0;
      frame.style.setProperty("--edge", `${at}%`);
      tags.forEach((tag, i) => { tag.textContent = names[i]; tag.classList.toggle("animelab-away", i ? at > 88 : at < 12); });
      edge.setAttribute("aria-valuenow", at);
      edge.setAttribute("aria-valuetext", `${at}% of it ${names[0]}, the rest ${names[1]}`);
    };
  },

  // Two numbers by dragging: with a knob where the hand is, or (part.pull) by pulling at the picture itself. part.of names
  // the value, [x, y], if it is another part's; part.low and part.high are its ends, part.axes the words for right and up.
  pad(stage, name, frame) {
    const { of = name, low, high, pull } = stage.part(name), wide = high - low, round = (number) => Math.round(10 * number) / 10;
    const image = make("img", frame, { draggable: false });
    const knob = make("div", frame, { className: pull ? "animelab-pull" : "animelab-knob animelab-pad-knob", tabIndex: 0 }, { role: "slider", "aria-valuemin": low, "aria-valuemax": high });
    const tags = ["right", "up"].map((side) => make("span", frame, { className: `animelab-tag animelab-pad-${side}` }, { "aria-hidden": "true" }));
    const put = (x, y) => stage.part(name).disabled || stage.set(of, [x, y].map((each) => within(low, round(each), high)));
    let from = null;
    const move = (event) => {
      const [x, y] = place(event, frame);
      if (!from) put(low + wide * x, high - wide * y);
      else if (Math.hypot(x - from[0], y - from[1]) > 0.01 || from[4]) { from[4] = true; put(from[2] + wide * (x - from[0]), from[3] - wide * (y - from[1])); }
    };
    dragged(frame, (event) => {
      knob.focus({ preventScroll: true });
      from = pull ? [...place(event, frame), ...stage.value(of)] : null;
      move(event);
    }, move);
    frame.addEventListener("dblclick", () => put(0, 0));
    keyed(knob, (event) => {
      const go = STEPS[event.key], [x, y] = stage.value(of), step = wide / (event.shiftKey ? 10 : 60);
      if (!go && event.key !== "Home") return;
      event.preventDefault();
      go ? put(x + go[0] * Math.max(step, 0.1), y - go[1] * Math.max(step, 0.1)) : put(0, 0);
    });
    return ({ layers = {} }, words) => {
      const { axes, disabled, label } = stage.part(name), [x, y] = stage.value(of);
      source(image, layers[""]);
      image.alt = words;
      frame.style.setProperty("--x", `${(100 * (x - low)) / wide}%`);
      frame.style.setProperty("--y", `${(100 * (high - y)) / wide}%`);
      frame.classList.toggle("animelab-still-pad", !!disabled);
      tags.forEach((tag, i) => { tag.textContent = axes[i] ? `${axes[i]} ${i ? "↑" : "→"}` : ""; });
      knob.setAttribute("aria-label", label);
      knob.setAttribute("aria-disabled", !!disabled);
      knob.setAttribute("aria-valuenow", x);
      knob.setAttribute("aria-valuetext", `${axes[0]} ${x}, ${axes[1]} ${y}`);
    };
  },

  // A grid of pictures that are buttons; the value is the number of the chosen one, counted from 0, or null.
  pick(stage, name, frame) {
    const cells = [];
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", stage.part(name).label);
    const { columns } = stage.part(name);
    if (columns) frame.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    keyed(frame, (event) => {
      const here = cells.indexOf(document.activeElement);
      const shown = cells.filter((cell) => !cell.hidden).length;
      const columns = cells.filter((cell) => cell.offsetTop === cells[0].offsetTop).length;
      const to = { ArrowLeft: here - 1, ArrowRight: here + 1, ArrowUp: here - columns, ArrowDown: here + columns, Home: 0, End: shown - 1 }[event.key];
      if (here < 0 || to === undefined) return;
      event.preventDefault();
      if (to >= 0 && to < shown) focusOn(to);
    });
    const focusOn = (index) => { cells.forEach((cell, i) => (cell.tabIndex = i === index ? 0 : -1)); cells[index].focus(); };
    return ({ grid: pictures = [] }) => {
      const chosen = stage.value(name);
      const fewer = cells.length !== pictures.length || !cells.some((cell) => cell.tabIndex === 0);
      while (cells.length < pictures.length) {
        const index = cells.length, cell = make("button", frame, { type: "button", className: "animelab-choice" });
        make("img", cell, { draggable: false, alt: "" });
        cell.addEventListener("click", () => { focusOn(index); stage.set(name, index, true); });
        cells.push(cell);
      }
      cells.forEach((cell, i) => {
        cell.hidden = i >= pictures.length;
        cell.disabled = !cell.hidden && !pictures[i][0];
        if (cell.hidden) return;
        const [url, alt] = pictures[i];
        source(cell.firstChild, url);
        cell.setAttribute("aria-label", alt);
        cell.title = alt;
        cell.setAttribute("aria-pressed", i === chosen);
        if (fewer) cell.tabIndex = i === (chosen ?? 0) ? 0 : -1;
      });
    };
  },

  // Lines to draw and to erase over a picture. The value is [number of the stroke, what was drawn as a data URL]. The part
  // says which values are tool and width (in pixels of the picture), and which tool erases; and perhaps color, of which
  // swatches the brush has its own, and filler, the tool of which Python is told the place: [number, data URL, [x, y]].
  ink(stage, name, frame) {
    const { tool, width, eraser, color, filler } = stage.part(name);
    const paper = make("img", frame, { draggable: false, alt: "" });
    const canvas = make("canvas", frame, { tabIndex: 0 }, { role: "application" });
    const ring = make("span", frame, { className: "animelab-ring" });
    const heard = make("span", frame, { className: "animelab-heard" }, { "aria-live": "polite" });
    const pen = canvas.getContext("2d");
    let shown = "", step = 0, last = null, cursor = [0.5, 0.5], down = false, hand = false, pending = null;
    const thick = (event) => stage.value(width) * (stage.value(tool) === eraser ? 4 : 1) * (event?.pointerType === "pen" ? 0.25 + 1.5 * event.pressure : 1);
    const scale = () => canvas.width / (model().wide || 1), model = () => stage.model.get(`picture_${name}`);
    function stroke(at, event) {
      const to = [at[0] * canvas.width, at[1] * canvas.height];
      const erases = stage.value(tool) === eraser;
      Object.assign(pen, { lineCap: "round", lineJoin: "round", lineWidth: thick(event) * scale(), strokeStyle: erases ? "#ffffff" : color ? stage.part(color).colors[stage.value(color)] : INK });
      pen.globalCompositeOperation = color && erases ? "destination-out" : "source-over"; // with brushes, what lies below comes back
      pen.beginPath();
      pen.moveTo(...(last ?? to));
      pen.lineTo(to[0] + (last ? 0 : 0.01), to[1]); // a line of no length draws nothing: a tap is a point
      pen.stroke();
      last = to;
      cursor = at;
      pending ??= setTimeout(send, 30);
    }
    function send() {
      clearTimeout(pending);
      pending = null;
      shown = canvas.toDataURL();
      stage.set(name, [step, shown]);
    }
    function follow(event) {
      const side = (thick(event) * scale() * frame.clientWidth) / canvas.width;
      Object.assign(ring.style, { left: `${100 * cursor[0]}%`, top: `${100 * cursor[1]}%`, width: `${side}px`, height: `${side}px` });
    }
    const begin = () => { step = Date.now(); last = null; };
    const fills = (at) => filler && stage.value(tool) === filler && (stage.set(name, [Date.now(), shown, at]), true);
    dragged(canvas, (event) => {
      canvas.focus({ preventScroll: true });
      if (fills(place(event, frame))) return;
      begin();
      hand = true;
      stroke(place(event, frame), event);
    }, (event) => {
      if (!hand) return;
      const all = event.getCoalescedEvents?.() ?? [];
      (all.length ? all : [event]).forEach((each) => stroke(place(each, frame), each));
    },
    () => { hand = false; if (pending) send(); });
    canvas.addEventListener("pointermove", (event) => { if (!hand) cursor = place(event, frame); follow(event); });
    keyed(canvas, (event) => {
      const go = STEPS[event.key];
      if (event.key === " " && fills(cursor)) down = false;
      else if (event.key === " ") { down = !down; begin(); if (down) stroke(cursor); }
      else if (go) cursor = cursor.map((value, axis) => within(0, value + go[axis] / (event.shiftKey ? 128 : 64), 1));
      else if (/^[ep]$/i.test(event.key)) stage.set(tool, stage.part(tool).options.find((each) => (each === eraser) === /e/i.test(event.key)));
      else return;
      event.preventDefault();
      if (down && go) stroke(cursor);
      follow();
      heard.textContent = `${stage.value(tool)} ${color ? `${stage.value(color)} ` : ""}${down ? "down" : "up"} at ${cursor.map((each) => `${Math.round(100 * each)}%`).join(", ")}`;
    });
    return ({ layers = {}, wide = 1, high = 1 }, words) => {
      source(paper, layers[""]);
      canvas.setAttribute("aria-label", `${words} Arrow keys move the pen, the space bar puts it down or lifts it.`);
      const [across, along] = [wide, high].map((each) => Math.round((CANVAS * each) / Math.max(wide, high)));
      if (canvas.width !== across || canvas.height !== along) { Object.assign(canvas, { width: across, height: along }); shown = ""; }
      const url = stage.value(name)?.[1] ?? "";
      follow();
      if (hand || pending || url === shown) return;
      shown = url;
      const fresh = new Image();
      fresh.onload = fresh.onerror = () => {
        if (shown !== url || hand) return;
        pen.globalCompositeOperation = "source-over";
        pen.clearRect(0, 0, canvas.width, canvas.height);
        if (fresh.naturalWidth) pen.drawImage(fresh, 0, 0, canvas.width, canvas.height);
      };
      url.startsWith("data:image/png") ? (fresh.src = url) : fresh.onerror();
    };
  },

  // Dots of color to put on a picture, to drag, to color anew, to take away. The value is [number of the gesture, [[x, y,
  // "#rrggbb", kind], …]]. The part says which values are tool and color, and {tool: kind}; a tool without a kind erases.
  dots(stage, name, frame) {
    const { tool, color, kinds } = stage.part(name);
    const image = make("img", frame, { draggable: false, alt: "" });
    const board = make("div", frame, { className: "animelab-desk", tabIndex: 0 }, { role: "application" });
    const cross = make("span", board, { className: "animelab-cross" });
    const heard = make("span", frame, { className: "animelab-heard" }, { "aria-live": "polite" });
    const spots = [];
    let cursor = [0.5, 0.5], held = -1, old = false, moved = false, step = 0, taken = false, reach = GRAB.mouse;
    const dots = () => stage.value(name)?.[1] ?? [];
    const put = (news) => stage.set(name, [step, news]);
    const look = () => [stage.part(color).colors[stage.value(color)] ?? stage.value(color), kinds[stage.value(tool)]];
    const without = (index) => put(dots().filter((_, i) => i !== index));
    const at = (index, place) => put(dots().map((dot, i) => (i === index ? [...place, ...dot.slice(2)] : dot)));
    const anew = (index) => put(dots().map((dot, i) => (i === index ? [...dot.slice(0, 2), ...look()] : dot)));
    function nearest([x, y]) {
      const far = dots().map((dot) => Math.hypot((dot[0] - x) * frame.clientWidth, (dot[1] - y) * frame.clientHeight));
      const index = far.indexOf(Math.min(...far));
      return far[index] < reach ? index : -1;
    }
    function touch(where) { // gives the dot that the hand holds
      const index = nearest(where);
      step = Date.now();
      if (!kinds[stage.value(tool)]) return index >= 0 && without(index), -1;
      if (index < 0) put([...dots(), [...where, ...look()]]);
      return index < 0 ? dots().length - 1 : index;
    }
    const outside = (event) => { const box = frame.getBoundingClientRect(); return event.clientX < box.left - 16 || event.clientX > box.right + 16 || event.clientY < box.top - 16 || event.clientY > box.bottom + 16; };
    dragged(board, (event) => {
      board.focus({ preventScroll: true });
      cursor = place(event, frame);
      reach = GRAB[event.pointerType] ?? GRAB.mouse;
      old = nearest(cursor) >= 0;
      moved = taken = false;
      held = touch(cursor);
    }, (event) => {
      if (held < 0) return;
      const now = place(event, frame);
      moved ||= Math.hypot((now[0] - cursor[0]) * frame.clientWidth, (now[1] - cursor[1]) * frame.clientHeight) > 3;
      if (moved) at(held, now);
      spots[held]?.classList.toggle("animelab-leaving", outside(event));
    }, (event) => {
      if (held >= 0 && moved && outside(event)) without(held);
      else if (held >= 0 && old && !moved) anew(held);
      held = -1;
    });
    keyed(board, (event) => {
      const go = STEPS[event.key], index = taken ? held : nearest(cursor);
      if (go) {
        cursor = cursor.map((value, axis) => within(0, value + go[axis] / (event.shiftKey ? 128 : 32), 0.9999));
        if (taken) at(held, cursor);
      } else if (event.key === " ") { step = Date.now(); index >= 0 && kinds[stage.value(tool)] ? anew(index) : touch(cursor); }
      else if (event.key === "Enter") { taken = !taken && index >= 0; held = taken ? index : -1; step = Date.now(); if (taken) cursor = dots()[index].slice(0, 2); }
      else if (/^(Delete|Backspace)$/.test(event.key)) { step = Date.now(); taken = false; if (index >= 0) without(index); }
      else return;
      event.preventDefault();
      const near = nearest(cursor);
      heard.textContent = `Cursor at ${cursor.map((each) => `${Math.round(100 * each)}%`).join(", ")}${taken ? ", with the dot" : near >= 0 ? `, on a dot, ${dots()[near][3]}` : ""}`;
      stage.show();
    });
    return ({ layers = {} }, words) => {
      source(image, layers[""]);
      board.setAttribute("aria-label", `${words} Arrow keys move the cursor, the space bar puts a dot, Enter takes one up, Delete takes it away.`);
      board.classList.toggle("animelab-erasing", !kinds[stage.value(tool)]);
      while (spots.length < dots().length) spots.push(make("span", board, { className: "animelab-spot" }));
      spots.forEach((spot, i) => {
        const [x, y, hex, kind] = dots()[i] ?? [];
        spot.hidden = x === undefined;
        Object.assign(spot.style, { left: `${100 * x}%`, top: `${100 * y}%`, backgroundColor: hex });
        spot.dataset.kind = kind;
        if (i !== held) spot.classList.remove("animelab-leaving");
      });
      Object.assign(cross.style, { left: `${100 * cursor[0]}%`, top: `${100 * cursor[1]}%` });
    };
  },

  // Points to drag over a picture: part.points are their names. The value is [number of the gesture, [[x, y], …]].
  points(stage, name, frame) {
    const image = make("img", frame, { draggable: false });
    let step = 0, held = 0;
    const points = () => stage.value(name)[1];
    const move = (index, to) => stage.set(name, [step, points().map((each, i) => (i === index ? to : each))]);
    const knobs = stage.part(name).points.map((words, index) => {
      const knob = make("button", frame, { type: "button", className: `animelab-point animelab-${stage.part(name).look}` }, { "aria-label": `${words}. Arrow keys move it.` });
      keyed(knob, (event) => {
        const go = STEPS[event.key];
        if (!go) return;
        event.preventDefault();
        step = 0;
        move(index, points()[index].map((value, axis) => within(0, value + go[axis] / (event.shiftKey ? 200 : 50), 0.9999)));
      });
      return knob;
    });
    dragged(frame, (event) => {
      const off = stage.part(name).off, here = place(event, frame);
      if ((held = off ? -1 : 0) < 0) return;
      const far = points().map(([x, y]) => Math.hypot((x - here[0]) * frame.clientWidth, (y - here[1]) * frame.clientHeight));
      held = far.indexOf(Math.min(...far));
      knobs[held].focus({ preventScroll: true });
      step = Date.now();
      move(held, here);
    }, (event) => held >= 0 && move(held, place(event, frame)));
    return ({ layers = {} }, words) => {
      source(image, layers[stage.value(stage.part(name).layer)] ?? layers[""]);
      image.alt = words;
      frame.classList.toggle("animelab-handle", !stage.part(name).off);
      knobs.forEach((knob, i) => {
        knob.hidden = !!stage.part(name).off;
        const [x, y] = points()?.[i] ?? [0, 0];
        Object.assign(knob.style, { left: `${100 * x}%`, top: `${100 * y}%` });
      });
    };
  },
};

// The share of a picture, from 0 to below 1, where an event is.
function place(event, frame) {
  const box = frame.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((each) => within(0, each, 0.9999));
}

// Calls `begin` and `move` with pointer events, captured, so that a drag may leave the element.
function dragged(element, begin, move, end = () => {}) {
  element.classList.add("animelab-handle");
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    element.dataset.hand = ""; // no ring around what is held by a hand
    begin(event);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && move(event));
  element.addEventListener("lostpointercapture", end);
}

const keyed = (element, act) => element.addEventListener("animelab-key", (event) => act(event.detail));

// A file as Python takes it: a picture that is too large is made smaller.
async function fitting(file) {
  const bitmap = await createImageBitmap(file).catch(() => null); // Python says what is wrong with it
  const longest = bitmap && Math.max(bitmap.width, bitmap.height);
  if (!bitmap || (longest <= LONGEST && file.size < MOST_BYTES)) return file.size < MOST_BYTES ? { data: await file.arrayBuffer() } : {};
  const canvas = make("canvas"), pen = canvas.getContext("2d");
  for (let side = Math.min(longest, LONGEST); ; side = Math.round(side * 0.7)) {
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height].map((each) => Math.max(1, Math.round((each * side) / longest)));
    Object.assign(pen, { fillStyle: "white", imageSmoothingQuality: "high" }); // white where it is transparent
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
    const note = `Sent at ${canvas.width} × ${canvas.height} pixels: larger ones are more than a notebook can pass on.`;
    if (blob.size < MOST_BYTES) return { note, data: await blob.arrayBuffer() };
  }
}

// ---- controls: each is built once into its box, and gives the function that makes it show part and value.
let made = 0;
function labeled(box, part, control, reset) {
  control.id = `animelab-control-${++made}`;
  const label = make("label", null, { textContent: part.label, htmlFor: control.id, className: "animelab-label" });
  box.prepend(label);
  if (reset) { label.addEventListener("dblclick", reset); label.title = "Double click to reset"; }
  return label;
}

const controls = {
  slider(stage, name, box) {
    const part = stage.part(name), reset = () => stage.set(name, stage.part(name).value);
    const line = make("div", box, { className: "animelab-line" });
    const ends = (part.ends ?? []).map((_, i) => {
      const end = make("img", line, { alt: "", className: "animelab-end", draggable: false });
      end.addEventListener("click", () => stage.part(name).disabled || stage.set(name, stage.part(name)[["low", "high"][i]]));
      return end;
    });
    const range = make("input", null, { type: "range", min: part.low, max: part.high, step: part.step });
    ends.length ? ends[0].after(range) : line.append(range);
    const place = make("span", box, { className: "animelab-number" });
    const number = make("input", place, { type: "number", min: part.low, max: part.high, step: part.step });
    if (part.unit) make("span", place, { textContent: part.unit });
    const label = labeled(box, part, range, reset);
    range.addEventListener("input", () => stage.set(name, +range.value));
    range.addEventListener("dblclick", reset);
    number.addEventListener("change", () => {
      if (number.value !== "" && Number.isFinite(+number.value)) stage.set(name, within(stage.part(name).low, +number.value, stage.part(name).high));
      number.value = stage.value(name);
    });
    return (part, value) => {
      if (label.textContent !== part.label) label.textContent = part.label;
      number.setAttribute("aria-label", `${part.label}, typed`);
      ends.forEach((end, i) => source(end, stage.model.get("ends")[name]?.[i] ?? part.ends[i]));
      Object.assign(range, { min: part.low, max: part.high, value });
      if (document.activeElement !== number || !number.matches(":focus")) number.value = value;
      range.disabled = number.disabled = !!part.disabled;
      range.setAttribute("aria-valuetext", `${value}${part.unit ? ` ${part.unit}` : ""}`);
      const share = (number) => (100 * (within(part.low, number, part.high) - part.low)) / (part.high - part.low || 1);
      const [from, to] = [share(0), share(value)].sort((one, other) => one - other); // filled from zero
      range.style.setProperty("--from", `${from}%`);
      range.style.setProperty("--part", `${to}%`);
    };
  },

  choice(stage, name, box) {
    const select = make("select", box);
    labeled(box, stage.part(name), select);
    select.addEventListener("change", () => stage.set(name, select.value));
    let options = null;
    return (part, value) => {
      if (!same(options, part.options)) select.replaceChildren(...(options = part.options).map((each) => new Option(each, each)));
      select.value = value;
      select.disabled = !!part.disabled;
    };
  },

  swatches(stage, name, box) {
    const label = make("span", box, { className: "animelab-label" });
    const row = make("div", box, { className: "animelab-row" }, { role: "group", "aria-label": stage.part(name).label });
    const buttons = Object.entries(stage.part(name).colors).map(([words, color]) => {
      const button = make("button", row, { type: "button", className: "animelab-swatch", title: words }, { "aria-label": words });
      button.style.setProperty("--color", color || "conic-gradient(#e8607a, #f2c14e, #6cc08b, #4e8fe0, #a06cd0, #e8607a)");
      if (stage.part(name).named) { button.classList.add("animelab-named"); make("span", button, { textContent: words }); }
      button.addEventListener("click", () => stage.set(name, words));
      return [words, button];
    });
    const other = stage.part(name).others && make("input", row, { type: "color", className: "animelab-other", title: "Another color" }, { "aria-label": "Another color" });
    if (other) other.addEventListener("input", () => stage.set(name, other.value));
    return (part, value) => {
      label.textContent = `${part.label}: ${value}`;
      buttons.forEach(([words, button]) => button.setAttribute("aria-pressed", words === value));
      if (!other) return;
      other.classList.toggle("animelab-chosen", value.startsWith("#"));
      other.value = part.colors[value] || value;
    };
  },

  tools(stage, name, box) {
    const part = stage.part(name), row = make("div", box, { className: "animelab-row" }, { role: "group", "aria-label": part.label });
    const buttons = part.options.map((words) => {
      const button = make("button", row, { type: "button", className: "animelab-button" });
      icon(part.icons[words], button);
      make("span", button, { textContent: words });
      button.addEventListener("click", () => stage.set(name, words));
      return [words, button];
    });
    return (part, value) => buttons.forEach(([words, button]) => button.setAttribute("aria-pressed", words === value));
  },

  upload(stage, name, box) {
    const part = stage.part(name), file = make("input", null, { type: "file", accept: "image/*", hidden: true }, { "aria-label": part.tip || part.label });
    const update = controls.button({ ...stage, press: () => file.click() }, name, box);
    box.append(file);
    file.addEventListener("change", () => { if (file.files[0]) stage.give(name, file.files[0]); file.value = ""; });
    return update;
  },

  toggle(stage, name, box) {
    const tick = make("input", box, { type: "checkbox" }, { role: "switch" });
    labeled(box, stage.part(name), tick);
    tick.addEventListener("change", () => stage.set(name, tick.checked));
    return (part, value) => { tick.checked = value; tick.disabled = !!part.disabled; };
  },

  entry(stage, name, box) {
    const line = make("input", box, { type: "text", autocomplete: "off", spellcheck: false });
    labeled(box, stage.part(name), line);
    line.addEventListener("change", () => stage.set(name, line.value));
    return (part, value) => { if (document.activeElement !== line) line.value = value; line.disabled = !!part.disabled; };
  },

  button(stage, name, box) {
    const part = stage.part(name);
    const button = make("button", box, { type: "button", className: "animelab-button", title: part.tip ?? "" });
    if (part.icon) icon(part.icon, button);
    const words = make("span", button, { textContent: part.label, className: part.bare ? "animelab-heard" : "" });
    button.addEventListener("click", () => stage.press(name));
    return (part) => {
      words.textContent = part.label;
      button.disabled = !!part.disabled;
      if (part.selected !== undefined) button.setAttribute("aria-pressed", part.selected);
    };
  },

  // A bar, and values with names, which change all the time.
  facts(stage, name, box) {
    const bar = make("progress", box, { max: 1 }, { "aria-label": stage.part(name).label });
    const list = make("dl", box), cells = stage.part(name).names.map((words) => {
      const pair = make("div", list);
      make("dt", pair, { textContent: words });
      return make("dd", pair);
    });
    return () => {
      const { part = 0, values = [] } = stage.model.get(`picture_${name}`);
      bar.value = part;
      cells.forEach((cell, i) => { cell.textContent = values[i] ?? "\u2013"; });
    };
  },

  // Lines over steps, each named at its end; dashed are those beside them, of another run. A drag goes through part.film.
  chart(stage, name, box) {
    const { label, film } = stage.part(name), high = 216, left = 40, top = 8, bottom = high - 24;
    const told = make("div", box, { className: "animelab-told" }, { "aria-hidden": "true" });
    const drawing = draw("svg", box, { role: "img", height: high });
    let lines = [], wide = 0, hover = null, known = null, beside = "", across = () => 0, up = () => 0, step = () => 0;
    const nearest = (steps, one) => steps.reduce((best, each, i) => (Math.abs(each - one) < Math.abs(steps[best] - one) ? i : best), 0);
    function redraw() {
      drawing.replaceChildren();
      drawing.setAttribute("viewBox", `0 0 ${wide} ${high}`);
      if (!lines.length) return;
      const own = lines.filter((line) => !line.beside), words = (line) => `${line.name} ${short(line.y.at(-1))}`;
      const right = wide - Math.min(0.4 * wide, 26 + 6.8 * Math.max(...own.map((line) => words(line).length)));
      const xs = lines.flatMap((line) => line.x), ys = lines.flatMap((line) => line.y);
      const [from, to, least, most] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
      const margin = 0.06 * (most - least) || 0.5;
      across = (x) => left + ((to > from ? x - from : 0.5) / (to - from || 1)) * (right - left);
      step = (x) => from + ((x - left) / (right - left)) * (to - from);
      up = (y) => bottom - ((y - least + margin) / (most - least + 2 * margin)) * (bottom - top);
      for (const y of ticks(least - margin, most + margin, 4)) {
        draw("path", drawing, { class: "animelab-rule", d: `M${left} ${up(y)}H${right}` });
        draw("text", drawing, { x: left - 6, y: up(y) + 4, "text-anchor": "end" }).textContent = short(y);
      }
      const marks = ticks(from, to, Math.max(2, Math.floor((right - left) / 64)));
      marks.forEach((x) => { draw("text", drawing, { x: across(x), y: high - 6, "text-anchor": "middle" }).textContent = short(x); });
      const ends = own.map((line) => ({ line, y: up(line.y.at(-1)) })).sort((one, other) => one.y - other.y);
      ends.forEach((end, i) => { end.at = Math.max(end.y, i ? ends[i - 1].at + 16 : top + 4); });
      ends.reverse().forEach((end, i) => { end.at = Math.min(end.at, i ? ends[i - 1].at - 16 : bottom); });
      for (const line of lines) {
        const points = (each) => line.x.map((x, i) => `${across(x).toFixed(1)} ${up(within(least - margin, each[i], most + margin)).toFixed(1)}`).join("L");
        const look = `animelab-curve animelab-color-${line.color}${line.beside ? " animelab-beside" : ""}`;
        if (!line.beside) draw("path", drawing, { class: `${look} animelab-raw`, d: `M${points(line.raw)}` });
        draw("path", drawing, { class: look, d: `M${points(line.y)}` });
        if (line.x.length === 1) draw("circle", drawing, { class: look, cx: across(line.x[0]), cy: up(line.y[0]), r: 3.5 });
      }
      for (const { line, y, at } of ends) {
        draw("path", drawing, { class: `animelab-curve animelab-color-${line.color}`, d: `M${across(line.x.at(-1)) + 3} ${y}L${right + 8} ${at}H${right + 14}` });
        draw("text", drawing, { class: "animelab-name", x: right + 18, y: at + 4 }).textContent = words(line);
      }
      mark();
    }
    function mark() { // where the hand is, or else the picture that is seen
      drawing.querySelectorAll(".animelab-mark").forEach((each) => each.remove());
      const seen = film ? stage.film(film)[stage.value(film) ?? -1]?.[2] : null, place = hover ?? seen;
      const values = lines.filter((line) => !line.beside).map((line) => [line, nearest(line.x, place ?? 0)]);
      told.textContent = place == null || !lines.length ? `${label}${beside && `; dashed, of ${beside}`}`
        : `Step ${Math.round(place).toLocaleString("en")}: ${values.map(([line, i]) => `${line.name} ${short(line.y[i])}`).join(", ")}`;
      if (place == null || !lines.length) return;
      draw("path", drawing, { class: "animelab-mark animelab-here", d: `M${within(left, across(place), wide)} ${top}V${bottom}` });
      for (const [line, i] of values) draw("circle", drawing, { class: `animelab-mark animelab-dot animelab-color-${line.color}`, cx: across(line.x[i]), cy: up(line.y[i]), r: 3.5 });
    }
    const steps = (event) => step(event.clientX - drawing.getBoundingClientRect().left);
    const move = (event) => {
      const all = stage.film(film), index = nearest(all.map((each) => each[2]), steps(event));
      if (all.length > 1) stage.set(film, index === all.length - 1 ? null : index);
    };
    drawing.addEventListener("pointermove", (event) => { if (lines.length) { hover = lines[0].x[nearest(lines[0].x, steps(event))]; mark(); } });
    drawing.addEventListener("pointerleave", () => { hover = null; mark(); });
    if (film) dragged(drawing, move, move);
    new ResizeObserver(() => { if (box.clientWidth !== wide) { wide = box.clientWidth; redraw(); } }).observe(box);
    return () => {
      const news = stage.model.get(`picture_${name}`);
      drawing.setAttribute("aria-label", stage.model.get("words")[name] || label);
      if (news === known) return mark();
      known = news;
      beside = news.beside ?? "";
      const colors = [...new Set((news.lines ?? []).map((line) => line.name))];
      lines = (news.lines ?? []).map((line) => ({ ...line, raw: line.y, y: smoothed(line.y), color: colors.indexOf(line.name) % 6 }));
      redraw();
    };
  },

  words(stage, name, box) {
    box.style.setProperty("--lines", stage.part(name).lines);
    return () => { box.textContent = stage.model.get("words")[name] ?? ""; };
  },
};

const short = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3, useGrouping: value >= 1e4 });
function ticks(low, high, count) {
  const ten = 10 ** Math.floor(Math.log10((high - low) / count || 1));
  const each = ten * [1, 2, 5, 10].find((times) => times * ten * count >= high - low), first = Math.ceil(low / each);
  return Array.from({ length: 1 + Math.floor(high / each + 1e-9) - first }, (_, i) => (first + i) * each);
}
function smoothed(values) {
  const half = Math.round(values.length / 50);
  return values.map((_, i) => {
    const near = values.slice(Math.max(0, i - half), i + half + 1);
    return near.reduce((sum, each) => sum + each) / near.length;
  });
}

// ---- the stage
function render({ model, el }) {
  const { name, pictures, groups, folds } = model.get("plan");
  const stage = { model, set, press, give, show, part: (each) => model.get("parts")[each], value: (each) => model.get("values")[each],
    film: (each) => Array.from({ length: model.get("parts")[each].slots }, (_, i) => model.get(`film_${i}`) ?? []).flat() };
  const outer = make("div", el, { className: `animelab-stage animelab-${name}` });
  const grid = make("div", outer, { className: `animelab-grid${groups.length ? "" : " animelab-alone"}` });
  stage.root = outer;
  // While this view is here its still is not seen; also not one that arrives later.
  const own = model.get("token").replace(/\W/g, "");
  make("style", outer, { textContent: `.jp-OutputArea-child:has(.animelab-still-${own}), .animelab-still-${own} { display: none !important; }` });

  // To Python: one message at a time, the newest values wait for the answer.
  let waiting = null, more = false, resting = null, fresh = {};
  function set(name, value, again = false) {
    if (same(value, stage.value(name))) return again && press(name);
    fresh[name] = value;
    hand = Date.now();
    model.set("values", { ...model.get("values"), [name]: value });
    flush();
  }
  function flush() {
    if (waiting) more = true; else sent();
  }
  function sent() {
    expect();
    clearTimeout(waiting);
    more = false;
    fresh = {};
    waiting = setTimeout(answered, WORKS);
    quietly(() => model.save_changes());
  }
  function answered() {
    clearTimeout(waiting);
    waiting = null;
    Object.keys(model.get("parts")).forEach((each) => asked(each, false));
    if (more) flush();
    clearTimeout(resting);
    resting = setTimeout(() => quietly(() => model.send({ do: "rest" })), REST);
  }
  // A widget whose kernel was restarted looks alive. Where the front end knows its kernel, a silent one is asked once more.
  let silent = null, gone = false;
  function kernel() {
    const manager = model.widget_manager;
    return manager && "kernel" in manager ? manager.kernel?.status ?? "dead" : "unknown";
  }
  function expect() {
    clearTimeout(silent);
    const still = () => outer.isConnected && /idle|dead/.test(kernel());
    silent = setTimeout(() => {
      if (!still()) return kernel() !== "unknown" && outer.isConnected && expect(); // it is busy: later
      quietly(() => model.send({ do: "press", name: "" }));
      silent = setTimeout(() => { if ((gone = still())) show(); else expect(); }, 1000);
    }, SILENT);
  }
  function replied() {
    clearTimeout(silent);
    if (gone) { gone = false; show(); }
    setTimeout(answered);
  }
  // Python has work for when nobody wants anything: a piece at a time, each asked for.
  let idling = null, hand = 0;
  function idle() {
    clearTimeout(idling);
    if (model.get("asks")) idling = setTimeout(() => (waiting || more ? idle() : quietly(() => model.send({ do: "idle", asks: model.get("asks") }))), within(60, hand + STILL - Date.now(), STILL));
  }
  function press(name) { expect(); quietly(() => { if (more) sent(); model.send({ do: "press", name }); asked(name, true); }); } // what the hand did before comes first
  function asked(name, is) { outer.querySelector(`[data-part="${name}"] > button`)?.classList.toggle("animelab-asked", is); }
  async function give(name, file) {
    problem.textContent = "";
    const { note, data } = await fitting(file).catch(() => ({}));
    if (data?.byteLength) { expect(); quietly(() => model.send({ do: "give", name, note }, undefined, [data])); }
    else problem.textContent = file.size ? "That file is too large to send, and no picture that this browser can make smaller." : "That file is empty; take another.";
  }
  function quietly(send) { try { send(); } catch { /* no kernel: what the page can do by itself goes on */ } }

  // Parts: pictures with their handles, and controls in groups; buttons that follow each other stand in one row.
  const updates = [];
  function add(name, place) {
    const part = stage.part(name);
    if (model.get(`picture_${name}`)) model.on(`change:picture_${name}`, show);
    if (part.kind !== "picture") {
      const row = place.lastElementChild?.matches(".animelab-row") ? place.lastElementChild : null;
      const inside = ["button", "tools", "upload"].includes(part.kind) ? row ?? make("div", place, { className: "animelab-row" }) : place;
      const box = make("div", inside, { className: `animelab-kind-${part.kind}` }, { "data-part": name });
      const update = controls[part.kind](stage, name, box);
      updates.push(() => { box.hidden = !!stage.part(name).hidden; update(stage.part(name), stage.value(name)); });
      return;
    }
    const figure = make("figure", place, {}, { "data-part": name });
    const frame = make("div", figure, { className: `animelab-frame animelab-on-${part.handle || "none"}` });
    if (part.label && pictures.includes(name)) make("figcaption", figure, { textContent: part.label });
    const title = figure.querySelector("figcaption");
    const update = handles[part.handle || "none"](stage, name, frame);
    updates.push(() => {
      const news = model.get(`picture_${name}`);
      frame.style.setProperty("--wide", news.wide || 1);
      frame.style.setProperty("--high", news.high || 1);
      figure.hidden = !!stage.part(name).hidden;
      if (title) title.textContent = stage.part(name).label;
      const sharp = outer.classList.contains("animelab-pixelated");
      update({ ...news, layers: (!sharp && news.smooth) || news.layers }, model.get("words")[name] ?? "");
    });
  }
  const left = make("div", grid, { className: "animelab-pictures" });
  const row = make("div", left, { className: "animelab-side-by-side" });
  const bar = make("div", left, { className: "animelab-bar" });
  const caption = make("div", bar, { className: "animelab-caption" }, { "aria-live": "polite" });
  const under = make("div", left, { className: "animelab-under" });
  pictures.forEach((each) => add(each, stage.part(each).kind === "picture" ? row : under));
  const right = make("div", grid, { className: "animelab-controls" });
  groups.forEach(([title, names]) => {
    const open = folds[title], kept = typeof open === "string"; // kept: the name of the value that says whether it is open
    const fold = title in folds ? make("details", right, { className: "animelab-fold", open: kept ? stage.value(open) : open }) : null;
    if (kept) {
      fold.addEventListener("toggle", () => stage.set(open, fold.open));
      updates.push(() => { fold.open = stage.value(open); });
    }
    const group = make("div", fold ?? right, { className: "animelab-group" }, title ? { role: "group", "aria-label": title } : {});
    if (fold) icon("next", make("summary", fold, { className: "animelab-title", textContent: title }));
    else if (title) make("div", group, { className: "animelab-title", textContent: title });
    names.forEach((each) => add(each, group));
  });
  const foot = make("div", outer, { className: "animelab-foot" });
  const progress = make("label", foot, { className: "animelab-progress" });
  const doing = make("span", progress), done = make("progress", progress, { max: 1 });
  const problem = make("div", foot, { className: "animelab-problem" }, { role: "alert" });

  // Sharp pixels, where a picture is smaller than its place; and the keys.
  const sharp = make("button", bar, { type: "button", className: "animelab-tool animelab-sharp", title: "Sharp pixels" }, { "aria-label": "Sharp pixels", "aria-pressed": "false" });
  icon("sharp", sharp);
  sharp.addEventListener("click", () => {
    sharp.setAttribute("aria-pressed", outer.classList.toggle("animelab-pixelated"));
    show();
  });
  const help = make("details", bar, { className: "animelab-keys" });
  make("summary", help, { className: "animelab-tool", textContent: "?", title: "Keys" }, { "aria-label": "Keys" });
  const list = make("dl", help);
  const keys = { Tab: "to the next control", "Arrow keys": "move a slider or a handle, go from picture to picture" };
  for (const { kind, handle, name } of Object.values(model.get("parts"))) Object.assign(keys, KEYS[kind], KEYS[handle], name === "undo" && KEYS.undo);
  for (const [key, words] of Object.entries(keys)) { make("dt", list, { textContent: key }); make("dd", list, { textContent: words }); }
  keyed(help, (event) => { if (event.key === "Escape") { help.open = false; help.firstChild.focus(); } });
  const small = () => {
    const found = [...row.querySelectorAll(".animelab-frame")].some((frame) => frame.clientWidth > 1.05 * frame.style.getPropertyValue("--wide"));
    sharp.classList.toggle("animelab-unseen", !found);
  };
  const sizes = new ResizeObserver(small);
  sizes.observe(row);

  function show() {
    const held = outer.contains(document.activeElement) ? document.activeElement : null;
    updates.forEach((update) => update());
    grid.classList.toggle("animelab-wide", pictures.filter((each) => stage.part(each).kind === "picture" && !stage.part(each).hidden).length > 1);
    if (held && !held.getClientRects().length) // what was held is gone: on to what is done with the picture
      (right.querySelector("[data-part=save] button:enabled") ?? right.querySelector(".animelab-button:enabled"))?.focus({ preventScroll: true });
    if (held?.disabled) { // nothing more to undo: on to its partner, so that keys still come here
      const partner = { undo: "redo", redo: "undo" }[held.closest("[data-part]")?.dataset.part];
      right.querySelector(`[data-part=${partner}] button:enabled`)?.focus({ preventScroll: true });
    }
    const words = model.get("words"), now = model.get("progress");
    caption.textContent = stage.caption ?? words.caption ?? "";
    const wrong = gone ? GONE : words.problem ?? "";
    if (problem.textContent !== wrong) problem.textContent = wrong;
    progress.hidden = !now.words;
    doing.textContent = now.words ?? "";
    if (now.part === null) done.removeAttribute("value"); else done.value = now.part ?? 0;
    small();
  }
  function heard() { // Python's values; those that it has not seen yet stay as the hand left them
    const values = model.get("values"), kept = { ...values, ...fresh };
    if (same(values, kept)) show(); else model.set("values", kept);
  }
  // Jupyter has commands on single keys, and Notebook 7 takes them before any element hears of them: what is pressed on
  // a stage is caught on its way down. Browsers do as always; `keyed` tells handles. Save and run stay Jupyter's.
  const keysHere = (event) => {
    const theirs = event.altKey || (event.shiftKey && event.key === "Enter") || ((event.ctrlKey || event.metaKey) && !/^[zy]$/i.test(event.key));
    if (theirs || !outer.contains(event.target)) return;
    event.stopPropagation();
    delete event.target.dataset.hand;
    event.target.dispatchEvent(new CustomEvent("animelab-key", { bubbles: true, detail: event }));
  };
  window.addEventListener("keydown", keysHere, true);
  keyed(outer, (event) => {
    const wish = /^y$/i.test(event.key) || event.shiftKey ? "redo" : "undo";
    if (!(event.ctrlKey || event.metaKey) || event.target.matches("input[type=number]") || !stage.part(wish)) return;
    event.preventDefault();
    if (!stage.part(wish).disabled) press(wish);
  });
  // A picture may be dropped or pasted anywhere on the stage.
  const taker = Object.values(model.get("parts")).find((each) => each.kind === "upload")?.name;
  if (taker) for (const kind of ["dragover", "dragleave", "drop"]) outer.addEventListener(kind, (event) => {
    event.preventDefault();
    event.stopPropagation();
    outer.classList.toggle("animelab-over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) give(taker, event.dataTransfer.files[0]);
  });
  const pasted = (event) => {
    const file = event.clipboardData?.files[0];
    if (!taker || !file || !outer.matches(":hover, :focus-within")) return;
    event.preventDefault();
    event.stopPropagation();
    give(taker, file);
  };
  window.addEventListener("paste", pasted, true);
  const events = { "change:values": heard, "change:parts": show, "change:words": show, "change:progress": show, "change:ends": show, "change:asks": idle,
    "change:answered": replied }; // after the manager has taken the answer in: nothing is sent from inside
  for (const [event, act] of Object.entries(events)) model.on(event, act);
  show();
  idle();
  return () => {
    for (const [event, act] of Object.entries(events)) model.off(event, act);
    Object.keys(model.get("parts")).forEach((each) => model.off(`change:picture_${each}`, show));
    window.removeEventListener("keydown", keysHere, true);
    window.removeEventListener("paste", pasted, true);
    sizes.disconnect();
    clearTimeout(waiting);
    clearTimeout(resting);
    clearTimeout(idling);
    clearTimeout(silent);
  };
}

export default { render };
