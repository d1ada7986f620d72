// Whether the line to the clinic's record holds. Everybody who must know is told at once.
const { stillHere } = document.body.dataset;
const SILENCE = 10_000; // three beats of the server and a little more
const told = new Set();
let lostAt = null;
let shut = false;
let heardAt = Date.now();

export const line = {
  get lost() {
    return lostAt !== null;
  },
  get lostAt() {
    return lostAt;
  },
  // The line holds, but the screen is locked or the person is signed out.
  get shut() {
    return shut;
  },
  onChange: (hear) => told.add(hear),
  heard,
  lose,
  ask,
};

function heard() {
  heardAt = Date.now();
  if (lostAt === null && !shut) return;
  [lostAt, shut] = [null, false];
  tell();
}

function lose() {
  if (lostAt !== null) return;
  lostAt = new Date();
  tell();
}

function tell() {
  document.body.dataset.line = lostAt ? "lost" : "holds";
  for (const hear of told) hear();
}

// Only an answer counts: a network that says it is there may lead nowhere.
async function ask() {
  try {
    const reply = await fetch(stillHere, {
      headers: { "X-Background": "1" },
      cache: "no-store",
      signal: AbortSignal.timeout(4_000),
    });
    if (reply.redirected || reply.status === 403) {
      [lostAt, shut] = [null, true];
      tell();
    } else if (reply.ok) heard();
    else lose();
  } catch {
    lose();
  }
}

// Opens the stream of `url` again and again; each event goes to the one who `hears` it.
export function listen(url, hears) {
  let source;
  const open = () => {
    source?.close();
    source = new EventSource(url);
    source.addEventListener("open", heard);
    source.addEventListener("beat", heard);
    source.addEventListener("over", () => {
      source.close();
      ask();
    });
    for (const [name, hear] of Object.entries(hears)) {
      source.addEventListener(name, (event) => {
        heard();
        hear(event.data);
      });
    }
    source.addEventListener("error", ask);
  };
  open();
  let wasLost = false;
  line.onChange(() => {
    if (wasLost && !line.lost && !line.shut) open();
    wasLost = line.lost || line.shut;
  });
  setInterval(() => {
    if (source.readyState === EventSource.CLOSED && !line.lost && !line.shut) open();
    else if (Date.now() - heardAt > SILENCE && !line.shut) lose();
  }, 2_000);
}

if (stillHere) {
  addEventListener("offline", lose);
  addEventListener("online", ask);
  setInterval(() => (line.lost || line.shut) && ask(), 2_000);
}
