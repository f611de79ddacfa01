// Changing what a call says: a sentence in place, who speaks it, a word in many places. What was typed is never lost: where
// somebody else saved first, both texts are shown.

function edit(row, { typed = null, note = "" } = {}) {
  const open = page.querySelector(".editor");
  if (open && open.closest(".sentence") === row) return open.querySelector("textarea").focus();
  if (open && open.querySelector("textarea").value !== open.dataset.before) {
    tell(say("call_text.first"), { bad: true });
    return open.querySelector("textarea").focus();
  }
  if (open) closeEditor(open);
  const before = row.querySelector(".text").textContent;
  const number = Number(row.dataset.index) + 1;
  const wide = before.replace(/[^\x00-\xff]/g, "xx").length; // a Han character is as wide as two letters
  const box = make("textarea", { className: "field", value: typed ?? before, rows: Math.ceil((wide + 1) / 72) });
  box.setAttribute("aria-label", say("call_text.edit_label", { n: number }));
  const hints = [say("call_text.keys")];
  if (/［.{1,8}］|\[[A-Za-z -]{1,16}\]/.test(before)) hints.push(say("call_text.masks"));
  const heard = row.dataset.heard ? say("call_text.heard", { text: row.dataset.heard }) : "";
  const form = make(
    "form",
    { className: "editor" },
    make("p", { className: "warning", textContent: note, hidden: !note }),
    box,
    heard && !revealed ? make("p", { className: "hint", textContent: heard }) : null,
    make("p", { className: "hint", textContent: hints.join(" ") }),
    make(
      "p",
      { className: "buttons" },
      make("button", { type: "submit", className: "main", textContent: say("call_text.save") }),
      make("button", { type: "button", className: "quiet", textContent: say("call_text.cancel"), onclick: () => leave(form) })
    )
  );
  form.dataset.do = "save";
  form.dataset.before = before;
  row.classList.add("is-edited");
  row.append(form);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

function closeEditor(form) {
  form.closest(".sentence").classList.remove("is-edited");
  form.remove();
}

function leave(form) {
  const row = form.closest(".sentence");
  closeEditor(form);
  row.focus({ preventScroll: true });
}

async function save(form) {
  const row = form.closest(".sentence");
  const index = Number(row.dataset.index);
  const text = form.querySelector("textarea").value.trim();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const done = await ask(`${api}/correct`, { json: { index, text, version, author: myName() } });
    if (done.version === version) tell(say("call_text.unchanged"));
    else tell(say("call_text.saved", { n: done.version }));
    version = done.version;
    closeEditor(form);
    row.focus({ preventScroll: true });
    if (text) {
      row.querySelector(".text").textContent = text;
      row.classList.remove("is-doubtful");
      row.querySelector(".doubt")?.remove();
    }
    await refresh({ sentences: !revealed || !text, safe: !text });
    reloadFolds();
  } catch (error) {
    button.disabled = false;
    if (error.status === 400 && (await isOutdated())) return conflict(row, text);
    const warning = form.querySelector(".warning");
    warning.textContent = say("call_text.failed", { error: error.message });
    warning.hidden = false;
  }
}

const isOutdated = () => ask(api).then((call) => call.version !== version, () => false);

// Somebody else saved first: what the sentence says now, with what was typed still in the box.
async function conflict(row, typed) {
  const { index, start } = row.dataset;
  await refresh({ safe: true });
  reloadFolds();
  const same = player.rows.find((other) => Number(start) > 0 && other.dataset.start === start) ?? part(`s-${index}`);
  if (!same) return tell(say("call_text.conflict_gone", { text: typed }), { bad: true });
  const now = say("call_text.conflict_now", { text: same.querySelector(".text").textContent });
  edit(same, { typed, note: `${say("call_text.conflict")} ${now}` });
}

// Who speaks

function chooseSpeaker(button) {
  const row = button.closest(".sentence");
  const select = make("select", { className: "speaker field" });
  select.setAttribute("aria-label", say("call_text.speaker_choose", { n: Number(row.dataset.index) + 1 }));
  for (const channel of ["caller", "agent", "mixed"]) {
    select.append(make("option", { value: channel, textContent: say(`call_text.${channel}`) }));
  }
  select.value = button.dataset.channel;
  button.hidden = true;
  button.after(select);
  select.focus();
  try {
    select.showPicker?.();
  } catch {
    // without a click the browser opens no list by itself; the keys do
  }
  const restore = () => {
    button.hidden = false;
    select.remove();
  };
  select.addEventListener("blur", restore);
  select.addEventListener("keydown", (event) => {
    if (event.key === "Escape") button.hidden = false, select.blur(), button.focus();
  });
  select.addEventListener("change", async () => {
    const json = { index: Number(row.dataset.index), channel: select.value, version, author: myName() };
    try {
      const done = await ask(`${api}/label`, { json });
      version = done.version;
      tell(say("call_text.saved", { n: done.version }));
    } catch (error) {
      if (error.status === 400 && (await isOutdated())) tell(say("call_text.conflict"), { bad: true });
      else problem(error);
    }
    select.removeEventListener("blur", restore);
    restore();
    if (revealed) button.textContent = say(`call_text.${json.channel}`);
    await refresh({ sentences: !revealed });
    reloadFolds();
  });
}

// Find and replace

function replacing(form, dryRun) {
  const fields = new FormData(form);
  const json = { find: fields.get("find"), put: fields.get("put"), dry_run: dryRun, author: myName() };
  if (fields.get("where") === "here") json.call_ids = [Number(page.dataset.id)];
  return json;
}

async function lookForReplacements(form) {
  const found = form.querySelector(".found");
  const now = form.querySelector('[data-do="replace-now"]');
  try {
    const would = await ask("/api/v1/calls/replace", { json: replacing(form, true) });
    now.disabled = !would.sentences;
    const told = would.sentences ? say("call_replace.found", would) : say("call_replace.none");
    const rows = would.examples.map((one) =>
      make(
        "li",
        {},
        one.call_id === Number(page.dataset.id)
          ? null
          : make("a", { href: `/hotline/calls/${one.call_id}`, textContent: say("call_replace.open", { n: one.call_id }) }),
        make("del", { textContent: one.before }),
        make("ins", { textContent: one.after })
      )
    );
    const more = would.sentences > rows.length && rows.length ? say("call_replace.more", { n: rows.length }) : "";
    found.replaceChildren(
      make("p", { textContent: told }),
      make("ul", { className: "changes" }, ...rows),
      make("p", { className: "hint", textContent: more })
    );
  } catch (error) {
    now.disabled = true;
    found.replaceChildren(make("p", { className: "warning", textContent: error.message }));
  }
}

async function replaceNow(button) {
  const form = button.closest("form");
  button.disabled = true;
  try {
    const done = await ask("/api/v1/calls/replace", { json: replacing(form, false) });
    form.querySelector(".found").replaceChildren(make("p", { textContent: say("call_replace.done", done) }));
    await refresh();
    reloadFolds();
  } catch (error) {
    problem(error);
  }
}
