// Sends what was pressed: at once when the line holds, otherwise in order and once when it is back.
import * as kept from "./kept.js";
import { line } from "./line.js";

const LATE = 3_000;
let sending = false;
const done = new Set();

export const onSent = (hear) => done.add(hear);

// The cookie follows a new sign-in in another tab; the boxes of this page do not.
const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";

// One attempt: "kept", "refused" with the page that says why, or "unsent" when nobody answered.
// With `answer` "page" the new page comes back in the same breath, so that it is there sooner.
export async function send(entry, answer = "short") {
  const body = new URLSearchParams(entry.fields);
  const age = Date.now() - entry.at;
  if (age > LATE) body.set(`${entry.act}-age`, String(Math.round(age / 1000)));
  body.set("csrfmiddlewaretoken", token());
  let reply;
  try {
    reply = await fetch(entry.url, {
      method: "POST",
      body,
      headers: { "X-Press": answer },
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    line.lose();
    return { how: "unsent" };
  }
  if (reply.redirected || reply.status === 423) {
    line.ask();
    return { how: "unsent" };
  }
  if (reply.ok) {
    line.heard();
    return { how: "kept", said: reply.headers.get("X-Said"), html: await reply.text() };
  }
  if ([403, 404, 409, 422].includes(reply.status)) return { how: "refused", html: await reply.text() };
  return { how: "unsent" };
}

export function why(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const said = [...page.querySelectorAll(".govuk-error-summary li")].map((one) => one.textContent.trim());
  const plain = page.querySelector("#main-content p")?.textContent.trim();
  return said.join(" ") || plain || "The record did not take it.";
}

// All that waits, first to last. What is refused stays, to be decided; the rest goes on.
export async function sendAll() {
  if (sending || line.lost || line.shut) return;
  sending = true;
  const sent = [];
  try {
    for (let entry; (entry = kept.waiting()[0]); ) {
      const { how, html } = await send(entry);
      if (how === "unsent") break;
      if (how === "kept") kept.drop(entry.key);
      else kept.change(entry.key, { refused: why(html) });
      sent.push({ ...entry, how });
    }
  } finally {
    sending = false;
  }
  if (sent.length) for (const hear of done) hear(sent);
}

line.onChange(() => sendAll());
setInterval(() => kept.waiting().length && sendAll(), 5_000);
