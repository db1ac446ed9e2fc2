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
  let open = false;
  let ended = false;
  let timer;

  function connect() {
    clearTimeout(timer);
    if (ended) return;
    try {
      socket = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
    } catch {
      again(); // a policy of the network or the browser forbids sockets: the clock looks
      return;
    }
    socket.onopen = () => {
      if (hello) socket.send(JSON.stringify(hello()));
      wait = FIRST_WAIT;
      open = true;
      state(true);
      look({ type: "ready" });
    };
    socket.onmessage = (frame) => look(JSON.parse(frame.data));
    socket.onclose = () => {
      open = false;
      state(false);
      again();
    };
  }

  function again() {
    if (ended) return;
    timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(LONGEST_WAIT, wait * 2);
  }

  const poll = setInterval(() => {
    if (!open && !document.hidden) look({ type: "poll" });
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
