// The page's behaviour. A drawing is a list of strokes, as in the window's sessions: it is drawn here for the eye, and
// sent as it is, so that the server draws the ink that the network reads by the same code as for the window.
const WORDS = {
  en: {
    title: "Digits from scratch", lead: "Draw a digit, or several. A network written by hand in NumPy reads it.",
    drawing: "Drawing", pad: "Drawing pad. Draw with mouse, finger or pen; Enter predicts, Control Z undoes.",
    pen: "Pen", eraser: "Eraser", width: "Width", undo: "Undo", redo: "Redo", clear: "Clear", predict: "Predict",
    live: "Live", open: "Open", examples: "Examples", example: "Example", answer: "Answer", digits: "Digits",
    bars: "Probability of each digit", seen: "What the network sees", empty: "Draw a digit.", waiting: "Predict reads it.",
    sure: "Sure.", likely: "Quite sure.", unsure: (a, b) => `Unsure: ${a} or ${b}.`,
    parted: "Unsure: its ink may be parted or read in another way.",
    "no digit": "This doesn't look like a digit.", failed: "No answer from the server.", big: "This picture is too large.",
    of: (digit, k, n) => `Digit ${k} of ${n}: ${digit}`,
    input: "28 × 28 pixels: all that the network gets", ink: "the ink, and its square", average: "averaged to 20 × 20",
    whatif: "what ink would do here: orange for this answer, blue against it",
    conv: (k, n) => `convolution ${k}: ${n} feature maps`,
  },
  fr: {
    title: "Chiffres, à partir de rien", lead: "Dessinez un ou plusieurs chiffres. Un réseau écrit à la main en NumPy les lit.",
    drawing: "Dessin", pad: "Zone de dessin. Dessinez à la souris, au doigt ou au stylet ; Entrée prédit, Ctrl Z annule.",
    pen: "Crayon", eraser: "Gomme", width: "Largeur", undo: "Annuler", redo: "Rétablir", clear: "Effacer", predict: "Prédire",
    live: "Direct", open: "Ouvrir", examples: "Exemples", example: "Exemple", answer: "Réponse", digits: "Chiffres",
    bars: "Probabilité de chaque chiffre", seen: "Ce que voit le réseau", empty: "Dessinez un chiffre.",
    waiting: "Prédire donne la réponse.", sure: "Sûr.", likely: "Presque sûr.", unsure: (a, b) => `Incertain : ${a} ou ${b}.`,
    parted: "Incertain : l'encre peut se partager ou se lire autrement.",
    "no digit": "Cela ne ressemble pas à un chiffre.", failed: "Le serveur ne répond pas.", big: "Cette image est trop grande.",
    of: (digit, k, n) => `Chiffre ${k} sur ${n} : ${digit}`,
    input: "28 × 28 pixels : tout ce que le réseau reçoit", ink: "l'encre et son carré", average: "moyennée en 20 × 20",
    whatif: "ce que ferait de l'encre ici : orange pour cette réponse, bleu contre",
    conv: (k, n) => `convolution ${k} : ${n} cartes`,
  },
};
const language = navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en", words = WORDS[language];
const root = element.querySelector(".digits"), find = (selector) => root.querySelector(selector);
const canvas = find("canvas"), slider = find("input[type=range]"), file = find("input[type=file]");
const button = (name) => find(`[data-do=${name}]`), percent = (p) => (p >= 0.9995 && p < 1 ? ">99.9" : (100 * p).toFixed(1)) + " %";
root.lang = language;
for (const place of root.querySelectorAll("[data-t]")) place.textContent = words[place.dataset.t];
for (const place of root.querySelectorAll("[data-label]")) place.setAttribute("aria-label", words[place.dataset.label]);

// --- the drawing: every state it was in, so that undo and redo only move `now` ---
const states = [[]];
let now = 0, stroke = null, pointer = null, erases = false, live = true, picture = null;
const strokes = () => (stroke ? [...states[now], stroke] : states[now]);

function become(state) {
  states.splice(now + 1, states.length, state);
  if (states.length > 200) states.shift();  // a long afternoon stays small
  now = states.length - 1;
  picture = null;
  changed();
}

function paint() {
  const side = canvas.width, pen = canvas.getContext("2d"), style = getComputedStyle(root);
  pen.clearRect(0, 0, side, side);
  if (picture) {
    const scale = Math.min(side / picture.width, side / picture.height), w = picture.width * scale, h = picture.height * scale;
    return pen.drawImage(picture, (side - w) / 2, (side - h) / 2, w, h);
  }
  pen.lineCap = pen.lineJoin = "round";
  for (const { width, erases, points } of strokes()) {
    pen.strokeStyle = style.getPropertyValue(erases ? "--paper" : "--ink");
    pen.lineWidth = width * side;
    pen.beginPath();
    pen.moveTo(points[0][0] * side, points[0][1] * side);
    for (const [x, y] of points) pen.lineTo(x * side, y * side);
    pen.stroke();
  }
}

function at(event) {
  const box = canvas.getBoundingClientRect(), round = (x) => Math.round(x * 1e4) / 1e4;
  return [round((event.clientX - box.left) / box.width), round((event.clientY - box.top) / box.height), round(event.timeStamp / 1000)];
}

canvas.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button === 1) return;  // one pen at a time: a palm beside it draws nothing
  event.preventDefault();
  canvas.focus({ preventScroll: true });
  pointer = event.pointerId;
  canvas.setPointerCapture(pointer);
  const rubs = erases || event.button === 2 || event.button === 5;  // the right button, a pen's other end
  if (picture) become([]);
  stroke = { width: Math.min(slider.value * (rubs ? 1.6 : 1), 1), erases: rubs, points: [at(event)] };
  changed();
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const moves = event.getCoalescedEvents?.() ?? [];  // what the browser held back between two frames, so no gaps
  for (const move of moves.length ? moves : [event]) stroke.points.push(at(move));
  changed();
});
for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
  canvas.addEventListener(end, (event) => {
    if (event.pointerId !== pointer || !stroke) return;
    const finished = stroke;
    pointer = stroke = null;
    become([...states[now], finished]);
  });
canvas.addEventListener("contextmenu", (event) => event.preventDefault());

// --- answers: one question at a time, at most 10 a second, and none for what has changed since ---
let shown = null, asked = 0, busy = false, wanted = false, timer = null, rest = null, version = 0;

function changed() {
  version++;
  requestAnimationFrame(paint);
  button("undo").disabled = now === 0;
  button("redo").disabled = now + 1 >= states.length;
  button("pen").setAttribute("aria-pressed", !erases);
  button("eraser").setAttribute("aria-pressed", erases);
  clearTimeout(rest);
  if (!strokes().some((stroke) => !stroke.erases) && !picture) return show(null, words.empty);
  if (!live) return show(null, words.waiting);
  ask();
  if (!stroke) rest = setTimeout(explain, 400);  // the pen rests: time for what takes longer
}

async function call(name, data) {
  const reply = await fetch(`${window.gradio_config?.root ?? ""}/digits/${name}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data),
  });
  if (!reply.ok) throw new Error(reply.status === 413 ? words.big : words.failed);
  const answer = await reply.json();
  if (answer.error) throw new Error(answer.error);
  return answer;
}

async function ask() {
  if (picture) return;
  if (busy) return void (wanted = true);
  clearTimeout(timer);
  const wait = asked + 100 - performance.now();
  if (wait > 0) return void (timer = setTimeout(ask, wait));
  busy = true, wanted = false, asked = performance.now();
  const mine = version;
  try {
    const answer = await call("read", { strokes: strokes() });
    if (!answer.digits.length) show(null, words.empty);
    else if (mine === version || stroke) show(answer);
  } catch (error) {
    if (mine === version) show(null, error.message);
  }
  busy = false;
  if (wanted) ask();
}

async function explain() {
  const mine = version;
  try {
    const answer = await call("explain", picture ? { picture: picture.data } : { strokes: strokes() });
    if (mine !== version) return;
    show(answer, words.empty);
  } catch (error) {
    if (mine === version) show(null, error.message);
  }
}

function show(answer, otherwise = "") {
  shown = answer?.digits.length ? answer : null;
  const digits = shown?.digits ?? [], number = find(".number");
  number.textContent = shown ? shown.number || "?" : "?";
  number.classList.toggle("none", !shown?.number);
  number.classList.toggle("long", (shown?.number ?? "").length > 2);
  find(".confidence").textContent = shown ? percent(digits.reduce((p, digit) => p * digit.confidence, 1)) : "";
  const weakest = digits.toSorted((a, b) => a.confidence - b.confidence)[0];
  find(".words").textContent = !shown ? otherwise : weakest.reading !== "unsure"
    ? words[weakest.reading] : weakest.doubt ? words.parted : words.unsure(weakest.digit, weakest.second);
  find(".words").classList.toggle("doubt", ["unsure", "no digit"].includes(weakest?.reading));
  const chooser = find(".chosen");
  chooser.hidden = digits.length < 2;
  chooser.replaceChildren(...digits.map((digit, k) => {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: digit.digit });
    made.setAttribute("aria-label", words.of(digit.digit, k + 1, digits.length));
    made.onclick = () => choose(k);
    return made;
  }));
  choose(0);
}

function choose(k) {
  const digit = shown?.digits[k];
  [...find(".chosen").children].forEach((made, i) => made.setAttribute("aria-pressed", i === k));
  find(".bars").innerHTML = Array.from({ length: 10 }, (_, d) => {
    const p = digit?.probabilities[d] ?? 0, first = digit?.digit === d ? "first" : "";
    return `<span class="${first}">${d}</span><i><b style="width:${100 * p}%"></b></i><span>${digit ? percent(p) : ""}</span>`;
  }).join("");
  const seen = digit?.pictures;
  if (seen || !shown) find(".seen").hidden = !seen;
  if (!seen) return;
  const figure = ([name, source], caption) => `<figure><img alt="${caption}" src="${source}"><figcaption>${caption}</figcaption></figure>`;
  const steps = Object.entries(seen.steps), maps = Object.entries(seen.maps);
  find(".pictures").innerHTML = steps.map((step) => figure(step, words[step[0]])).join("");
  find(".maps").innerHTML = maps.map((map, i) => figure(map, words.conv(i + 1, seen.channels[i]))).join("");
}

// --- buttons, keys, files ---
const actions = {
  pen: () => ((erases = false), changed()),
  eraser: () => ((erases = true), changed()),
  undo: () => now > 0 && (now--, (picture = null), changed()),
  redo: () => now + 1 < states.length && (now++, (picture = null), changed()),
  clear: () => strokes().length || picture ? become([]) : undefined,
  predict: () => (strokes().length || picture ? explain() : show(null, words.empty)),
  live: () => ((live = !live), button("live").setAttribute("aria-pressed", live), changed()),
  open: () => file.click(),
};
for (const name of Object.keys(actions)) button(name).addEventListener("click", actions[name]);
document.addEventListener("keydown", (event) => {  // wherever the focus is: a button that was pressed may be gone
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    actions[key === "y" || event.shiftKey ? "redo" : "undo"]();
  } else if (key === "enter" && root.contains(event.target) && event.target.tagName !== "BUTTON") actions.predict();
});

async function read(blob) {
  if (blob.size > 20e6) return show(null, words.big);
  const data = await new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  });
  const image = new Image();
  image.src = data;
  await image.decode().catch(() => {});  // a format that this browser can't show may still be read
  become([]);
  picture = Object.assign(image, { data });
  changed();
  explain();
}
file.addEventListener("change", () => file.files[0] && read(file.files[0]).finally(() => (file.value = "")));
document.addEventListener("paste", (event) => {
  const pasted = [...(event.clipboardData?.files ?? [])].find((item) => item.type.startsWith("image/"));
  if (pasted) read(pasted);
});
for (const over of ["dragover", "drop"])
  canvas.addEventListener(over, (event) => {
    event.preventDefault();
    if (over === "drop" && event.dataTransfer.files[0]) read(event.dataTransfer.files[0]);
  });

props.examples.forEach((example, digit) => {
  const made = Object.assign(document.createElement("button"), { type: "button", onclick: () => become(example) });
  made.setAttribute("aria-label", `${words.example} ${digit}`);
  const lines = example.map(({ points }) => `<polyline points="${points.map(([x, y]) => [x, y]).join(" ")}"/>`).join("");
  made.innerHTML = `<svg viewBox="0 0 1 1" stroke-width=".09" aria-hidden="true">${lines}</svg>`;
  find(".examples").append(made);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
changed();
