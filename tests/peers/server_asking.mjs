// A legacy server that asks its client in the middle of a call: npm `@modelcontextprotocol/sdk` 1.x.
//
// A question belongs either to the call, then it arrives on the stream of the call's POST, or to the
// session, then it arrives on the stream that the client opened by GET. Over stdio there is no difference.
//
// Usage: server_asking.mjs stdio
//        server_asking.mjs http PORT     (0 for a free port; prints `listening URL`)
//        server_asking.mjs resumable PORT     the same, and its streams can be resumed after any event

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

const NAME_FORM = {
  message: 'What is your name?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
};
const SAMPLE = {
  messages: [{ role: 'user', content: { type: 'text', text: 'What is an eyot?' } }],
  maxTokens: 20,
};

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

function addToolsThatAskOnTheCall(server) {
  const add = (name, method, params, schema, use) =>
    server.registerTool(name, { description: `${method} on the stream of the call` }, async (extra) =>
      use(await extra.sendRequest({ method, params }, schema)),
    );
  add('elicit_on_call', 'elicitation/create', NAME_FORM, ElicitResultSchema, greet);
  add('sample_on_call', 'sampling/createMessage', SAMPLE, CreateMessageResultSchema, quote);
  add('roots_on_call', 'roots/list', undefined, ListRootsResultSchema, enumerate);
  server.registerTool('elicit_twice', { description: 'Asks, and asks again' }, async (extra) => {
    const ask = async (field) => {
      const properties = { [field]: { type: 'string' } };
      const requestedSchema = { type: 'object', properties, required: [field] };
      const params = { message: `What is your ${field}?`, requestedSchema };
      return extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    };
    const first = await ask('name');
    const second = await ask('colour');
    return text(`Hello, ${first.content?.name}, who likes ${second.content?.colour}!`);
  });
}

function addToolsThatAskOnTheSession(server, listening) {
  const add = (name, ask, use) =>
    server.registerTool(name, { description: 'asks on the stream of the session' }, async () => {
      await listening;
      return use(await ask());
    });
  add('elicit_on_session', () => server.server.elicitInput(NAME_FORM), greet);
  add('sample_on_session', () => server.server.createMessage(SAMPLE), quote);
  add('roots_on_session', () => server.server.listRoots(), enumerate);
}

const [mode, port] = process.argv.slice(2);
if (mode === 'stdio') {
  await makeServer(Promise.resolve()).connect(new StdioServerTransport());
} else {
  const options = () => (mode === 'resumable' ? { eventStore: new InMemoryEventStore() } : {});
  serve(sessionHandler(makeServer, WebStandardStreamableHTTPServerTransport, options), port);
}
