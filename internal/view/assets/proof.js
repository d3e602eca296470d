// The proof of work of a sign-in page, in the place of a picture puzzle: while its reader types, this browser looks for
// numbers whose SHA-256 begins with zeros, in a worker or, where there is none, in small pieces between everything else.
// internal/puzzle checks what it finds. Without this script the wait of the page applies.
//
// This file is both: the page's script, and the worker's.

// The constants of SHA-256 (FIPS 180-4, sections 4.2.2 and 5.3.3).
const rounds = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
const start = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

const w = new Int32Array(64);
const h = new Int32Array(8);

// compress takes the block in w[0..15] into h.
function compress() {
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (k + s1 + ((e & f) ^ (~e & g)) + rounds[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    k = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
}

// digest is the SHA-256 of ASCII text as eight words.
function digest(text) {
  const bytes = new Uint8Array(((text.length + 8) >> 6 << 6) + 64);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  bytes[text.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 4, text.length * 8);
  h.set(start);
  for (let at = 0; at < bytes.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    compress();
  }
  return h.slice();
}

// search solves the puzzle part by part. It yields now and then, so that whoever runs it may do something else.
function* search({ challenge, difficulty, parts }) {
  const seed = digest(challenge);
  let answer = "";
  for (let part = 0; part < parts; part++) {
    for (let n = 0; ; n++) {
      w.set(seed);
      w[8] = part; w[9] = n; w[10] = 0x80000000; w[11] = w[12] = w[13] = w[14] = 0; w[15] = 320;
      h.set(start);
      compress();
      if (Math.clz32(h[0]) >= difficulty) {
        answer += n.toString(16).padStart(8, "0");
        break;
      }
      if (n % 2048 === 2047) yield;
    }
  }
  return answer;
}

if (typeof document === "undefined") {
  addEventListener("message", (e) => {
    const run = search(e.data);
    let step = run.next();
    while (!step.done) step = run.next();
    postMessage(step.value);
  });
} else {
  const field = document.querySelector("[data-proof]");
  if (field) work(field);
}

// work lets the browser solve the puzzle of field, and holds the form back until it has.
function work(field) {
  const { challenge } = field.form.elements;
  const task = { challenge: challenge.value, difficulty: Number(field.dataset.difficulty), parts: Number(field.dataset.parts) };
  const note = (name) => document.querySelector(`[data-proof-${name}]`);
  let waiting = null;
  const hold = (e) => {
    e.preventDefault();
    waiting = e.submitter ?? true;
    note("working").hidden = false;
  };
  const done = (answer) => {
    field.value = answer;
    field.form.removeEventListener("submit", hold);
    note("working").hidden = true;
    if (note("ready")) {
      note("ready").hidden = false;
      const longer = document.querySelector("[data-retry]"); // the wait without the work is not theirs any more
      if (longer) longer.hidden = true;
    }
    if (waiting) field.form.requestSubmit(waiting === true ? undefined : waiting);
  };
  field.form.addEventListener("submit", hold);
  if (note("ready")) note("working").hidden = false; // where the page says to wait; else when the form is held back
  inWorker(task).catch(() => inPieces(task)).then(done);
}

function inWorker(task) {
  return new Promise((answer, failed) => {
    const address = import.meta.url;
    const policy = globalThis.trustedTypes?.createPolicy("sallyport-proof", { createScriptURL: () => address });
    const worker = new Worker(policy ? policy.createScriptURL("") : address, { type: "module" });
    worker.onmessage = (e) => { answer(e.data); worker.terminate(); };
    worker.onerror = failed;
    worker.postMessage(task);
  });
}

async function inPieces(task) {
  const run = search(task);
  let step = run.next();
  while (!step.done) {
    await new Promise((next) => setTimeout(next));
    step = run.next();
  }
  return step.value;
}
