// Sessions of a legacy server over HTTP: one server and one transport for each of them.

import { randomUUID } from 'node:crypto';

/**
 * Makes a handler of web requests.
 *
 * `Transport` is the `WebStandardStreamableHTTPServerTransport` of the SDK under test. `makeServer`
 * gets a promise that is kept once the client has opened the GET stream of the session: messages that a
 * server sends there before that are lost. `options` makes further options of a transport.
 */
export function sessionHandler(makeServer, Transport, options = () => ({})) {
  const sessions = new Map();

  const open = async () => {
    const listening = Promise.withResolvers();
    const transport = new Transport({
      ...options(),
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, { transport, listening }),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await makeServer(listening.promise).connect(transport);
    return transport;
  };

  return async (request) => {
    const id = request.headers.get('mcp-session-id');
    if (id === null) {
      return (await open()).handleRequest(request);
    }
    const session = sessions.get(id);
    if (session === undefined) {
      // "the server [...] MUST respond [...] with HTTP 404 Not Found" (2025-11-25, basic/transports).
      return Response.json(
        { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } },
        { status: 404 },
      );
    }
    const response = await session.transport.handleRequest(request);
    if (request.method === 'GET' && response.ok) {
      session.listening.resolve();
    }
    return response;
  };
}
