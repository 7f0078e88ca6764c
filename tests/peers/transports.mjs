// The transports of a server that are no web requests: HTTP with SSE, and WebSocket.

import { createServer } from 'node:http';

import { load } from './packages.mjs';

const { SSEServerTransport } = load('@modelcontextprotocol/sdk/server/sse.js');
const { WebSocketServer } = load('ws');

/** Serves HTTP with SSE on a port, or on a free one for 0: a server for each stream. */
export function serveSse(makeServer, port) {
  const transports = new Map();

  const answer = async (incoming, outgoing) => {
    const url = new URL(incoming.url, 'http://127.0.0.1');
    if (incoming.method === 'GET' && url.pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', outgoing);
      transports.set(transport.sessionId, transport);
      transport.onclose = () => transports.delete(transport.sessionId);
      await makeServer(Promise.resolve()).connect(transport);
      return;
    }
    const transport = transports.get(url.searchParams.get('sessionId'));
    if (incoming.method !== 'POST' || transport === undefined) {
      outgoing.writeHead(404).end();
      return;
    }
    await transport.handlePostMessage(incoming, outgoing);
  };

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error) => {
      console.error(error);
      outgoing.destroy();
    });
  });
  server.listen(Number(port), '127.0.0.1', () => {
    console.log(`listening http://127.0.0.1:${server.address().port}/sse`);
  });
}

/** Serves WebSockets on a port, or on a free one for 0: `connect` gets a transport for each of them. */
export function serveWebSocket(connect, port) {
  const handleProtocols = (offered) => offered.has('mcp') && 'mcp';
  const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), path: '/ws', handleProtocols });
  server.on('connection', (socket) => {
    Promise.resolve(connect(new SocketTransport(socket))).catch((error) => {
      console.error(error);
      socket.terminate();
    });
  });
  server.on('listening', () => {
    console.log(`listening ws://127.0.0.1:${server.address().port}/ws`);
  });
}

/** A WebSocket as a transport of either SDK, of a server or of a client. */
export class SocketTransport {
  #socket;

  constructor(socket) {
    this.#socket = socket;
  }

  async start() {
    const socket = this.#socket;
    socket.addEventListener('message', ({ data }) => this.onmessage?.(JSON.parse(data)));
    socket.addEventListener('close', () => this.onclose?.());
    socket.addEventListener('error', ({ error }) => this.onerror?.(error));
    if (socket.readyState === WebSocket.CONNECTING) {
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve);
        socket.addEventListener('close', () => reject(new Error('the WebSocket was refused')));
      });
    }
  }

  async send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  async close() {
    this.#socket.close();
  }
}
