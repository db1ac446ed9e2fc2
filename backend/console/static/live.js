/** A WebSocket that says when to look, and a clock that looks anyway while it is silent. */

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;

/**
 * Watch `path`. `hello` is sent as the first frame, if given. `look` is called for every signal,
 * after each reconnect, and every `every` ms while there is no connection. `state` hears true and
 * false as the connection comes and goes. Returns a function that ends it.
 */
export function watch({ path, hello, look, state = () => {}, every = 4000 }) {
  let socket;
  let wait = FIRST_WAIT;
  let ended = false;
  let timer;

  function connect() {
    clearTimeout(timer);
    if (ended) return;
    socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
    socket.onopen = () => {
      if (hello) socket.send(JSON.stringify(hello()));
      wait = FIRST_WAIT;
      state(true);
      look({ type: "ready" });
    };
    socket.onmessage = (frame) => look(JSON.parse(frame.data));
    socket.onclose = () => {
      state(false);
      if (ended) return;
      timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(LONGEST_WAIT, wait * 2);
    };
  }

  const poll = setInterval(() => {
    if (socket?.readyState !== WebSocket.OPEN && !document.hidden) look({ type: "poll" });
  }, every);
  const back = () => {
    if (document.hidden) return;
    look({ type: "back" });
    if (socket?.readyState === WebSocket.CLOSED) connect();
  };
  document.addEventListener("visibilitychange", back);
  window.addEventListener("online", back);
  connect();

  return () => {
    ended = true;
    clearTimeout(timer);
    clearInterval(poll);
    document.removeEventListener("visibilitychange", back);
    window.removeEventListener("online", back);
    socket?.close();
  };
}
