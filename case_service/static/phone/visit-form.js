// The forms of a grid worker: questions appear when an answer calls for them, photos and the place are added, mistakes
// are told before anything is kept, and answers that wait can be mended.
import { bringBack, keepDrafts } from "./drafts.js";
import { shrink, show } from "./photos.js";
import * as store from "./store.js";

const IDENTITY_NUMBER = /(?<!\d)\d{17}[\dXxＸｘ](?![\dXx])/;
const form = document.querySelector("form[data-kept-form]");

function isNumber(text) {
  return IDENTITY_NUMBER.test(text);
}

function ask() {
  for (const question of form.querySelectorAll("[data-asked-if]")) {
    const calls = question.dataset.askedAnswers.split(",");
    const name = question.dataset.askedIf;
    const given = [...form.querySelectorAll(`[name="${name}"]:checked:enabled`)].map((field) => field.value);
    const isAsked = given.some((answer) => calls.includes(answer));
    question.hidden = !isAsked;
    for (const field of question.querySelectorAll("input, select, textarea")) field.disabled = !isAsked;
  }
}

function tell(name, text) {
  const field = form.elements[name];
  const one = field instanceof RadioNodeList ? field[0] : field;
  const box = one?.closest("fieldset, .question, .stack") ?? form;
  const id = `mistake-${name}`;
  document.getElementById(id)?.remove();
  const line = document.createElement("p");
  line.className = "mistake";
  line.id = id;
  line.textContent = text;
  const legend = box.querySelector("legend");
  if (legend && !(field instanceof Element)) legend.after(line);
  else (one ?? box).before(line);
  if (one) one.setAttribute("aria-describedby", id);
  return one;
}

function mistakes() {
  const found = [];
  for (const box of form.querySelectorAll("[data-required]")) {
    const name = box.dataset.required;
    if (!new FormData(form).get(name)?.trim()) found.push([name, box.dataset.mistake]);
  }
  for (const field of form.querySelectorAll("textarea, input[type=text]")) {
    if (!field.disabled && isNumber(field.value)) found.push([field.name, form.dataset.noNumbers]);
  }
  return found;
}

function showMistakes(found) {
  form.querySelectorAll(".mistake").forEach((line) => line.remove());
  const fields = found.map(([name, text]) => tell(name, text));
  fields.find(Boolean)?.focus();
}

function fill(before) {
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field.type === "file") continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = before.getAll(field.name).includes(field.value);
    else if (before.has(field.name)) field.value = before.get(field.name);
  }
  if (before.get("position")) notePosition(before.get("position"));
  ask();
}

async function fillIn(id) {
  const row = await store.waitingRow(id);
  if (!row) return;
  const before = await store.formOf(row);
  fill(before);
  const replaces = document.createElement("input");
  Object.assign(replaces, { type: "hidden", name: "replaces", value: String(id) });
  form.append(replaces);
  const thumbnails = form.querySelector("[data-thumbnails]");
  if (thumbnails) await show(before.getAll("photos"), thumbnails);
  const answer = await store.answerOf(row);
  showMistakes(Object.entries(answer?.mistakes ?? {}));
}

function notePosition(text) {
  const box = form.querySelector("[data-position]");
  if (!box) return;
  form.elements.position.value = text;
  box.querySelector("[data-position-noted]").hidden = !text;
  box.querySelector("[data-position-text]").textContent = text;
  box.querySelector("[data-note-position]").hidden = Boolean(text);
  box.querySelector("[data-no-position]").hidden = true;
}

function offerPosition() {
  const box = form.querySelector("[data-position]");
  if (!box || !navigator.geolocation) return;
  box.hidden = false;
  box.querySelector("[data-note-position]").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        notePosition(`${coords.latitude.toFixed(6)},${coords.longitude.toFixed(6)},${Math.round(coords.accuracy)}`),
      () => (box.querySelector("[data-no-position]").hidden = false),
      { enableHighAccuracy: true, timeout: 15_000 },
    );
  });
  box.querySelector("[data-drop-position]").addEventListener("click", () => notePosition(""));
}

// A page kept this morning still says this morning.
function setTheClock() {
  if (!document.documentElement.dataset.keptAt) return;
  const now = new Date().toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" }).slice(0, 16).replace(" ", "T");
  for (const field of form.querySelectorAll("input[type=datetime-local]")) field.value = now;
}

function offerPhotos() {
  const input = form.querySelector("input[type=file]");
  if (!input) return;
  const thumbnails = form.querySelector("[data-thumbnails]");
  let shrinking = Promise.resolve();
  input.addEventListener("change", () => {
    form.dataset.busy = "photos";
    shrinking = shrink(input, thumbnails, Number(input.dataset.most)).finally(() => {
      delete form.dataset.busy;
      form.dispatchEvent(new Event("input"));
    });
  });
  form.addEventListener("submit", async (event) => {
    if (!form.dataset.busy || event.defaultPrevented) return;
    event.preventDefault();
    await shrinking;
    form.requestSubmit(event.submitter);
  });
}

if (form) {
  form.addEventListener("change", ask);
  form.addEventListener("submit", (event) => {
    const found = mistakes();
    if (found.length === 0) return;
    event.preventDefault();
    showMistakes(found);
  });
  offerPhotos();
  offerPosition();
  setTheClock();
  ask();
  const waiting = Number(new URLSearchParams(location.search).get("waiting"));
  if (waiting) await fillIn(waiting);
  else if (!document.querySelector(".mistake-box")) await bringBack(form, fill);
  if (!waiting) keepDrafts(form, isNumber);
}
