// What the page says about its line and about what waits: always in words, always at the top.
import * as kept from "./kept.js";
import { line } from "./line.js";

const place = document.querySelector(".page-body");
const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const count = (n, what) => `${n} ${n === 1 ? what : what.replace("entry", "entries")}`;

function make(tag, className, ...inside) {
  const one = document.createElement(tag);
  one.className = className;
  one.append(...inside);
  return one;
}

const GO_ON =
  "What you see is as it was then. Go on: what you record stays on this device and is sent when the line is back.";
const strip = make("div", "line-strip");
strip.setAttribute("role", "status");
const undecided = make("section", "care care--caution undecided");
undecided.setAttribute("aria-label", "Not recorded yet: to be decided");
const more = make("div", "line-more");
place.prepend(strip, more, undecided);

function sentences() {
  const waits = kept.waiting().length;
  const said = [];
  if (line.lost) {
    said.push(`No line to the record since ${clock(line.lostAt)}.`);
  } else if (line.shut) said.push("This screen is locked or signed out.");
  if (waits) said.push(`${count(waits, "entry")} ${waits === 1 ? "waits" : "wait"} to be sent.`);
  const others = kept.others().length;
  if (others) said.push(`${count(others, "entry")} of somebody else wait here until they sign in on this device.`);
  return said;
}

function waitingList() {
  const list = make("ol", "govuk-list line-more__list");
  for (const one of kept.waiting()) list.append(make("li", "", `${clock(one.at)} ${one.words}`));
  return list;
}

function show() {
  const said = sentences();
  strip.replaceChildren(make("p", "govuk-body", said.join(" ")));
  more.replaceChildren();
  if (line.lost) more.append(make("p", "govuk-body", GO_ON));
  if (kept.waiting().length) more.append(waitingList());
  if (line.shut) {
    const link = make("a", "govuk-link", "Unlock or sign in");
    link.href = location.pathname;
    strip.append(make("p", "govuk-body", link));
  }
  strip.hidden = !said.length;
  strip.classList.toggle("line-strip--lost", line.lost || line.shut);
}

export function showUndecided(sendAgain) {
  const list = kept.refused();
  undecided.hidden = !list.length;
  undecided.replaceChildren(make("h2", "care__title", "Not recorded: decide what to do"));
  for (const one of list) {
    const words = make("p", "govuk-body", `${clock(one.at)} ${one.words}`);
    const reason = make("p", "govuk-body", one.refused);
    const here = one.url.startsWith(location.pathname.replace(/chair\/$/, ""));
    const go = here ? make("button", "govuk-button", "Record it all the same") : make("a", "govuk-link", "Open that session");
    if (here) go.addEventListener("click", () => sendAgain(one));
    else go.href = one.url.replace(/do\/.*$/, "");
    const drop = make("button", "govuk-button govuk-button--secondary", "Throw it away");
    drop.addEventListener("click", () => {
      kept.drop(one.key);
      showUndecided(sendAgain);
    });
    undecided.append(words, reason, make("div", "govuk-button-group", go, drop));
  }
  show();
}

export function say(words, level = "") {
  document.querySelector("#just-said")?.remove();
  const one = make("div", `said${level ? ` said--${level}` : ""}`, make("p", "govuk-body", words));
  one.id = "just-said";
  one.setAttribute("role", "status");
  more.after(one);
}

line.onChange(show);
addEventListener("storage", show);
show();
