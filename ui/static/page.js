// Runs once in each rendered panel (gr.HTML): sends clicks and forms as events, keeps folds open and focus in place
// when the panel is rendered again. In scope: element, trigger, props, watch. It holds no texts and no data.
// Events: 'react' 'open_case' 'close_case' 'open_conversation' 'new_conversation' 'language' 'example' 'hand_over'
// 'take_back' 'follow_up'

const page = (window.precedent ??= { open: new Set(), focus: null, awaited: null });
const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function reveal(target) {
  const fold = target.querySelector("details[data-keep]");
  if (fold) fold.open = true;
  target.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
  target.focus({ preventScroll: true });
}

function openCase(id) {
  const card = document.getElementById(`case-${id}`);
  if (card) return reveal(card);
  page.awaited = "opened";
  trigger("open_case", { case: id });
}

function showForm(id, shown) {
  const form = document.getElementById(id);
  if (!form) return;
  form.reset();
  form.hidden = !shown;
  const opener = element.querySelector(`[data-form="${id}"][data-local="toggle"]`);
  opener?.setAttribute("aria-expanded", String(shown));
  (shown ? form.querySelector(".reason, textarea, input") : opener)?.focus();
}

function setTheme(dark, keep) {
  document.body.classList.toggle("dark", dark);
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  if (keep) localStorage.setItem("precedent-theme", dark ? "dark" : "light");
}

// What is chosen here holds on the other pages, too.
function keepLanguage(language) {
  document.cookie = `precedent-language=${language}; path=/; max-age=31536000; samesite=lax`;
}

// Who somebody is lies in a cookie that no script can read; the server sets it. Where it does not answer, the task is
// not handed over either, and the page says what is missing.
async function introduce(name, department) {
  const body = new URLSearchParams({ name, department, back: "/" });
  await fetch("/person", { method: "POST", body, redirect: "manual" }).catch(() => {});
}

function skip() {
  const first = document.getElementById("results")?.querySelector(".panel, .state");
  if (!first) return;
  first.tabIndex = -1;
  first.scrollIntoView();
  first.focus({ preventScroll: true });
}

const local = {
  theme: () => setTheme(!document.body.classList.contains("dark"), true),
  skip,
  toggle: (button) => {
    const form = document.getElementById(button.dataset.form);
    const wanted = form.hidden;
    button.closest(".action").querySelectorAll("form:not([hidden])").forEach((other) => showForm(other.id, false));
    showForm(form.id, wanted);
  },
  cancel: (button) => showForm(button.dataset.form, false),
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-local], button[data-event]");
  if (!button || !element.contains(button)) return;
  event.preventDefault();
  if (button.dataset.local) return local[button.dataset.local](button);
  if (button.dataset.event === "open_case") return openCase(button.dataset.case);
  if (button.dataset.event === "language") keepLanguage(button.closest(".bar").dataset.language === "zh" ? "en" : "zh");
  page.focus = button.dataset.focus ?? null;
  trigger(button.dataset.event, { ...button.dataset });
});

element.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const fields = new FormData(form);
  const sent = { ...form.dataset };
  if (form.dataset.kind === "edit") sent.text = String(fields.get("text")).trim();
  if (form.dataset.kind === "reject") sent.reason = String(fields.get("other")).trim();
  if (form.dataset.kind === "edit" && !sent.text) return form.querySelector("textarea").focus();
  page.focus = `undo-${form.dataset.action}`;
  form.hidden = true;
  if (form.dataset.event === "hand_over") {
    for (const name of ["department", "assignee", "due", "instructions"]) sent[name] = fields.get(name) ?? "";
    page.focus = `task-${form.dataset.action}`;
    if (fields.has("who")) await introduce(fields.get("who"), fields.get("who_department"));
  }
  trigger(form.dataset.event, sent);
});

element.addEventListener("keydown", (event) => {
  const form = event.target.closest("form.choice");
  if (form && event.key === "Escape") showForm(form.id, false);
});

element.addEventListener(
  "toggle",
  (event) => {
    const key = event.target.dataset?.keep;
    if (key) page.open[event.target.open ? "add" : "delete"](key);
  },
  true
);

// The counterpart of a button that vanished with its click: adopt-0 gives way to undo-0, and the other way round.
const counterparts = { undo: ["adopt", "helpful", "unfit"], task: ["hand"], change: ["worked"] };
function counterpart(key) {
  const [kind, place] = key.split("-");
  const others = counterparts[kind] ?? ["undo", "change", "done"];
  return [kind, ...others].map((name) => element.querySelector(`[data-focus="${name}-${place}"]`)).find(Boolean);
}

function settle() {
  element.querySelectorAll("details[data-keep]").forEach((fold) => {
    if (page.open.has(fold.dataset.keep)) fold.open = true;
  });
  if (page.focus) {
    // A form that came back says what is wrong with it; what it was sent for is not there.
    const back = page.focus.startsWith("task-") ? element.querySelector(`#${page.focus}:not([hidden])`) : null;
    const next = back?.querySelector("textarea") ?? counterpart(page.focus);
    if (next) {
      next.focus({ preventScroll: true });
      (back ?? next.closest(".handed"))?.scrollIntoView({ block: "nearest" });
      page.focus = null;
    }
  }
  if (page.awaited) {
    const target = element.querySelector(`#${page.awaited}`);
    if (target) {
      page.awaited = null;
      reveal(target);
    }
  }
  if (element.querySelector(".loading") && window.innerWidth > 900) window.scrollTo(0, 0);
  const bar = element.querySelector("header.bar");
  if (bar) {
    document.documentElement.lang = bar.dataset.language === "zh" ? "zh-CN" : "en";
    document.title = bar.dataset.title;
  }
}

// While the focus is in the results, a digit goes to an action, and a letter presses the button that bears it in the
// action or precedent that has the focus. Never while somebody writes, and nothing outside the results.
function pressKeys(event) {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (!at.closest?.("#results") || at.closest("input, textarea, select, form, [contenteditable]")) return;
  if (/^[1-9]$/.test(event.key)) {
    const action = document.getElementById(`action-${event.key - 1}`);
    if (!action) return;
    event.preventDefault();
    return action.focus();
  }
  const button = /^[a-z]$/i.test(event.key)
    ? at.closest(".action, .case, .feedback")?.querySelector(`[data-key="${event.key.toLowerCase()}"]`)
    : null;
  if (!button) return;
  event.preventDefault();
  button.click();
}

// A new question is brought to the top of the conversation and held there while its answer grows, until the person
// scrolls: an answer is read from its beginning.
function followQuestions() {
  let count = 0;
  let held = false;
  let pane = null;
  new MutationObserver(() => {
    const rows = document.querySelectorAll("#chat .user-row");
    if (rows.length !== count) held = rows.length > 0;
    count = rows.length;
    if (!held) return;
    const last = rows[rows.length - 1];
    if (!pane?.contains(last)) {
      pane = last.closest(".bubble-wrap");
      for (const moved of ["wheel", "touchmove", "keydown"]) pane.addEventListener(moved, () => (held = false));
    }
    pane.scrollTop += last.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}

watch("value", () => requestAnimationFrame(settle));
settle();

if (element.querySelector("header.bar")) {
  const kept = localStorage.getItem("precedent-theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(kept ? kept === "dark" : system, false);
  followQuestions();
  document.addEventListener("keydown", pressKeys);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#case-"]');
    if (!link) return;
    event.preventDefault();
    openCase(link.getAttribute("href").slice("#case-".length));
  });
}
