// The live half of a page: it hears what others write, and what is pressed here is never lost.
// Without this script every form is sent by the browser itself, as it always was.
import * as kept from "./kept.js";
import { line, listen } from "./line.js";
import { forget, refresh, showChairs, showPage } from "./regions.js";
import { onSent, send, sendAll, why } from "./sending.js";
import { say, showUndecided } from "./words.js";

const { live } = document.body.dataset;
let pressing = false; // what is pressed here comes back by itself
const MUST_WAIT = "This cannot be done without the line: the record must say first that it may. Nothing was sent.";

function wordsOf(form) {
  const said = [...form.elements]
    .filter((one) => one.name && one.type !== "hidden" && one.value && (one.checked || !["radio", "checkbox"].includes(one.type)))
    .map((one) => `${(one.labels?.[0]?.textContent ?? "").trim()} ${one.selectedOptions?.[0]?.textContent ?? one.value}`.trim());
  return [form.dataset.press, ...said].join(", ");
}

function entryOf(form) {
  const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string");
  const act = form.action.match(/\/do\/([a-z]+)\//)[1];
  const key = fields.find(([name]) => name === `${act}-key`)[1];
  return { key, act, fields, url: new URL(form.action).pathname + new URL(form.action).search, at: Date.now(), words: wordsOf(form) };
}

// A form that is filled in again is another press, and needs a name of its own.
function renew(form, act) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  form.querySelector(`[name="${act}-key"]`).value = hex;
  const carried = [...form.elements].filter((one) => one.type === "hidden").map((one) => [one, one.value]);
  form.reset();
  for (const [one, value] of carried) one.value = value;
  forget(form);
}

function keepForLater(form, entry) {
  try {
    kept.drop(entry.key);
    kept.keep(entry);
  } catch {
    say("This device has no room to keep it. Write it on paper until the line is back.", "warning");
    return false;
  }
  renew(form, entry.act);
  // What follows can be pressed, though the record does not know of it yet.
  const following = document.querySelector(`template[data-after="${entry.act}"]`);
  following?.replaceWith(following.content);
  say(`Kept on this device, ${new Date(entry.at).toLocaleTimeString("en-GB")}: ${entry.words}. It is not in the record yet.`, "warning");
  showUndecided(sendAgain);
  return true;
}

async function press(form) {
  const entry = entryOf(form);
  const waits = form.dataset.waits !== undefined;
  if (line.lost || line.shut || kept.waiting().length) {
    if (!waits) return say(MUST_WAIT, "warning");
    if (keepForLater(form, entry)) sendAll();
    return undefined;
  }
  // Kept before it is sent: a tab that dies in between loses nothing either.
  if (waits) kept.keep({ ...entry, direct: true });
  pressing = true;
  const result = await send(entry, "page").finally(() => (pressing = false));
  if (result.how === "unsent") {
    return waits ? keepForLater(form, entry) : say("Nobody answered. Press again when the line is back: it is recorded once.", "warning");
  }
  kept.drop(entry.key);
  return result.how === "kept" ? shown(form, result) : notTaken(form, result.html);
}

function shown(form, { said, html }) {
  forget(form);
  say(said);
  showPage(html, { mayMoveForms: true });
}

function notTaken(form, html) {
  forget(form);
  say(why(html), "warning");
  showPage(html, { mayMoveForms: true });
  document.querySelector("#doing .govuk-error-message")?.scrollIntoView({ block: "center" });
}

function sendAgain(entry) {
  const now = (name) => document.querySelector(`[name$="-${name}"]`)?.value;
  const fields = entry.fields.map(([name, value]) => [name, (/-(seen|page)$/.test(name) && now(name.split("-").pop())) || value]);
  kept.change(entry.key, { fields, refused: undefined });
  showUndecided(sendAgain);
  sendAll();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.forget !== undefined) return leave(event);
  if (!live || form.dataset.press === undefined) return undefined;
  event.preventDefault();
  if (form.dataset.sending) return undefined;
  form.dataset.sending = "1";
  try {
    await press(form);
  } finally {
    delete form.dataset.sending;
  }
  return undefined;
});

// Nothing of one person stays on a shared device after they sign out, and nothing goes unasked.
function leave(event) {
  const left = kept.mine().length;
  if (left && !event.target.dataset.asked) {
    event.preventDefault();
    event.target.dataset.asked = "1";
    say(`${left} of your entries are not in the record. Wait for the line, or press “Sign out” again to throw them away.`, "warning");
    return;
  }
  kept.clear();
}

onSent((sent) => {
  const gone = sent.filter((one) => one.how === "kept").length;
  if (gone) say(`The line is back. ${gone} ${gone === 1 ? "entry is" : "entries are"} in the record now, with the time you observed them.`);
  showUndecided(sendAgain);
  refresh({ mayMoveForms: true });
});

// While the page is told, it need not ask.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (live && !line.lost && ["chairs", "now"].includes(event.target.id)) event.preventDefault();
});

if (live) listen(live, document.getElementById("chairs") ? { board: showChairs } : { room: () => pressing || refresh() });
kept.adopt();
showUndecided(sendAgain);
sendAll();
