// On every page of a grid worker: takes the open orders along, says when there is no signal, and counts what waits.
import * as store from "./store.js";

const RETRY_MS = 30_000;
const CLOCK = { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" };
const status = document.getElementById("phone-status");
const { account, ordersMark } = document.body.dataset;
const keptAt = document.documentElement.dataset.keptAt;

async function worker() {
  await navigator.serviceWorker.register("/service-worker.js", { type: "module" });
  return (await navigator.serviceWorker.ready).active;
}

// What another account left is forgotten before this one's is kept.
async function takeAlong() {
  if ((await store.account()) !== account) await store.forget();
  const isKept = (await store.account()) === account;
  if (isKept && (!ordersMark || (await store.keptMark()) === ordersMark)) return;
  const known = isKept ? await store.keptOrders() : [];
  const response = await fetch(`/phone/pages?known=${known.join(",")}`).catch(() => null);
  if (response?.ok && !response.redirected) await store.takeAlong(await response.json());
}

async function showStanding() {
  const { own, others } = await store.waiting();
  const badge = status.querySelector("[data-waiting]");
  badge.hidden = own.length === 0;
  badge.querySelector("b").textContent = String(own.length);
  status.querySelector("[data-others]").hidden = others === 0;
  status.querySelector("[data-offline]").hidden = navigator.onLine;
  const kept = status.querySelector("[data-kept]");
  kept.hidden = !keptAt;
  if (keptAt) kept.querySelector("time").textContent = new Date(keptAt).toLocaleTimeString("zh-CN", CLOCK);
  status.hidden = [...status.children].every((line) => line.hidden);
  for (const link of document.querySelectorAll("[data-order]")) {
    const isWaiting = own.some((row) => row.path.startsWith(`${link.dataset.order}/`));
    link.querySelector("[data-order-waiting]").hidden = !isWaiting;
  }
}

async function send() {
  const { own } = await store.waiting();
  if (own.some((row) => row.state === "waiting")) (await worker()).postMessage("send");
}

navigator.serviceWorker?.addEventListener("message", async ({ data }) => {
  if (data.kind === "full") status.querySelector("[data-full]").hidden = status.hidden = false;
  if (data.kind !== "sent") return;
  status.querySelector("[data-sign-in]").hidden = !data.mustSignIn;
  await showStanding();
  document.dispatchEvent(new Event("waiting-changed"));
});

if (status && navigator.serviceWorker) {
  addEventListener("online", () => showStanding().then(send));
  addEventListener("offline", showStanding);
  document.addEventListener("visibilitychange", () => document.hidden || send());
  setInterval(send, RETRY_MS);
  await showStanding();
  await worker();
  if (!keptAt) await takeAlong();
  await showStanding();
  document.documentElement.dataset.phone = "ready";
  await send();
}
