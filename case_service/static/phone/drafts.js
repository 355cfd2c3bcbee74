// What is being entered is kept as it is entered, sealed, so that neither a reload nor a phone that dropped the page
// takes it away. It goes once the form is sent.
import { show } from "./photos.js";
import * as store from "./store.js";

const PAUSE_MS = 400;
// Of this page and not of what is entered.
const NOT_ENTERED = ["form_token", "submission_key", "seen", "about", "replaces"];

export function keepDrafts(form, isNumber) {
  let timer = null;
  const keep = () => {
    timer = null;
    if (!form.dataset.busy) store.keepDraft(location.pathname, entered(form, isNumber)).catch(() => {});
  };
  const keepSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE_MS);
  };
  form.addEventListener("input", keepSoon);
  form.addEventListener("change", keepSoon);
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (event.defaultPrevented) keep();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden || timer === null) return;
    clearTimeout(timer);
    keep();
  });
}

// Fills the form with what was entered and not sent, if anything was.
export async function bringBack(form, fill) {
  const draft = await store.draftOf(location.pathname).catch(() => null);
  if (!draft) return;
  fill(draft.form);
  const input = form.querySelector("input[type=file]");
  const photos = draft.form.getAll("photos").filter((photo) => photo.size > 0);
  if (input && photos.length > 0) {
    const chosen = new DataTransfer();
    for (const photo of photos) chosen.items.add(photo);
    input.files = chosen.files;
    await show(photos, form.querySelector("[data-thumbnails]"));
  }
  const note = form.querySelector("[data-draft]");
  note.hidden = false;
  note.querySelector("time").textContent = new Date(draft.at).toLocaleString("zh-CN", {
    month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai",
  });
  note.querySelector("button").addEventListener("click", async () => {
    await store.dropDraft(location.pathname);
    location.reload();
  });
}

function entered(form, isNumber) {
  const content = new FormData(form);
  for (const name of NOT_ENTERED) content.delete(name);
  for (const [name, value] of [...content]) {
    if (typeof value === "string" && isNumber(value)) content.delete(name);
  }
  return content;
}
