// A server of both eras, or of one, that passes the official conformance suite: npm
// `@modelcontextprotocol/server` 2.x. It proves the suite and its runner; behind a proxy, it proves the proxy.
//
// Usage: everything_dual.mjs PORT [legacy|modern]     (0 for a free port; prints `listening URL`)
//        everything_dual.mjs stdio legacy|modern

import {
  addAskingPrompt,
  addAskingTools,
  addLegacyTools,
  addSubscriptions,
} from './everything/legacy.mjs';
import { addModernPrompt, addModernTools, addReturningTools, states } from './everything/modern.mjs';
import { addChanges, addPlainPrompts, addPlainResources, addPlainTools } from './everything/plain.mjs';
import { serve } from './http.mjs';
import { load } from './packages.mjs';
import { sessionHandler } from './sessions.mjs';

const { McpServer, WebStandardStreamableHTTPServerTransport, createMcpHandler, isLegacyRequest } = load(
  '@modelcontextprotocol/server',
);
const { StdioServerTransport, serveStdio } = load('@modelcontextprotocol/server/stdio');

function makeServer(notify) {
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
  addChanges(server, notify ?? notifier([server]));
  return server;
}

/** Tells the clients of these servers. */
const notifier = (servers) => ({
  toolsChanged: () => servers.forEach((it) => it.sendToolListChanged()),
  promptsChanged: () => servers.forEach((it) => it.sendPromptListChanged()),
});

/** One for each session that there is: what changes has changed for all of them. */
const legacyServers = [];

function makeLegacyServer() {
  const server = makeServer(notifier(legacyServers));
  addLegacyTools(server);
  addAskingTools(server);
  addAskingPrompt(server);
  addSubscriptions(server);
  legacyServers.push(server);
  server.server.onclose = () => legacyServers.splice(legacyServers.indexOf(server), 1);
  return server;
}

function makeModernServer() {
  const server = makeServer(published);
  addModernTools(server);
  addReturningTools(server);
  addModernPrompt(server);
  return server;
}

/** Tells everyone who listens over HTTP; on a pipe, a server tells its own client. */
let published;

function handler(era) {
  const modern = createMcpHandler(makeModernServer, { legacy: 'reject' });
  published = modern.notify;
  const legacy = sessionHandler(makeLegacyServer, WebStandardStreamableHTTPServerTransport);
  const handlers = { legacy, modern: modern.fetch };
  const both = async (request) => ((await isLegacyRequest(request)) ? legacy(request) : modern.fetch(request));
  return handlers[era] ?? both;
}

const [place, era] = process.argv.slice(2);
if (place !== 'stdio') {
  serve(handler(era), place);
} else if (era === 'legacy') {
  await makeLegacyServer().connect(new StdioServerTransport());
} else {
  serveStdio(makeModernServer, { legacy: 'reject' });
}
