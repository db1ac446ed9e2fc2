/** The agent's own side of the desk: being there, hearing alerts, keys. */

import { call, Problem } from "./api.js";
import { byId } from "./dom.js";

const HEARTBEAT = 25000;
const TAKING = "eungdap.desk.taking";
const SOUND = "eungdap.desk.sound";
const KEYS = "eungdap.desk.keys";

const flag = (key, preset) => (localStorage.getItem(key) ?? preset) === "yes";
const keep = (key, on) => localStorage.setItem(key, on ? "yes" : "no");

/** Renew the agent's lease while the page is open. Returns a function to call at every tick. */
export function bePresent() {
  const box = byId("taking");
  let last = 0;
  box.checked = flag(TAKING, "yes");
  const beat = async () => {
    last = Date.now();
    try {
      await call("POST", "/api/v1/presence", { taking: box.checked });
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // the next beat tries again
    }
  };
  box.addEventListener("change", () => {
    keep(TAKING, box.checked);
    beat();
  });
  setInterval(beat, HEARTBEAT);
  beat();
  // Timers sleep in a tab that is not looked at; signals from the server do not.
  return () => Date.now() - last > HEARTBEAT && beat();
}

let audio;

/** Wire the button for the alert sound; turning it on plays it once, as a test. */
export function setUpSound(texts) {
  const button = byId("sound");
  const show = (on) => {
    button.setAttribute("aria-pressed", String(on));
    button.title = on ? texts.sound_on : texts.sound_off;
  };
  show(flag(SOUND, "no"));
  button.addEventListener("click", () => {
    const on = !flag(SOUND, "no");
    keep(SOUND, on);
    show(on);
    if (on) ring();
  });
  // Browsers allow sound only after the first click or key on the page.
  const wake = () => flag(SOUND, "no") && (audio ??= new AudioContext()).resume();
  document.addEventListener("pointerdown", wake, { once: true });
  document.addEventListener("keydown", wake, { once: true });
}

/** Play the alert, if it is on: two short, soft tones. */
export function ring() {
  if (!flag(SOUND, "no")) return;
  audio ??= new AudioContext();
  for (const [pitch, after] of [[660, 0], [880, 0.16]]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const start = audio.currentTime + after;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.15, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.32);
  }
}

/** Call `actions[code]` for Alt and the key with that code, unless shortcuts are switched off. */
export function setUpKeys(actions) {
  const box = byId("keys-on");
  box.checked = flag(KEYS, "yes");
  box.addEventListener("change", () => keep(KEYS, box.checked));
  byId("open-keys").addEventListener("click", () => byId("keys").showModal());
  document.addEventListener("keydown", (event) => {
    const action = actions[event.code];
    if (!box.checked || !action || !event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    action();
  });
}
