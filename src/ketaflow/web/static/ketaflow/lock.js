// The browser's half of the idle lock. The server decides; this only asks it in time, and keeps
// what was typed in this tab until the same person has unlocked. Passwords and files are never kept.
(() => {
  const TYPED = "ketaflow.typed";
  const LOCKED = "ketaflow.locked";
  const { person, idleMinutes, stillHere, keepTyped } = document.body.dataset;
  const here = location.pathname + location.search;
  const changed = new Set();
  let lastTouch = Date.now();
  let lastWord = Date.now();

  const boxes = (form) =>
    [...form.elements].filter(
      (one) => one.name && !["password", "hidden", "file", "submit", "button", "fieldset"].includes(one.type),
    );

  const keep = () => {
    const forms = [...document.forms].map((form) =>
      changed.has(form) ? boxes(form).map((one) => [one.name, one.type, one.value, one.checked, picked(one)]) : null,
    );
    if (person && forms.some(Boolean)) {
      sessionStorage.setItem(TYPED, JSON.stringify({ person, here, forms }));
    }
  };

  const picked = (one) => (one.multiple && one.options ? [...one.selectedOptions].map((each) => each.value) : null);

  const forget = () => {
    changed.clear();
    sessionStorage.removeItem(TYPED);
    sessionStorage.removeItem(LOCKED);
  };

  const restore = (kept) => {
    let some = false;
    kept.forms.forEach((values, index) => {
      const form = document.forms[index];
      if (!values || !form) return;
      const now = boxes(form);
      // Another form stands here now: guessing which box was meant would be worse than losing it.
      if (now.length !== values.length || now.some((one, at) => one.name !== values[at][0])) return;
      now.forEach((one, at) => {
        const [, , value, ticked, chosen] = values[at];
        if (one.type === "checkbox" || one.type === "radio") one.checked = ticked && one.value === value;
        else if (chosen) for (const each of one.options) each.selected = chosen.includes(each.value);
        else one.value = value;
      });
      changed.add(form);
      some = true;
    });
    if (some) say("What you had typed before the screen locked is back. It is not saved yet.");
  };

  const say = (words) => {
    const strip = document.createElement("div");
    const line = document.createElement("p");
    strip.className = "said said--warning";
    strip.setAttribute("role", "status");
    line.className = "govuk-body";
    line.textContent = words;
    strip.append(line);
    document.getElementById("main-content").before(strip);
  };

  // Without a line nobody can be asked for a password: the screen is covered until it is back.
  const cover = () => {
    const sheet = document.createElement("div");
    sheet.className = "covered";
    sheet.setAttribute("role", "alert");
    sheet.textContent = "Locked: nobody touched this screen for a while. There is no line to the record; it opens with your password when the line is back.";
    document.body.replaceChildren(sheet);
    setInterval(() => fetch(stillHere, { headers: { "X-Background": "1" } }).then(() => location.replace(here), () => {}), 3_000);
  };

  const ask = () => {
    keep();
    if (document.body.dataset.line === "lost") return cover();
    sessionStorage.setItem(LOCKED, "1");
    location.replace(here);
  };

  const begin = () => {
    const kept = JSON.parse(sessionStorage.getItem(TYPED) || "null");
    const locked = sessionStorage.getItem(LOCKED);
    forget();
    if (kept && locked && kept.person === person && kept.here === here) restore(kept);
  };

  // A page from the browser's memory shows what a signed-out person should no longer see.
  addEventListener("pageshow", (event) => event.persisted && location.replace(here));

  // A page that refreshes itself is not a person: the server must not count it as one.
  document.addEventListener("htmx:configRequest", (event) => {
    const cause = event.detail.triggeringEvent;
    if (!cause || !cause.isTrusted) event.detail.headers["X-Background"] = "1";
  });

  if (keepTyped !== undefined) {
    if (sessionStorage.getItem(TYPED)) sessionStorage.setItem(LOCKED, "1");
    return;
  }
  begin();
  if (!person) return;

  document.addEventListener("input", (event) => event.target.form && changed.add(event.target.form));
  document.addEventListener("submit", (event) => event.target.dataset.forget !== undefined && forget());
  addEventListener("pagehide", keep);
  for (const kind of ["keydown", "pointerdown", "wheel"]) {
    addEventListener(kind, touch, { passive: true, capture: true });
  }

  function touch() {
    lastTouch = Date.now();
    if (!stillHere || lastTouch - lastWord < 60_000) return;
    lastWord = lastTouch;
    fetch(stillHere).then((reply) => reply.redirected && ask(), () => {});
  }

  setInterval(() => {
    if (Date.now() - lastTouch > Number(idleMinutes) * 60_000 + 2_000) ask();
  }, 5_000);
})();
