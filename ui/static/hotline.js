// The list of calls: sends files to the hotline (three at a time, with progress, cancel and retry), follows what changes
// while work is under way, joins what was selected, and shows urgent calls that nobody has noted here yet.
// Everything that is shown of calls comes drawn and escaped from the server; the words of this script from #said.

const said = JSON.parse(document.getElementById("said").textContent);
const list = document.getElementById("calls");
const AT_ONCE = 3;
const BUSY_MS = 2000;
const IDLE_MS = 20000;
const TRANSCRIPTS = /\.(txt|srt|vtt|json)$/i;
const ENDINGS = /\.(wav|mp3|m4a|mp4|mov|mkv|webm|avi|3gp|ogg|oga|opus|amr|awb|flac|aac|wma|asf|aiff?|au|caf|txt|srt|vtt|json)$/i;

function say(key, values = {}) {
  return said[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function notice(text, bad = false) {
  const place = document.getElementById("notice");
  place.textContent = text;
  place.classList.toggle("bad", bad);
  place.hidden = !text;
}

// The sentence of an answer that is no success: ours where the status tells enough, else that of the answer.
function wrong(body, status, known = {}) {
  if (known[status]) return say(known[status]);
  try {
    return JSON.parse(body).error || `HTTP ${status}`;
  } catch {
    return `HTTP ${status}`;
  }
}

const MOVED = { 400: "hotline_problem.moved", 503: "hotline_upload.full" };
const TEXT = { 400: "hotline_upload.bad_transcript", 413: "hotline_upload.too_large", 503: "hotline_upload.full" };
const SOUND = { 413: "hotline_upload.too_large", 503: "hotline_upload.full" };

async function post(address, options = {}, known = MOVED) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", ...options });
  } catch {
    throw new Error(say("hotline_problem.network"));
  }
  if (!answer.ok) throw new Error(wrong(await answer.text(), answer.status, known));
  return answer.json();
}

// Uploads

const uploads = [];
const box = document.getElementById("uploads");

function addFiles(files) {
  for (const file of files) {
    const upload = { file, state: "queued", request: null, row: null };
    uploads.push(upload);
    draw(upload);
  }
  if (uploads.length) box.hidden = false;
  sendNext();
}

function draw(upload) {
  const words = make("span", { class: "upload-state" });
  const track = make("progress", { max: "1", value: "0", "aria-label": upload.file.name });
  const button = make("button", { type: "button", class: "quiet" });
  const name = make("span", { class: "upload-name" }, upload.file.name);
  upload.row = make("li", {}, name, track, words, button);
  button.addEventListener("click", () => (upload.state === "failed" || upload.state === "cancelled" ? retry(upload) : stop(upload)));
  box.querySelector("ul").append(upload.row);
  set(upload, "queued");
}

function set(upload, state, values = {}) {
  upload.state = state;
  const [name, track, words, button] = upload.row.children;
  upload.row.dataset.state = state;
  words.textContent = say(`hotline_upload.${state}`, values);
  const over = state === "done" || state === "known";
  button.hidden = over || state === "keeping";
  button.textContent = say(state === "failed" || state === "cancelled" ? "hotline_upload.retry" : "hotline_upload.cancel");
  button.setAttribute("aria-label", `${button.textContent} ${upload.file.name}`);
  if (over) {
    track.value = 1;
    if (values.call) name.replaceChildren(make("a", { href: `/hotline/calls/${values.call}` }, upload.file.name));
  }
  if (state !== "sending") sum();
}

function sum() {
  const count = (...states) => uploads.filter((upload) => states.includes(upload.state)).length;
  const failed = count("failed");
  const told = [say("hotline_upload.summary", { done: count("done", "known"), n: uploads.length })];
  if (failed) told.push(say("hotline_upload.summary_failed", { failed }));
  document.getElementById("uploaded").textContent = told.join(" · ");
  box.querySelector("[data-do='clear-uploads']").hidden = count("queued", "sending", "keeping") > 0;
}

function sendNext() {
  const sending = uploads.filter((upload) => upload.request).length;
  uploads.filter((upload) => upload.state === "queued").slice(0, Math.max(0, AT_ONCE - sending)).forEach(send);
}

function send(upload) {
  if (upload.state !== "queued") return;
  if (!upload.file.size) {
    set(upload, "failed", { reason: say("hotline_upload.empty") });
    return sendNext();
  }
  const request = (upload.request = new XMLHttpRequest());
  const end = (state, values) => {
    upload.request = null;
    set(upload, state, values);
    sendNext();
    followSoon();
  };
  request.upload.onprogress = ({ loaded, total }) => {
    const share = total ? loaded / total : 0;
    upload.row.querySelector("progress").value = share;
    if (share < 1) set(upload, "sending", { percent: `${Math.floor(share * 100)}%` });
    else set(upload, "keeping");
  };
  request.onload = () => {
    const known = TRANSCRIPTS.test(upload.file.name) ? TEXT : SOUND;
    if (request.status >= 300) return end("failed", { reason: wrong(request.responseText, request.status, known) });
    const { call, new: fresh } = JSON.parse(request.responseText);
    end(fresh ? "done" : "known", { call: call.call_id });
  };
  request.onerror = () => end("failed", { reason: say("hotline_upload.broken") });
  request.onabort = () => end("cancelled");
  set(upload, "sending", { percent: "0%" });
  request.open("POST", `/api/v1/calls?name=${encodeURIComponent(upload.file.name)}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(upload.file);
}

function stop(upload) {
  if (upload.request) upload.request.abort();
  else set(upload, "cancelled");
}

function retry(upload) {
  upload.row.querySelector("progress").value = 0;
  set(upload, "queued");
  sendNext();
}

// What was dropped: files, and all recordings and transcripts of folders however deep.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((done) => entry.file(done, () => done(null)));
    if (file && (ENDINGS.test(file.name) || entry.fullPath === `/${entry.name}`)) found.push(file);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const part = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!part.length) return;
    for (const inner of part) await walk(inner, found);
  }
}

function addFolder(files) {
  const fitting = [...files].filter((file) => ENDINGS.test(file.name));
  notice(fitting.length ? "" : say("hotline_upload.folder_empty"));
  addFiles(fitting);
}

const drop = document.getElementById("drop");
let depth = 0;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragenter", (event) => hasFiles(event) && drop.classList.toggle("over", ++depth > 0));
document.addEventListener("dragleave", (event) => hasFiles(event) && drop.classList.toggle("over", --depth > 0));
document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
document.addEventListener("drop", async (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  drop.classList.remove("over");
  const files = await dropped(event.dataTransfer);
  if (!files.length) notice(say("hotline_upload.folder_empty"));
  addFiles(files);
});
window.addEventListener("beforeunload", (event) => {
  if (uploads.some((upload) => upload.request)) event.preventDefault();
});

for (const [id, add] of [["files", addFiles], ["folder", addFolder]]) {
  document.getElementById(id).addEventListener("change", ({ target }) => {
    add([...target.files]);
    target.value = "";
  });
}

// Following what changes

let timer = 0;
let asking = false;
let soon = false;

function followSoon() {
  soon = true;
  clearTimeout(timer);
  timer = setTimeout(follow, 150);
}

async function follow(since = list.dataset.change) {
  if (asking) return;
  asking = true;
  soon = false;
  let wait = BUSY_MS;
  try {
    const query = new URLSearchParams(location.search);
    query.set("since", since);
    const answer = await fetch(`/hotline/changes?${query}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(wrong(await answer.text(), answer.status));
    const told = await answer.json();
    if (lost) notice("");
    lost = false;
    if (apply(told)) wait = 0;
    else if (!told.busy) wait = IDLE_MS;
  } catch {
    lost = true;
    notice(say("hotline_problem.stale"), true);
  }
  asking = false;
  clearTimeout(timer);
  timer = setTimeout(() => (wait ? follow() : follow(0)), soon ? 150 : wait);
}

let lost = false;

// Draws what is told; true where a row is wanted that is not here, so that everything has to be asked for.
function apply(told) {
  if (told.order) {
    const there = new Map([...list.children].map((row) => [row.dataset.call, row]));
    if (told.order.some((id) => !there.has(String(id)) && !(id in told.rows))) return true;
    told.order.forEach((id, place) => {
      let node = there.get(String(id));
      if (id in told.rows) node = renew(node, told.rows[id]);
      if (list.children[place] !== node) list.insertBefore(node, list.children[place] ?? null);
    });
    while (list.children.length > told.order.length) list.lastElementChild.remove();
    document.getElementById("nothing").hidden = told.order.length > 0;
    for (const [id, moved] of Object.entries(told.progress)) move(document.getElementById(`call-${id}`), moved);
    document.getElementById("counts").textContent = told.counts;
    if (told.urgent) showAlarm(told.urgent, told.alarm);
    select();
  }
  list.dataset.change = told.change;
  return false;
}

// A row drawn anew keeps what was selected and where the focus was.
function renew(old, html) {
  const made = make("template");
  made.innerHTML = html;
  const row = made.content.firstElementChild;
  if (!old) return row;
  row.querySelector(".pick input").checked = old.querySelector(".pick input").checked;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(row);
  if (focused) {
    const same = focused.dataset.do ? `[data-do="${focused.dataset.do}"]` : focused.matches("input") ? ".pick input" : "h3 a";
    (row.querySelector(same) ?? row.querySelector("h3 a")).focus({ preventScroll: true });
  }
  return row;
}

function move(row, { said: words, done, length }) {
  const status = row?.querySelector(".status");
  if (!status) return;
  if (status.textContent !== words) status.textContent = words;
  const track = row.querySelector("progress");
  if (track && length && done) {
    track.max = length;
    track.value = Math.min(done, length);
    track.setAttribute("aria-label", words);
  }
  const shown = row.querySelector(".length");
  if (length && !shown.textContent) shown.textContent = clock(length);
}

function clock(length) {
  const whole = Math.floor(length);
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const parts = hours ? [hours, minutes, seconds] : [minutes, seconds];
  return parts.map((part, place) => String(part).padStart(hours && !place ? 1 : 2, "0")).join(":");
}

// Urgent calls

const SEEN = "precedent-urgent-seen";
const SHOWN = 3;
const alarm = document.getElementById("alarm");
const title = document.title;

function seen() {
  try {
    return new Set(JSON.parse(localStorage.getItem(SEEN)) ?? []);
  } catch {
    return new Set();
  }
}

function showAlarm(ids, html) {
  const known = seen();
  const fresh = ids.filter((id) => !known.has(id));
  if (html !== undefined && alarm.dataset.ids !== ids.join(" ")) alarm.innerHTML = html;
  alarm.dataset.ids = ids.join(" ");
  let left = SHOWN;
  for (const row of alarm.querySelectorAll("[data-alarm]")) {
    const wanted = fresh.includes(Number(row.dataset.alarm));
    row.hidden = !wanted || left <= 0;
    if (wanted) left -= 1;
  }
  alarm.querySelector(".alarm-more")?.remove();
  if (left < 0) alarm.append(make("p", { class: "alarm-more" }, say("hotline_alarm.more", { n: -left })));
  alarm.hidden = !fresh.length;
  document.title = fresh.length ? say("hotline_alarm.mark", { n: fresh.length }) + title : title;
}

function numbersOf(ids) {
  return ids.split(" ").filter(Boolean).map(Number);
}

// Selecting and joining

function selected() {
  return [...list.querySelectorAll(".pick input:checked")].map((input) => Number(input.value));
}

function select() {
  const count = selected().length;
  document.getElementById("selection").hidden = count === 0;
  document.getElementById("selected").textContent = say("hotline.selected", { n: count });
  document.querySelector("[data-do='join']").disabled = count < 2;
}

list.addEventListener("change", select);

// What the buttons do

const attachment = document.getElementById("attachment");

async function act(address, options, known) {
  try {
    await post(address, options, known);
    notice("");
  } catch (error) {
    notice(say("hotline_problem.action", { reason: error.message }), true);
  }
  followSoon();
}

const deeds = {
  "choose-files": () => document.getElementById("files").click(),
  "choose-folder": () => document.getElementById("folder").click(),
  "clear-uploads": () => {
    uploads.splice(0).forEach((upload) => upload.row.remove());
    box.hidden = true;
  },
  "load-demo": async (button) => {
    const words = button.textContent;
    button.disabled = true;
    button.textContent = say("hotline.load_demo_busy");
    followSoon();
    try {
      notice(say("hotline.load_demo_done", await post("/hotline/demo")));
    } catch (error) {
      notice(say("hotline_problem.action", { reason: error.message }), true);
    }
    button.disabled = false;
    button.textContent = words;
    followSoon();
  },
  cancel: (button, id) => act(`/api/v1/calls/${id}/cancel`),
  retry: (button, id) => act(`/api/v1/calls/${id}/retry`),
  "try-demo": (button, id) => confirm(say("hotline_row.try_demo_sure")) && act(`/api/v1/calls/${id}/try-demo`),
  attach: (button, id) => {
    attachment.dataset.call = id;
    attachment.click();
  },
  seen: () => {
    const noted = new Set([...seen(), ...numbersOf(alarm.dataset.ids)]);
    localStorage.setItem(SEEN, JSON.stringify([...noted].slice(-1000)));
    showAlarm(numbersOf(alarm.dataset.ids));
  },
  join: async () => {
    const body = JSON.stringify({ call_ids: selected() });
    try {
      await post("/api/v1/calls/join", { body, headers: { "Content-Type": "application/json" } });
      deeds.unselect();
      notice(say("hotline.joined"));
    } catch (error) {
      notice(say("hotline_problem.action", { reason: error.message }), true);
    }
    followSoon();
  },
  unselect: () => {
    list.querySelectorAll(".pick input:checked").forEach((input) => (input.checked = false));
    select();
  },
};

attachment.addEventListener("change", async () => {
  const [file] = attachment.files;
  const id = attachment.dataset.call;
  attachment.value = "";
  if (file) await act(`/api/v1/calls/${id}/attach?author=page&name=${encodeURIComponent(file.name)}`, { body: file }, TEXT);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-do]");
  if (button) deeds[button.dataset.do]?.(button, button.closest("[data-call]")?.dataset.call);
});

// The filter answers at once; without this script it has its button.
const filter = document.getElementById("filter");
filter.querySelector("button").hidden = true;
filter.addEventListener("change", (event) => event.target.type !== "search" && filter.requestSubmit());
filter.addEventListener("submit", () => {
  for (const field of filter.elements) if (!field.value) field.disabled = true; // short addresses
});
window.addEventListener("pageshow", () => [...filter.elements].forEach((field) => (field.disabled = false)));

showAlarm(numbersOf(alarm.dataset.ids));
select();
follow();
