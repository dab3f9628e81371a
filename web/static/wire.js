// A Socket.IO client, as much of it as the feed speaks: websocket only, connects, answers pings, hears and says events,
// and comes back by itself, sooner at first, then every few seconds, never in step with the others.

const FIRST = 250;
const LAST = 5000;

const ADDRESS = "/socket.io/?EIO=4&transport=websocket";

/**
 * @param {{open: () => void, event: (name: string, body: any) => void}} on
 * @returns {{say: (name: string, body: any) => void, renew: () => void}} say is lost while there is no connection; renew
 *   begins anew at once, whatever the present connection believes about itself.
 */
export function wire(on) {
  let socket;
  let isOpen = false;
  let pause = FIRST;
  let timer;

  function connect() {
    clearTimeout(timer);
    isOpen = false;
    const url = new URL(ADDRESS, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const mine = (socket = new WebSocket(url));
    mine.onmessage = ({ data }) => mine === socket && hear(data);
    mine.onclose = () => mine === socket && again();
  }

  // Engine.IO: 0 open, 1 close, 2 ping, 3 pong, 4 message; inside a message Socket.IO: 0 connected, 1 disconnected,
  // 2 event, 4 refused.
  function hear(data) {
    if (data === "2") socket.send("3");
    else if (data.startsWith("0")) socket.send("40");
    else if (data.startsWith("40")) {
      isOpen = true;
      pause = FIRST;
      on.open();
    } else if (data.startsWith("42")) on.event(...JSON.parse(data.slice(2)));
    else if (/^(1|41|44)/.test(data)) socket.close();
  }

  function again() {
    isOpen = false;
    clearTimeout(timer);
    timer = setTimeout(connect, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LAST);
  }

  connect();
  return {
    say(name, body) {
      if (isOpen && socket.readyState === WebSocket.OPEN) socket.send(`42${JSON.stringify([name, body])}`);
    },
    renew() {
      const old = socket;
      pause = FIRST;
      connect();
      old.close();
    },
  };
}
