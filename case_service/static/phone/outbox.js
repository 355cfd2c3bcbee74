// Answers go to the service once and in the order they were given. Each goes under its own key, so that one whose
// reply was lost on the way may safely go again.
import * as store from "./store.js";

const LONGEST_WAIT_MS = 45_000;

// Sends what waits. Tells what was taken, by id with the page to look at next, and whether somebody must sign in
// first; stops where the service cannot be reached.
export function sendWaiting() {
  return navigator.locks.request("shouwang-outbox", async () => {
    const taken = new Map();
    const rows = (await store.waiting()).own.filter((row) => row.state === "waiting");
    if (rows.length === 0) return { taken, mustSignIn: false };
    const { formToken, mustSignIn } = await standing();
    if (formToken === null) return { taken, mustSignIn };
    for (const row of rows) {
      const response = await post(row, formToken);
      if (response?.ok) taken.set(row.id, (await response.clone().json()).path);
      if (response === null || !(await settle(row, response))) return { taken, mustSignIn: response?.status === 401 };
    }
    return { taken, mustSignIn: false };
  });
}

async function standing() {
  const response = await reach("/phone/standing", {});
  if (response?.status === 401) return { mustSignIn: true, formToken: null };
  if (!response?.ok) return { mustSignIn: false, formToken: null };
  const { account, form_token: formToken } = await response.json();
  const isOwn = account === (await store.account());
  return { mustSignIn: !isOwn, formToken: isOwn ? formToken : null };
}

async function post(row, formToken) {
  const form = await store.formOf(row);
  form.set("form_token", formToken);
  return reach(row.path, { method: "POST", body: form, headers: { "Idempotency-Key": row.key } });
}

async function reach(path, { headers = {}, ...init }) {
  try {
    const signal = AbortSignal.timeout(LONGEST_WAIT_MS);
    const response = await fetch(path, { ...init, signal, headers: { ...headers, Accept: "application/json" } });
    // Read whole, so that a reply cut off half way counts as none.
    const body = await response.blob();
    return new Response(body, { status: response.status, headers: response.headers });
  } catch {
    return null;
  }
}

// Whether the next may go: false where the service could not deal with this one now.
async function settle(row, response) {
  if (response.ok) {
    await store.removeWaiting(row.id);
    return true;
  }
  if (response.status === 404) {
    await store.changeWaiting(row, { state: "conflict", answer: { conflict: "gone", own: [], now: [], seen: "" } });
    return true;
  }
  if (response.status === 409 || response.status === 422 || response.status === 413) {
    const answer = await response.json().catch(() => ({}));
    const state = response.status === 409 && answer.kind === "conflict" ? "conflict" : "mend";
    await store.changeWaiting(row, { state, answer });
    return true;
  }
  return false;
}
