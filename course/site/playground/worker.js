// Runs the networks, away from the page's own thread, so that a hand never waits for them. Told by page.js.
const GZIP = [0x1f, 0x8b];
const sessions = new Map();
let runtime = null;

// The runtime lies compressed beside this file, since a plain file server compresses nothing.
async function start(graphics) {
  const kind = graphics ? "webgpu" : "wasm", wasm = graphics ? "ort-wasm-simd-threaded.asyncify" : "ort-wasm-simd-threaded";
  const ort = await import(`./runtime/ort.${kind}.min.mjs`);
  const packed = new Uint8Array(await (await found(`runtime/${wasm}.wasm.gz`)).arrayBuffer());
  const zipped = GZIP.every((byte, i) => packed[i] === byte); // some servers unpack it on the way
  const stream = new Blob([packed]).stream();
  ort.env.wasm.wasmBinary = zipped ? await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer() : packed.buffer;
  ort.env.wasm.wasmPaths = { mjs: new URL(`runtime/${wasm}.mjs`, self.location).href };
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
  ort.env.logLevel = "error";
  return { ort, providers: graphics ? ["webgpu", "wasm"] : ["wasm"] };
}

async function found(path) {
  const answer = await fetch(new URL(path, self.location));
  if (!answer.ok) throw new Error(`${path} is not there (${answer.status}); build the site again: make site`);
  return answer;
}

async function session(name) {
  const { ort, providers } = await runtime;
  const file = new Uint8Array(await (await found(`models/${name}.onnx`)).arrayBuffer());
  return ort.InferenceSession.create(file, { executionProviders: providers, graphOptimizationLevel: "all" });
}

async function run(name, inputs) {
  const { ort } = await runtime;
  if (!sessions.has(name)) sessions.set(name, session(name));
  const given = Object.entries(inputs ?? {}).map(([key, { data, dims }]) => [key, new ort.Tensor("float32", data, dims)]);
  const opened = await sessions.get(name);
  if (!inputs) return null; // it was only to be opened
  const { answer } = await opened.run(Object.fromEntries(given));
  return { data: answer.data, dims: answer.dims };
}

let last = Promise.resolve(); // a session takes one request at a time
self.onmessage = ({ data: { id, name, inputs, graphics } }) => {
  runtime ??= start(graphics);
  last = last.then(() => run(name, inputs)).then(
    (answer) => self.postMessage({ id, answer }),
    (error) => self.postMessage({ id, problem: error.message }),
  );
};
