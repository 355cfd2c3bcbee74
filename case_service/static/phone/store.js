// What the phone keeps: pages taken along, and answers that wait. Everything is sealed under the key that the
// service gives this account; signing out, or another account, forgets the key and the pages. Answers that wait stay
// sealed until their own account signs in again.
import { openDB } from "/static/idb.js";

export const MOST_WAITING = 50;
const LONGEST_KEPT_MS = 24 * 3600 * 1000;
const FRESH_MS = 3600 * 1000;
const LONGEST_DRAFT_MS = 7 * 24 * 3600 * 1000;

const opened = openDB("shouwang", 2, {
  upgrade(database, before) {
    if (before < 1) {
      database.createObjectStore("own", { keyPath: "name" });
      database.createObjectStore("pages", { keyPath: "path" });
      database.createObjectStore("waiting", { keyPath: "id", autoIncrement: true });
    }
    if (before < 2) database.createObjectStore("drafts", { keyPath: "path" });
  },
});

export async function account() {
  return (await (await opened).get("own", "account"))?.account ?? null;
}

export async function keptMark() {
  const own = await (await opened).get("own", "account");
  return own && Date.now() - own.keptAt < FRESH_MS ? own.mark : null;
}

export async function forget() {
  const transaction = (await opened).transaction(["own", "pages"], "readwrite");
  await Promise.all([transaction.objectStore("own").clear(), transaction.objectStore("pages").clear(), transaction.done]);
}

// The marks of the orders whose pages are here as they were when they were marked.
export async function keptOrders() {
  const rows = await (await opened).getAll("pages");
  return [...new Set(rows.filter((row) => row.mark && isFresh(row)).map((row) => row.mark))];
}

// Keeps the pages that came, and of those that are here the ones whose order is still as it was.
export async function takeAlong({ account: who, key, mark, marks, pages }) {
  const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
  const cryptoKey = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  const keptAt = Date.now();
  const encoder = new TextEncoder();
  const rows = await Promise.all(
    pages.map(async ({ path, html, mark: order }) => {
      return { path, mark: order, keptAt, sealed: await seal(cryptoKey, path, encoder.encode(html)) };
    }),
  );
  const transaction = (await opened).transaction(["own", "pages"], "readwrite");
  const kept = transaction.objectStore("pages");
  for (const row of await kept.getAll()) if (!marks.includes(row.mark)) kept.delete(row.path);
  for (const row of rows) kept.put(row);
  transaction.objectStore("own").put({ name: "account", account: who, cryptoKey, mark, keptAt });
  await transaction.done;
}

export async function keptPage(path) {
  const row = await (await opened).get("pages", path);
  const key = await ownKey();
  if (!row || !key || !isFresh(row)) return null;
  const html = new TextDecoder().decode(await unseal(key, path, row.sealed));
  return { html, keptAt: row.keptAt };
}

// The rows of this account, oldest first; how many belong to others is told apart.
export async function waiting() {
  const rows = await (await opened).getAll("waiting");
  const who = await account();
  return { own: rows.filter((row) => row.account === who), others: rows.filter((row) => row.account !== who).length };
}

export async function waitingRow(id) {
  const row = await (await opened).get("waiting", id);
  return row && row.account === (await account()) ? row : null;
}

// Throws when the store is full or nobody is signed in: the caller must not say that it was kept.
export async function addWaiting(path, form, replaces = null) {
  const who = await account();
  if (!who) throw new Error("no account");
  const key = crypto.randomUUID();
  const row = { account: who, key, path, at: Date.now(), state: "waiting", ...(await sealedForm(key, form)) };
  const transaction = (await opened).transaction("waiting", "readwrite");
  if (replaces !== null) transaction.store.delete(replaces);
  if ((await transaction.store.count()) >= MOST_WAITING) {
    transaction.abort();
    await transaction.done.catch(() => {});
    throw new Error("full");
  }
  const id = await transaction.store.add(row);
  await transaction.done;
  return id;
}

export async function formOf(row) {
  const bytes = await unseal(await ownKey(), row.key, row.sealed);
  return new Response(bytes, { headers: { "Content-Type": row.contentType } }).formData();
}

export async function answerOf(row) {
  if (!row.sealedAnswer) return null;
  return JSON.parse(new TextDecoder().decode(await unseal(await ownKey(), row.key, row.sealedAnswer)));
}

export async function changeWaiting(row, { state, answer = null, form = null, path = row.path }) {
  const sealedAnswer = answer && (await seal(await ownKey(), row.key, new TextEncoder().encode(JSON.stringify(answer))));
  const content = form ? await sealedForm(row.key, form) : {};
  await (await opened).put("waiting", { ...row, ...content, state, sealedAnswer, path });
}

export async function removeWaiting(id) {
  await (await opened).delete("waiting", id);
}

// What is entered on a page and not sent yet; of others, and of long ago, nothing is given back.
export async function keepDraft(path, form) {
  const who = await account();
  if (!who) return;
  const row = { path, account: who, at: Date.now(), ...(await sealedForm(`draft ${path}`, form)) };
  const transaction = (await opened).transaction("drafts", "readwrite");
  for (const old of await transaction.store.getAll()) if (isOld(old)) transaction.store.delete(old.path);
  transaction.store.put(row);
  await transaction.done;
}

export async function draftOf(path) {
  const row = await (await opened).get("drafts", path);
  if (!row || isOld(row) || row.account !== (await account())) return null;
  const bytes = await unseal(await ownKey(), `draft ${path}`, row.sealed);
  const form = await new Response(bytes, { headers: { "Content-Type": row.contentType } }).formData();
  return { at: row.at, form };
}

export async function dropDraft(path) {
  await (await opened).delete("drafts", path);
}

function isOld(draft) {
  return Date.now() - draft.at > LONGEST_DRAFT_MS;
}

function isFresh(row) {
  return Date.now() - row.keptAt < LONGEST_KEPT_MS;
}

async function ownKey() {
  return (await (await opened).get("own", "account"))?.cryptoKey ?? null;
}

async function sealedForm(place, form) {
  const packed = new Response(form);
  const contentType = packed.headers.get("Content-Type");
  return { contentType, sealed: await seal(await ownKey(), place, await packed.arrayBuffer()) };
}

async function seal(key, place, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt(gcm(iv, place), key, bytes) };
}

async function unseal(key, place, { iv, data }) {
  return crypto.subtle.decrypt(gcm(iv, place), key, data);
}

function gcm(iv, place) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(place) };
}
