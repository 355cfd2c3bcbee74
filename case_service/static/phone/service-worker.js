// Without signal: pages that were taken along are shown, and what is sent waits in the store. With signal, everything
// comes from the service.
import * as store from "./static/phone/store.js";
import { sendWaiting } from "./static/phone/outbox.js";

const FILES = "shouwang-files";
const OFFLINE_PAGE = "/static/phone/offline.html";
const FILES_KEPT = [
  OFFLINE_PAGE,
  "/static/shouwang.css",
  "/static/mark.svg",
  "/static/htmx.min.js",
  "/static/idb.js",
  "/static/phone/store.js",
  "/static/phone/outbox.js",
  "/static/phone/page.js",
  "/static/phone/visit-form.js",
  "/static/phone/photos.js",
  "/static/phone/drafts.js",
  "/static/phone/waiting-page.js",
];
const SENT_FROM_STORE = /^\/orders\/[^/]+\/(visit|addition|do\/[a-z-]+)$/;
const CHANGES_ACCOUNT = new Set(["/sign-in", "/sign-out"]);
const PATIENCE_MS = 5_000;
// As the service protects its pages.
const PROTECTION = {
  "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  "Cache-Control": "no-store",
};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((files) => files.addAll(FILES_KEPT)));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.method === "GET" && request.mode === "navigate") event.respondWith(pageFor(request, pathname));
  else if (request.method === "GET" && pathname.startsWith("/static/")) event.respondWith(fileFor(request));
  else if (request.method === "POST" && CHANGES_ACCOUNT.has(pathname)) event.respondWith(changeAccount(request));
  else if (request.method === "POST" && request.mode === "navigate" && SENT_FROM_STORE.test(pathname))
    event.respondWith(sendOrKeep(request, pathname));
});

self.addEventListener("sync", (event) => event.waitUntil(sendAndTell()));

self.addEventListener("message", (event) => {
  if (event.data === "send") event.waitUntil(sendAndTell());
});

async function pageFor(request, pathname) {
  const kept = await store.keptPage(pathname).catch(() => null);
  const fromService = fetch(request);
  const answer = kept ? Promise.race([fromService, after(PATIENCE_MS)]) : fromService;
  const response = await answer.catch(() => null);
  if (response && !(kept && response.status >= 502)) return response;
  if (!kept) return (await caches.match(OFFLINE_PAGE)) ?? Response.error();
  const html = kept.html.replace("<html ", `<html data-kept-at="${new Date(kept.keptAt).toISOString()}" `);
  return new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8", ...PROTECTION } });
}

async function fileFor(request) {
  try {
    const response = await fetch(request);
    if (response.ok) await (await caches.open(FILES)).put(request, response.clone());
    return response;
  } catch {
    return (await caches.match(request)) ?? Response.error();
  }
}

// Whoever signs in next finds nothing of whoever was here before; their own pages are taken along anew.
async function changeAccount(request) {
  await store.forget();
  return fetch(request).catch(async () => (await caches.match(OFFLINE_PAGE)) ?? Response.error());
}

// Kept first and sent then: whatever happens from here on, nothing that was entered is lost.
async function sendOrKeep(request, pathname) {
  const asItCame = request.clone();
  let id;
  try {
    id = await keep(pathname, await request.formData());
    await store.dropDraft(formOf(pathname));
  } catch {
    return fetch(asItCame).catch(stay);
  }
  await self.registration.sync?.register("send").catch(() => {});
  const { taken } = await sendAndTell();
  if (taken.has(id)) return to(taken.get(id));
  const row = await store.waitingRow(id);
  if (row?.state === "mend") return to(`${formOf(pathname)}?waiting=${id}`);
  return to("/phone/waiting");
}

// The page whose form is sent there.
function formOf(pathname) {
  return pathname.replace(/addition$/, "visit");
}

// An answer that was called back for mending takes the place, and the photos, of what it was before.
async function keep(pathname, form) {
  const before = form.has("replaces") ? await store.waitingRow(Number(form.get("replaces"))) : null;
  form.delete("replaces");
  if (before) {
    const hasPhotos = form.getAll("photos").some((photo) => photo.size > 0);
    if (!hasPhotos) {
      form.delete("photos");
      for (const photo of (await store.formOf(before)).getAll("photos")) form.append("photos", photo);
    }
  }
  return store.addWaiting(pathname, form, before?.id ?? null);
}

async function sendAndTell() {
  const done = await sendWaiting();
  for (const client of await self.clients.matchAll()) client.postMessage({ kind: "sent", mustSignIn: done.mustSignIn });
  return done;
}

// The browser stays where it is, with everything that was entered.
async function stay() {
  for (const client of await self.clients.matchAll()) client.postMessage({ kind: "full" });
  return new Response(null, { status: 204 });
}

function to(path) {
  return Response.redirect(new URL(path, self.location.origin), 303);
}

function after(milliseconds) {
  return new Promise((resolve) => setTimeout(() => resolve(null), milliseconds));
}
