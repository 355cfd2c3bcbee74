// What waits on this phone: whether it will go by itself, must be mended, or met an order that has changed.
import * as store from "./store.js";

const CLOCK = { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Shanghai" };
const list = document.getElementById("waiting-list");

function filled(name) {
  return document.getElementById(name).content.cloneNode(true);
}

function lines(target, entries) {
  target.replaceChildren(
    ...entries.map(({ label, text }) => {
      const row = document.createElement("div");
      const [term, value] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = label;
      value.textContent = text;
      row.append(term, value);
      return row;
    }),
  );
}

async function shown(row) {
  const item = filled("waiting-row").firstElementChild;
  const form = await store.formOf(row);
  const answer = await store.answerOf(row);
  item.querySelector("[data-about]").textContent = form.get("about") || row.path.split("/")[2];
  item.querySelector("[data-order-number]").textContent = row.path.split("/")[2];
  item.querySelector("[data-at]").textContent = new Date(row.at).toLocaleString("zh-CN", CLOCK);
  for (const part of item.querySelectorAll("[data-state]")) part.hidden = part.dataset.state !== row.state;
  for (const part of item.querySelectorAll("[data-task]")) part.hidden = !row.path.endsWith(part.dataset.task);
  item.querySelector("[data-mend]").href = `${row.path.replace(/addition$/, "visit")}?waiting=${row.id}`;
  if (row.state === "conflict") showConflict(item, row, form, answer);
  item.querySelector("[data-drop]").addEventListener("click", async () => {
    await store.removeWaiting(row.id);
    await refresh();
  });
  return item;
}

function showConflict(item, row, form, answer) {
  for (const part of item.querySelectorAll("[data-conflict]")) part.hidden = part.dataset.conflict !== answer.conflict;
  lines(item.querySelector("[data-own]"), answer.own);
  lines(item.querySelector("[data-now]"), answer.now);
  const isVisit = /\/(visit|addition)$/.test(row.path);
  const again = item.querySelector("[data-send-again]");
  const add = item.querySelector("[data-send-addition]");
  again.hidden = answer.conflict !== "changed";
  add.hidden = !isVisit || !["closed", "handed_on"].includes(answer.conflict);
  again.addEventListener("click", () => {
    form.set("seen", answer.seen);
    resend(row, form, row.path);
  });
  add.addEventListener("click", () => resend(row, form, row.path.replace(/visit$/, "addition")));
}

async function resend(row, form, path) {
  await store.changeWaiting(row, { state: "waiting", form, path });
  await refresh();
  (await navigator.serviceWorker.ready).active.postMessage("send");
}

async function refresh() {
  const { own } = await store.waiting();
  list.replaceChildren(...(await Promise.all(own.map(shown))));
  document.getElementById("waiting-none").hidden = own.length > 0;
  document.getElementById("send-now").hidden = !own.some((row) => row.state === "waiting");
}

document.addEventListener("waiting-changed", refresh);
document.getElementById("send-now").addEventListener("click", async () => {
  (await navigator.serviceWorker.ready).active.postMessage("send");
});
await refresh();
