// A server of the revision 2026-07-28 and no other: npm `@modelcontextprotocol/server` 2.x.
//
// Usage: server_modern.mjs stdio
//        server_modern.mjs http PORT     (0 for a free port; prints `listening URL`)
//        server_modern.mjs ws PORT

import { randomBytes } from 'node:crypto';

import { serve } from './http.mjs';
import { serveWebSocket } from './transports.mjs';
import { INSTRUCTIONS, NAMES, NOTE, count, text } from './matrix/common.mjs';
import { addMatrix } from './matrix/modern.mjs';
import { load } from './packages.mjs';

const {
  McpServer,
  acceptedContent,
  completable,
  createMcpHandler,
  createRequestStateCodec,
  inputRequired,
} = load('@modelcontextprotocol/server');
const { serveStdio } = load('@modelcontextprotocol/server/stdio');
const { z } = load('zod');

/** Prompts may be kept for a minute. */
const CACHE_HINTS = { 'prompts/list': { ttlMs: 60_000, cacheScope: 'public' } };

/** What was already known when a question was asked; only this process can change it. */
const states = createRequestStateCodec({ key: randomBytes(32) });

/** Kept once a call of `slow_progress` was cancelled. */
const cancelled = Promise.withResolvers();

/** Publishes a change to those who listen; over HTTP, the handler below does it for all. */
let announce;

function makeServer() {
  const capabilities = {
    tools: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    prompts: { listChanged: true },
    logging: {},
  };
  const requestState = { verify: states.verify };
  const server = new McpServer(
    { name: 'server-modern', version: '1.0.0' },
    { capabilities, instructions: INSTRUCTIONS, requestState, cacheHints: CACHE_HINTS },
  );
  addPlainTools(server);
  addAskingTool(server);
  addChangeTools(server);
  addResourceAndPrompt(server);
  return server;
}

function addPlainTools(server) {
  const message = z.object({ message: z.string() });
  server.registerTool('echo', { description: 'Says it again', inputSchema: message }, (it) =>
    text(`Echo: ${it.message}`),
  );
  const numbers = z.object({ a: z.number(), b: z.number() });
  const sum = z.object({ sum: z.number() });
  server.registerTool(
    'add',
    { description: 'Adds', inputSchema: numbers, outputSchema: sum },
    ({ a, b }) => ({
      ...text(String(a + b)),
      structuredContent: { sum: a + b },
    }),
  );
  const pace = z.object({ steps: z.number().default(3), step_ms: z.number().default(20) });
  const slow = { description: 'Counts, and says how far it is', inputSchema: pace };
  server.registerTool('slow_progress', slow, async ({ steps, step_ms }, { mcpReq }) => {
    mcpReq.signal.addEventListener('abort', cancelled.resolve);
    return count(steps, step_ms, mcpReq.signal, (step) => sayProgress(mcpReq, step, steps));
  });
  const wait = { description: 'Answers once a call of slow_progress was cancelled' };
  server.registerTool('await_cancelled', wait, async () => {
    await cancelled.promise;
    return text('cancelled');
  });
}

async function sayProgress(mcpReq, progress, total) {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken !== undefined) {
    const params = { progressToken, progress, total, message: `step ${progress}` };
    await mcpReq.notify({ method: 'notifications/progress', params });
  }
}

/** Asks for a name first and for a colour then; the name travels in the state. */
function addAskingTool(server) {
  const name = z.object({ name: z.string() });
  const colour = z.object({ colour: z.string() });
  const ask = async (key, message, requestedSchema, state) =>
    inputRequired({
      inputRequests: { [key]: inputRequired.elicit({ message, requestedSchema }) },
      requestState: await states.mint(state),
    });
  server.registerTool('ask_name', { description: 'Asks twice' }, async ({ mcpReq }) => {
    const known = mcpReq.requestState()?.name ?? acceptedContent(mcpReq.inputResponses, 'name', name)?.name;
    if (known === undefined) {
      return ask('name', 'What is your name?', name, {});
    }
    const liked = acceptedContent(mcpReq.inputResponses, 'colour', colour)?.colour;
    if (liked === undefined) {
      return ask('colour', `Which colour do you like, ${known}?`, colour, { name: known });
    }
    return text(`Hello, ${known}, who likes ${liked}!`);
  });
}

function addChangeTools(server) {
  const publish = announce ?? {
    toolsChanged: () => server.sendToolListChanged(),
    promptsChanged: () => server.sendPromptListChanged(),
    resourcesChanged: () => server.sendResourceListChanged(),
    resourceUpdated: (uri) => server.server.sendResourceUpdated({ uri }),
  };
  addMatrix(server, states, publish);
  server.registerTool('change_tools', { description: 'Says that the list of tools has changed' }, () => {
    publish.toolsChanged();
    return text('said');
  });
  server.registerTool('change_note', { description: 'Says that the note has changed' }, async () => {
    await publish.resourceUpdated(NOTE);
    return text('said');
  });
}

function addResourceAndPrompt(server) {
  const note = { mimeType: 'text/plain', description: 'A note' };
  server.registerResource('welcome', NOTE, note, (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'text/plain', text: 'Welcome ashore.' }],
  }));
  const known = (start) => NAMES.filter((it) => it.startsWith(start));
  const argsSchema = z.object({ name: completable(z.string(), known) });
  server.registerPrompt('greeting', { description: 'Greets', argsSchema }, ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}.` } }],
  }));
}

const [mode, port] = process.argv.slice(2);
if (mode === 'stdio') {
  serveStdio(makeServer, { legacy: 'reject' });
} else if (mode === 'ws') {
  serveWebSocket((transport) => serveStdio(makeServer, { legacy: 'reject', transport }), port);
} else {
  const handler = createMcpHandler(makeServer, { legacy: 'reject' });
  announce = handler.notify;
  serve(handler.fetch, port);
}
