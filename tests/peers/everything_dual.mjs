// A server of both eras that passes the official conformance suite, on npm `@modelcontextprotocol/server`
// 2.x. It proves the suite and its runner; behind a proxy, it proves the proxy.
//
// Usage: everything_dual.mjs PORT     (0 for a free port; prints `listening URL`)

import { addLegacyTools, addSubscriptions } from './everything/legacy.mjs';
import { addModernPrompt, addModernTools, states } from './everything/modern.mjs';
import { addPlainPrompts, addPlainResources, addPlainTools } from './everything/plain.mjs';
import { serve } from './http.mjs';
import { load } from './packages.mjs';
import { sessionHandler } from './sessions.mjs';

const { McpServer, WebStandardStreamableHTTPServerTransport, createMcpHandler, isLegacyRequest } = load(
  '@modelcontextprotocol/server',
);

function makeServer() {
  const capabilities = {
    tools: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    prompts: { listChanged: true },
    logging: {},
  };
  const options = { capabilities, requestState: { verify: states.verify } };
  const server = new McpServer({ name: 'everything-dual', version: '1.0.0' }, options);
  addPlainTools(server);
  addPlainResources(server);
  addPlainPrompts(server);
  return server;
}

function makeLegacyServer() {
  const server = makeServer();
  addLegacyTools(server);
  addSubscriptions(server);
  return server;
}

function makeModernServer() {
  const server = makeServer();
  addModernTools(server, modern.notify);
  addModernPrompt(server);
  return server;
}

const modern = createMcpHandler(makeModernServer, { legacy: 'reject' });
const legacy = sessionHandler(makeLegacyServer, WebStandardStreamableHTTPServerTransport);

serve(
  async (request) => ((await isLegacyRequest(request)) ? legacy(request) : modern.fetch(request)),
  process.argv[2],
);
