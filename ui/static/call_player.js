// The recording of a call and the sentence that is heard: one moves with the other. Waveform with speech and doubt,
// click to seek, keys, and the list that follows until the person scrolls. It changes nothing on the server.

const player = (() => {
  const audio = document.getElementById("audio");
  const wave = document.getElementById("wave");
  const canvas = wave?.querySelector("canvas");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let known = JSON.parse(document.getElementById("call-data").textContent);
  let rows = [];
  let starts = [];
  let current = -1;
  let following = true;
  let shape = null;
  let colours = {};

  const say = (key, values = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), known.texts[key]);

  function clock(seconds) {
    const whole = Math.floor(seconds);
    const two = (value) => String(value).padStart(2, "0");
    const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
    return whole >= 3600 ? `${Math.floor(whole / 3600)}:${rest}` : rest;
  }

  function duration() {
    if (audio && Number.isFinite(audio.duration)) return audio.duration;
    return shape?.seconds || known.duration || 0;
  }

  // The sentences, read again from the page after it has changed.
  function read() {
    known = JSON.parse(document.getElementById("call-data").textContent);
    rows = [...document.querySelectorAll("#sentences .sentence")];
    starts = rows.map((row) => Number(row.dataset.start));
    const kept = current;
    current = -1;
    if (kept >= 0) choose(Math.min(kept, rows.length - 1), { scroll: false });
    draw();
  }

  function choose(index, { scroll = following } = {}) {
    if (index === current || !rows[index]) return;
    rows[current]?.classList.remove("is-current");
    rows[current]?.removeAttribute("aria-current");
    current = index;
    rows[index].classList.add("is-current");
    rows[index].setAttribute("aria-current", "true");
    if (scroll) bringIntoView(rows[index]);
  }

  function bringIntoView(row) {
    const box = row.getBoundingClientRect();
    const holder = document.getElementById("player");
    const sticks = holder && getComputedStyle(holder).position === "sticky";
    const top = sticks ? holder.getBoundingClientRect().bottom + 8 : 72;
    if (box.top >= top && box.bottom <= window.innerHeight - 24) return;
    const goal = window.scrollY + box.top - top - (window.innerHeight - top) / 4;
    window.scrollTo({ top: Math.max(goal, 0), behavior: still ? "auto" : "smooth" });
  }

  function sentenceAt(seconds) {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= seconds + 0.05) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  function follow(wanted) {
    following = wanted;
    const button = document.querySelector('[data-do="follow"]');
    if (button) button.hidden = wanted || !audio || audio.paused;
    if (wanted && rows[current]) bringIntoView(rows[current]);
  }

  function seek(seconds, { play = false, index = null } = {}) {
    follow(true);
    if (audio) {
      audio.currentTime = Math.max(0, Math.min(seconds, duration() || seconds));
      if (play) audio.play().catch(() => {}); // a browser that wants a click first shows the paused player
    }
    choose(index ?? sentenceAt(seconds), { scroll: true });
    moved();
  }

  function step(by) {
    const index = Math.max(0, Math.min(rows.length - 1, current + by));
    if (!rows[index]) return;
    seek(starts[index], { index });
    rows[index].focus({ preventScroll: true });
  }

  function moved() {
    if (!audio) return;
    const all = duration();
    wave.setAttribute("aria-valuemax", all.toFixed(1));
    wave.setAttribute("aria-valuenow", audio.currentTime.toFixed(1));
    wave.setAttribute("aria-valuetext", say("call_player.at", { at: clock(audio.currentTime), all: clock(all) }));
    draw();
  }

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const names = ["sheet", "line", "edge", "soft", "ink", "accent", "accent-sheet", "note-line", "note-sheet", "bad"];
    colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }

  // Hatching, so that doubt is seen without its colour too.
  function hatch(pen, ratio) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8 * ratio;
    const draft = tile.getContext("2d");
    draft.fillStyle = colours["note-sheet"];
    draft.fillRect(0, 0, tile.width, tile.height);
    draft.strokeStyle = colours["note-line"];
    draft.lineWidth = 2 * ratio;
    for (const shift of [-1, 0, 1]) {
      draft.beginPath();
      draft.moveTo(shift * tile.width, tile.height);
      draft.lineTo((shift + 1) * tile.width, 0);
      draft.stroke();
    }
    return pen.createPattern(tile, "repeat");
  }

  function draw() {
    if (!canvas || !wave.clientWidth) return;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(wave.clientWidth * ratio);
    const height = Math.round(wave.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d");
    const all = duration();
    pen.clearRect(0, 0, width, height);
    if (!all) return;
    const x = (seconds) => (seconds / all) * width;
    pen.fillStyle = colours["accent-sheet"];
    for (const [start, end] of known.speech) pen.fillRect(x(start), 0, x(end) - x(start), height);
    const doubtful = rows.filter((row) => row.classList.contains("is-doubtful"));
    if (doubtful.length) pen.fillStyle = hatch(pen, ratio);
    for (const row of doubtful) {
      pen.fillRect(x(Number(row.dataset.start)), 0, Math.max(x(row.dataset.end - row.dataset.start), 2 * ratio), height);
    }
    if (shape) drawShape(pen, width, height, x(audio.currentTime), ratio);
    pen.fillStyle = colours.bad;
    pen.fillRect(Math.round(x(audio.currentTime)) - ratio, 0, 2 * ratio, height);
  }

  // One lane for each channel, what is played already in the accent.
  function drawShape(pen, width, height, played, ratio) {
    const lane = height / shape.channels.length;
    const most = Math.max(8, ...shape.channels.flat().map(([low, high]) => Math.max(-low, high)));
    shape.channels.forEach((slices, number) => {
      const middle = lane * (number + 0.5);
      const wide = width / slices.length;
      slices.forEach(([low, high], place) => {
        const left = place * wide;
        pen.fillStyle = left < played ? colours.accent : colours.edge;
        const top = (high / most) * lane * 0.46;
        const tall = Math.max(top + (-low / most) * lane * 0.46, ratio);
        pen.fillRect(left, middle - top, Math.max(wide - (wide > 3 ? 1 : 0), 1), tall);
      });
    });
  }

  async function loadShape() {
    try {
      const answer = await fetch(wave.dataset.from);
      if (!answer.ok) throw new Error(String(answer.status));
      shape = await answer.json();
    } catch {
      wave.title = say("call_player.no_wave");
    }
    draw();
  }

  function connect() {
    const seconds = (event) => {
      const box = wave.getBoundingClientRect();
      return ((event.clientX - box.left) / box.width) * duration();
    };
    wave.addEventListener("pointerdown", (event) => {
      wave.setPointerCapture(event.pointerId);
      seek(seconds(event));
    });
    wave.addEventListener("pointermove", (event) => {
      if (wave.hasPointerCapture(event.pointerId)) seek(seconds(event));
    });
    wave.addEventListener("keydown", (event) => {
      const jumps = { PageDown: audio.currentTime + 10, PageUp: audio.currentTime - 10, Home: 0, End: duration() };
      if (!(event.key in jumps)) return;
      event.preventDefault();
      event.stopPropagation();
      seek(jumps[event.key]);
    });
    audio.addEventListener("timeupdate", () => {
      const index = sentenceAt(audio.currentTime);
      if (!audio.paused) choose(index);
      moved();
    });
    audio.addEventListener("seeked", () => {
      if (sentenceAt(audio.currentTime) !== current && Math.abs(starts[current] - audio.currentTime) > 0.1) {
        choose(sentenceAt(audio.currentTime));
      }
    });
    audio.addEventListener("loadedmetadata", moved);
    for (const name of ["play", "pause"]) audio.addEventListener(name, () => follow(following));
    audio.addEventListener("play", function glide() {
      if (audio.paused) return;
      moved();
      requestAnimationFrame(() => setTimeout(glide, 50));
    });
    audio.addEventListener("error", () => (document.getElementById("unplayable").hidden = false));
    for (const name of ["wheel", "touchmove"]) {
      window.addEventListener(name, () => audio.paused || follow(false), { passive: true });
    }
    new ResizeObserver(draw).observe(wave);
    new MutationObserver(() => {
      readColours();
      draw();
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    readColours();
    loadShape();
  }

  function start() {
    read();
    if (audio) {
      connect();
      moved();
    }
    const named = new URLSearchParams(location.search).get("t");
    if (named !== null && Number.isFinite(Number(named))) seek(Math.max(0, Number(named)), { play: true });
  }

  return {
    start, read, seek, step, follow, choose, say, clock,
    toggle: () => audio && (audio.paused ? audio.play().catch(() => {}) : audio.pause()),
    get current() { return current; },
    get rows() { return rows; },
    get known() { return known; },
  };
})();
