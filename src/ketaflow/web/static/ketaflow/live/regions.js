// Puts what is new into the page without touching what somebody is typing.
import { line } from "./line.js";

const SHOWN = ["now", "flow", "forecast", "record"];
const typed = new Map(); // name of a box -> the form it stands in
let asked = null;
let again = false;

document.addEventListener("input", (event) => event.target.name && typed.set(event.target.name, event.target.form));

export const forget = (form) => {
  for (const [name, where] of typed) if (where === form || !where?.isConnected) typed.delete(name);
};

const boxes = (root) => [...root.querySelectorAll("#doing [name]")].filter((one) => typed.has(one.name));

const busy = () =>
  boxes(document).length > 0 || document.activeElement?.closest("#doing form :is(input, select, textarea)");

function swap(id, fresh) {
  const old = document.getElementById(id);
  if (!old || !fresh) return;
  const open = [...old.querySelectorAll("details")].map((one) => one.open);
  fresh.querySelectorAll("details").forEach((one, at) => (one.open ||= open[at] ?? false));
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(document.adoptNode(fresh));
  window.htmx?.process(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// The boxes of other forms keep what was typed into them.
function swapDoing(fresh) {
  const values = boxes(document).map((one) => [one.name, one.type, one.value, one.checked, one.id]);
  swap("doing", fresh);
  for (const [name, type, value, checked, id] of values) {
    // Two holds ask for the same words: each box takes back its own.
    for (const box of document.querySelectorAll(id ? `#${CSS.escape(id)}` : `[name="${name}"]`)) {
      if (type !== "radio" && type !== "checkbox") box.value = value;
      else if (box.value === value) box.checked = checked;
      typed.set(name, box.form);
    }
  }
}

export function showPage(html, { mayMoveForms }) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const id of SHOWN) swap(id, page.getElementById(id));
  const moved = document.getElementById("doing")?.dataset.acts !== page.getElementById("doing")?.dataset.acts;
  if (mayMoveForms || !busy()) swapDoing(page.getElementById("doing"));
  else if (moved) document.getElementById("moved")?.removeAttribute("hidden");
  document.dispatchEvent(new Event("htmx:load"));
}

export function showChairs(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  swap("chairs", page.getElementById("chairs"));
}

// Fetches the page anew; never twice at once, and once more when something came meanwhile.
export async function refresh({ mayMoveForms = false } = {}) {
  if (asked) {
    again = true;
    if (!mayMoveForms) return;
    await asked;
  }
  asked = fetchPage(mayMoveForms);
  await asked;
  asked = null;
  if (again) {
    again = false;
    await refresh();
  }
}

async function fetchPage(mayMoveForms) {
  try {
    const headers = { "X-Background": "1", "X-Live": "1" };
    const reply = await fetch(location.pathname + location.search, { headers, cache: "no-store" });
    if (reply.redirected) return line.ask();
    if (reply.ok) showPage(await reply.text(), { mayMoveForms });
  } catch {
    line.ask();
  }
}
