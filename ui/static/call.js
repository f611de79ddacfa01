// What a person does on the page of a call besides changing its words: look at personal data, attach, move it on, join, hand
// it over; and which click, key and form does what.

// Personal data

async function reveal(form) {
  const fields = new FormData(form);
  const warning = form.querySelector("[data-problem]");
  try {
    const json = { actor: fields.get("actor").trim(), reason: fields.get("reason").trim() };
    const call = await ask(`${api}/reveal`, { json });
    localStorage.setItem("precedent-name", json.actor);
    if (call.version !== version) await refresh();
    revealed = true;
    call.transcript?.segments.forEach((segment, index) => {
      const text = part(`s-${index}`)?.querySelector(".text");
      if (text) text.textContent = segment.text;
    });
    part("private").hidden = true;
    part("revealed").hidden = false;
    part("reveal").close();
    form.elements.reason.value = "";
    warning.hidden = true;
    reloadFolds();
  } catch (error) {
    warning.textContent = error.message;
    warning.hidden = false;
  }
}

// Another transcript, and moving on

async function attach(form) {
  const file = form.elements.file.files[0];
  const body = file ?? form.elements.text.value;
  if (!file && !body.trim()) return form.elements.text.focus();
  const name = encodeURIComponent(file ? file.name : "typed.txt");
  try {
    const done = await ask(`${api}/attach?name=${name}&author=${encodeURIComponent(myName())}`, { body });
    tell(say("call_text.saved", { n: done.version }));
    form.reset();
    part("attach").open = false;
    await refresh();
    reloadFolds();
  } catch (error) {
    problem(error);
  }
}

async function move(action) {
  try {
    await ask(`${api}/${action}`, { method: "POST" });
  } catch (error) {
    problem(error);
  }
  await quietly();
}

async function separate(button) {
  button.disabled = true;
  try {
    await ask(`/api/v1/calls/${button.dataset.with}/part`, { method: "POST" });
    await quietly();
    await loadRelated();
    tell(say("call_related.parted"));
  } catch (error) {
    button.disabled = false;
    problem(error);
  }
}

async function join(button) {
  button.disabled = true;
  const ids = [Number(page.dataset.id), Number(button.dataset.with)];
  try {
    await ask("/api/v1/calls/join", { json: { call_ids: ids } });
    await quietly();
    await loadRelated();
    tell(say("call_related.done"));
  } catch (error) {
    button.disabled = false;
    problem(error);
  }
}

function showBriefing() {
  const address = `/hotline/calls/${page.dataset.id}`;
  const text = player.known.brief.replace(address, location.origin + address);
  part("brief-text").value = text;
  part("brief-print").textContent = text;
  part("brief").showModal();
  part("brief-text").setSelectionRange(0, 0);
  part("brief-text").scrollTop = 0;
}

async function copyBriefing(button) {
  const box = part("brief-text");
  box.select();
  try {
    await navigator.clipboard.writeText(box.value);
  } catch {
    document.execCommand("copy"); // where the page does not come over HTTPS
  }
  button.textContent = say("call_brief.copied");
  setTimeout(() => (button.textContent = say("call_brief.copy")), 2_000);
}

function nextDoubt() {
  const doubtful = player.rows.filter((row) => row.classList.contains("is-doubtful"));
  const next = doubtful.find((row) => Number(row.dataset.index) > player.current) ?? doubtful[0];
  if (next) player.seek(Number(next.dataset.start), { index: Number(next.dataset.index) });
}

const rowOf = (element) => element.closest(".sentence");
const clicks = {
  play: (button) => {
    player.seek(Number(rowOf(button).dataset.start), { play: true, index: Number(rowOf(button).dataset.index) });
    rowOf(button).focus({ preventScroll: true });
  },
  seek: (button) => player.seek(Number(button.dataset.at), { play: true, index: Number(button.dataset.index) }),
  previous: () => player.step(-1),
  next: () => player.step(1),
  follow: () => player.follow(true),
  doubt: nextDoubt,
  edit: (button) => edit(rowOf(button)),
  speaker: chooseSpeaker,
  reveal: () => {
    part("actor").value ||= localStorage.getItem("precedent-name") ?? "";
    part("reveal").showModal();
    (part("actor").value ? part("reason") : part("actor")).focus();
  },
  mask: () => refresh(),
  close: (button) => button.closest("dialog").close(),
  brief: showBriefing,
  copy: copyBriefing,
  print: () => window.print(),
  join,
  separate,
  "replace-now": replaceNow,
  "write-it": () => {
    part("attach").open = true;
    part("attach").scrollIntoView({ block: "center" });
    part("typed").focus({ preventScroll: true });
  },
  cancel: () => move("cancel"),
  retry: () => move("retry"),
  "try-demo": () => move("try-demo"),
};
const forms = { save, attach, replace: lookForReplacements, "reveal-now": reveal };

page.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button) clicks[button.dataset.do]?.(button);
  else if (event.target.matches("dialog")) event.target.close();
  else if (!event.target.closest("a, button, form, select") && rowOf(event.target)) {
    player.choose(Number(rowOf(event.target).dataset.index), { scroll: false });
  }
});
page.addEventListener("dblclick", (event) => {
  const said = event.target.closest(".said");
  if (said) edit(rowOf(said));
});
page.addEventListener("submit", (event) => {
  event.preventDefault();
  forms[event.target.dataset.do]?.(event.target);
});
page.addEventListener("input", (event) => {
  const now = event.target.closest("#replace form")?.querySelector('[data-do="replace-now"]');
  if (now) now.disabled = true; // what would change is looked at again first
});
page.addEventListener(
  "toggle",
  (event) => {
    if (event.target.open && event.target.dataset?.later) loadLater(event.target);
  },
  true
);
document.addEventListener("click", (event) => {
  page.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (target.closest(".editor")) {
    if (event.key === "Escape") leave(target.closest(".editor"));
    else if (event.key === "Enter" && target.matches("textarea") && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      save(target.closest(".editor"));
    }
    return;
  }
  if (event.key === "Escape") page.querySelectorAll("details.menu[open]").forEach((menu) => (menu.open = false));
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (target.closest("input, textarea, select, audio")) return;
  const onControl = target.closest("button, a, summary");
  const inList = target.closest("#sentences");
  const step = { ArrowLeft: -1, ArrowRight: 1, ...(inList ? { ArrowUp: -1, ArrowDown: 1 } : {}) }[event.key];
  if (step) player.step(step);
  else if (event.key === " " && !onControl) player.toggle();
  else if (event.key === "Enter" && !onControl && player.rows[player.current]) edit(player.rows[player.current]);
  else return;
  event.preventDefault();
});

player.start();
watch();
loadRelated();
