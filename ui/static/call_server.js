// The page of a call and the server: requests to the API with their errors as sentences, the parts of the page taken anew
// as the server renders them, and what is waited for. It decides nothing.

const page = document.getElementById("call");
const api = `/api/v1/calls/${page.dataset.id}`;
const say = player.say;
const part = (id) => document.getElementById(id);
let version = player.known.version;
let revealed = false;
let watching = null;

const myName = () => localStorage.getItem("precedent-name") || "page";

async function ask(address, { body, json, method = body || json ? "POST" : "GET" } = {}) {
  let answer;
  try {
    const headers = json ? { "content-type": "application/json" } : {};
    answer = await fetch(address, { method, headers, body: json ? JSON.stringify(json) : body });
  } catch {
    throw new Error(say("call_text.offline"));
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  throw Object.assign(new Error(content.error || String(answer.status)), { status: answer.status });
}

let hiding = null;
function tell(text, { bad = false } = {}) {
  const told = part("told");
  told.textContent = text;
  told.classList.toggle("is-bad", bad);
  told.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (told.hidden = true), bad ? 15_000 : 6_000);
}

const problem = (error) => tell(say("call_text.failed", { error: error.message }), { bad: true });

const isWriting = () => page.querySelector(".editor, select.speaker") !== null;

// Takes the parts of the page anew; the sentences not where somebody writes in them, unless what is written is safe.
async function refresh({ sentences = true, safe = false } = {}) {
  let answer;
  try {
    answer = await fetch(location.href, { headers: { accept: "text/html" } });
  } catch {
    return false;
  }
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  sentences = sentences && (safe || !isWriting());
  const focused = document.activeElement?.closest?.(".sentence")?.dataset.index;
  for (const id of ["call-head", "call-state", "call-understood", ...(sentences ? ["call-text"] : [])]) {
    const next = fresh.getElementById(id);
    if (next && part(id).innerHTML !== next.innerHTML) part(id).replaceChildren(...next.childNodes);
  }
  if (sentences) revealed = false;
  player.read();
  if (sentences) version = player.known.version; // else what is shown is still what the person has seen
  if (sentences && focused !== undefined) part(`s-${focused}`)?.focus({ preventScroll: true });
  watch();
  return true;
}

const quietly = () => refresh({ sentences: !revealed });

// While work is under way: how far it is, and what came of it.
function watch() {
  clearTimeout(watching);
  if (player.known.resting) return;
  watching = setTimeout(async () => {
    try {
      const call = await ask(api);
      if (call.state !== player.known.state || call.version !== version) {
        const before = player.known.state;
        await quietly();
        if (before !== "ready" && player.known.state === "ready") await loadRelated();
        return watch();
      }
      const bar = part("progress");
      if (bar) {
        bar.value = call.progress_s;
        const [done, all] = [player.clock(call.progress_s), player.clock(call.recording.duration_s)];
        part("progress-said").textContent = say("call_state.progress", { done, all });
      } else if (call.recording?.duration_s && call.state !== "understanding") await quietly();
    } catch {
      // the server is away for a moment: asked again below
    }
    watch();
  }, 1_200);
}

async function loadRelated() {
  if (!player.known.understood) return;
  try {
    const answer = await fetch(`${location.pathname}/related`);
    if (!answer.ok) throw new Error(String(answer.status));
    part("related").innerHTML = await answer.text(); // escaped where it was made
  } catch {
    part("related").textContent = say("call_related.problem");
  }
}

async function loadLater(fold) {
  const answer = await fetch(fold.dataset.later).catch(() => null);
  if (answer?.ok) fold.querySelector(".later").innerHTML = await answer.text(); // escaped where it was made
}

const reloadFolds = () => page.querySelectorAll("details[data-later][open]").forEach(loadLater);

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}
