// A legacy server that asks its client in the middle of a call: npm `@modelcontextprotocol/sdk` 1.x.
//
// A question belongs either to the call, then it arrives on the stream of the call's POST, or to the
// session, then it arrives on the stream that the client opened by GET. Over stdio there is no difference.
//
// Usage: server_asking.mjs stdio
//        server_asking.mjs http PORT     (0 for a free port; prints `listening URL`)
//        server_asking.mjs resumable PORT     like http, and its streams can be resumed after any event

import { serve } from './http.mjs';
import { load } from './packages.mjs';
import { sessionHandler } from './sessions.mjs';

const { McpServer } = load('@modelcontextprotocol/sdk/server/mcp.js');
const { StdioServerTransport } = load('@modelcontextprotocol/sdk/server/stdio.js');
const { WebStandardStreamableHTTPServerTransport } = load(
  '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js',
);
const { InMemoryEventStore } = load('@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js');
const { CreateMessageResultSchema, ElicitResultSchema, ListRootsResultSchema } = load(
  '@modelcontextprotocol/sdk/types.js',
);
const { z } = load('zod');

const form = (message, field) => ({
  message,
  requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
});
const whoIs = (mark) => form(`Who is ${mark}?`, 'name');
const whatIs = (mark) => ({
  messages: [{ role: 'user', content: { type: 'text', text: `What is ${mark}?` } }],
  maxTokens: 20,
});

/** A user who takes longer than this must be announced by progress. */
const PATIENT = { timeout: 2500, resetTimeoutOnProgress: true, onprogress: () => {} };

const text = (it) => ({ content: [{ type: 'text', text: it }] });
const greet = ({ action, content }) =>
  text(action === 'accept' ? `Hello, ${content.name}!` : `No name: ${action}.`);
const quote = ({ content }) => text(`Sampled: ${content.text}`);
const enumerate = ({ roots }) => text(`Roots: ${roots.map((it) => it.uri).join(' ')}`);

function makeServer(listening) {
  const server = new McpServer({ name: 'server-asking', version: '1.0.0' }, { capabilities: { tools: {} } });
  const echo = { description: 'Says it again', inputSchema: { message: z.string() } };
  server.registerTool('echo', echo, ({ message }) => text(`Echo: ${message}`));
  addToolsThatAskOnTheCall(server);
  addToolsThatAskOnTheSession(server, listening);
  return server;
}

/** Adds a tool that asks with a mark, by which its caller knows the answer. */
function addTool(server, name, description, answer) {
  server.registerTool(name, { description, inputSchema: { mark: z.string() } }, ({ mark }, extra) =>
    answer(mark, extra),
  );
}

function addToolsThatAskOnTheCall(server) {
  const add = (name, method, params, schema, use) =>
    addTool(server, name, `${method} on the stream of the call`, async (mark, extra) =>
      use(await extra.sendRequest({ method, params: params(mark) }, schema)),
    );
  add('elicit_on_call', 'elicitation/create', whoIs, ElicitResultSchema, greet);
  add('sample_on_call', 'sampling/createMessage', whatIs, CreateMessageResultSchema, quote);
  add('roots_on_call', 'roots/list', () => undefined, ListRootsResultSchema, enumerate);
  const elicit = (extra, params, options) =>
    extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema, options);
  addTool(server, 'elicit_twice', 'Asks, and asks again', async (mark, extra) => {
    const name = (await elicit(extra, whoIs(mark))).content?.name;
    const { content } = await elicit(extra, form(`Which colour does ${name} like?`, 'colour'));
    return text(`Hello, ${name}, who likes ${content?.colour}!`);
  });
  addTool(server, 'wait_on_call', 'Asks somebody who takes time', async (mark, extra) =>
    greet(await elicit(extra, whoIs(mark), PATIENT)),
  );
}

function addToolsThatAskOnTheSession(server, listening) {
  const add = (name, ask, use) =>
    addTool(server, name, 'asks on the stream of the session', async (mark) => {
      await listening;
      return use(await ask(mark));
    });
  add('elicit_on_session', (mark) => server.server.elicitInput(whoIs(mark)), greet);
  add('sample_on_session', (mark) => server.server.createMessage(whatIs(mark)), quote);
  add('roots_on_session', () => server.server.listRoots(), enumerate);
  add('wait_on_session', (mark) => server.server.elicitInput(whoIs(mark), PATIENT), greet);
}

const [mode, port] = process.argv.slice(2);
if (mode === 'stdio') {
  await makeServer(Promise.resolve()).connect(new StdioServerTransport());
} else {
  const options = () => (mode === 'resumable' ? { eventStore: new InMemoryEventStore() } : {});
  serve(sessionHandler(makeServer, WebStandardStreamableHTTPServerTransport, options), port);
}
