// Serves handlers of web requests over Node's HTTP server, on the loopback interface only.

import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { load } from './packages.mjs';

const {
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} = load('@modelcontextprotocol/server');

/** Answers with `handle` on a port, or on a free one for 0, and says the endpoint on standard output. */
export function serve(handle, port) {
  const server = createServer((incoming, outgoing) => {
    answer(handle, incoming, outgoing).catch((error) => {
      console.error(error);
      outgoing.destroy();
    });
  });
  server.listen(Number(port), '127.0.0.1', () => {
    console.log(`listening http://127.0.0.1:${server.address().port}/mcp`);
  });
}

async function answer(handle, incoming, outgoing) {
  const request = webRequest(incoming, outgoing);
  const response = refuse(request) ?? (await handle(request));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  // An event stream may be silent for long: who opened it waits for the head.
  outgoing.flushHeaders();
  if (response.body === null) {
    outgoing.end();
    return;
  }
  // A client that goes away ends its own answer and nothing else.
  await pipeline(Readable.fromWeb(response.body), outgoing).catch(() => {});
}

/** A web page must not reach a server on the loopback interface by a name of its own. */
function refuse(request) {
  return (
    hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
    originValidationResponse(request, localhostAllowedOrigins())
  );
}

function webRequest(incoming, outgoing) {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  const { method, headers } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(`http://127.0.0.1${incoming.url}`, {
    method,
    headers,
    body: hasBody ? Readable.toWeb(incoming) : undefined,
    duplex: 'half',
    signal: gone.signal,
  });
}
