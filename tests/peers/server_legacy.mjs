// A server of the revision 2025-11-25 with every feature that it has: npm `@modelcontextprotocol/sdk` 1.x.
//
// It has the tools, resources and prompts of `server_modern.mjs`, so that one client script tries both.
//
// Usage: server_legacy.mjs stdio
//        server_legacy.mjs http PORT     (0 for a free port; prints `listening URL`)
//        server_legacy.mjs sse PORT      (the transport of 2024-11-05)
//        server_legacy.mjs ws PORT

import { randomUUID } from 'node:crypto';

import { serve } from './http.mjs';
import { serveSse, serveWebSocket } from './transports.mjs';
import {
  EVERY_CONTENT,
  INSTRUCTIONS,
  LOGS,
  NAMES,
  NOTE,
  PAGE,
  count,
  listed,
  sampleParams,
  sampled,
  templatesPage,
  text,
} from './matrix/common.mjs';
import { load } from './packages.mjs';
import { sessionHandler } from './sessions.mjs';

const { InMemoryTaskMessageQueue, InMemoryTaskStore } = load('@modelcontextprotocol/sdk/experimental/tasks');
const { completable } = load('@modelcontextprotocol/sdk/server/completable.js');
const { McpServer, ResourceTemplate } = load('@modelcontextprotocol/sdk/server/mcp.js');
const { StdioServerTransport } = load('@modelcontextprotocol/sdk/server/stdio.js');
const { WebStandardStreamableHTTPServerTransport } = load(
  '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js',
);
const types = load('@modelcontextprotocol/sdk/types.js');
const { z } = load('zod');

const RESOURCE_NOT_FOUND = -32002;
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** Kept once a call of `slow_progress` was cancelled. */
const cancelled = Promise.withResolvers();

const taskStore = new InMemoryTaskStore();

/** Those who have visited the page that `need_page` insists on. */
const visitors = new Set();

function makeServer(listening) {
  const capabilities = {
    tools: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    prompts: { listChanged: true },
    logging: {},
    tasks: { cancel: {}, requests: { tools: { call: {} } } },
  };
  const about = { name: 'server-legacy', version: '1.0.0' };
  const tasks = { taskStore, taskMessageQueue: new InMemoryTaskMessageQueue() };
  const server = new McpServer(about, { capabilities, instructions: INSTRUCTIONS, ...tasks });
  addPlainTools(server);
  addLog(server);
  addQuestions(server, listening);
  addPages(server);
  addChanges(server, listening);
  addResources(server);
  addPrompt(server);
  addTask(server);
  return server;
}

function addPlainTools(server) {
  const echo = { description: 'Says it again', inputSchema: { message: z.string() } };
  server.registerTool('echo', echo, ({ message }) => text(`Echo: ${message}`));
  const add = {
    description: 'Adds',
    inputSchema: { a: z.number(), b: z.number() },
    outputSchema: { sum: z.number() },
  };
  server.registerTool('add', add, ({ a, b }) => ({
    ...text(String(a + b)),
    structuredContent: { sum: a + b },
  }));
  server.registerTool('show', { description: 'Shows every type of content' }, () => EVERY_CONTENT);
  server.registerTool('fail', { description: 'Fails' }, () => {
    throw new Error('it failed on purpose');
  });
  const pace = { steps: z.number().default(3), step_ms: z.number().default(20) };
  const slow = { description: 'Counts, and says how far it is', inputSchema: pace };
  server.registerTool('slow_progress', slow, ({ steps, step_ms }, extra) => {
    extra.signal.addEventListener('abort', cancelled.resolve);
    return count(steps, step_ms, extra.signal, (progress) => sayProgress(extra, progress, steps));
  });
  const wait = { description: 'Answers once a call of slow_progress was cancelled' };
  server.registerTool('await_cancelled', wait, async () => {
    await cancelled.promise;
    return text('cancelled');
  });
}

async function sayProgress({ _meta, sendNotification }, progress, total) {
  const progressToken = _meta?.progressToken;
  if (progressToken !== undefined) {
    const params = { progressToken, progress, total, message: `step ${progress}` };
    await sendNotification({ method: 'notifications/progress', params });
  }
}

/** The SDK logs on the stream of the session; here the log of a call goes on the stream of the call. */
function addLog(server) {
  let wanted = 'debug';
  server.server.setRequestHandler(types.SetLevelRequestSchema, ({ params }) => {
    wanted = params.level;
    return {};
  });
  server.registerTool('say_logs', { description: 'Logs' }, async ({ sendNotification }) => {
    for (const [level, data] of LOGS) {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(wanted)) {
        await sendNotification({ method: 'notifications/message', params: { level, data } });
      }
    }
    return text('logged');
  });
}

const nameForm = (message, field) => ({
  message,
  requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
});

function addQuestions(server, listening) {
  const add = (name, inputSchema, answer) =>
    server.registerTool(name, { description: 'Asks the client', inputSchema }, answer);
  const elicit = ({ sendRequest }, message, field = 'name') =>
    sendRequest(
      { method: 'elicitation/create', params: nameForm(message, field) },
      types.ElicitResultSchema,
    ).then(({ content }) => content?.[field]);
  const think = ({ sendRequest }, subject) =>
    sendRequest(
      { method: 'sampling/createMessage', params: sampleParams(subject) },
      types.CreateMessageResultSchema,
    ).then(sampled);
  const where = ({ sendRequest }) =>
    sendRequest({ method: 'roots/list' }, types.ListRootsResultSchema).then(listed);

  add('greet', { mark: z.string() }, async ({ mark }, extra) =>
    text(`${mark} is ${await elicit(extra, `Who is ${mark}?`)}.`),
  );
  add('greet_on_session', { mark: z.string() }, async ({ mark }) => {
    await listening;
    const { content } = await server.server.elicitInput(nameForm(`Who is ${mark}?`, 'name'));
    return text(`${mark} is ${content?.name}.`);
  });
  add('think', { subject: z.string() }, async ({ subject }, extra) => text(await think(extra, subject)));
  add('where', {}, async (_, extra) => text(await where(extra)));
  add('acquaint', { mark: z.string() }, async ({ mark }, extra) => {
    const name = await elicit(extra, `Who is ${mark}?`);
    const colour = await elicit(extra, `Which colour does ${mark} like?`, 'colour');
    return text(`${mark} is ${name} and likes ${colour}.`);
  });
  add('ask_all', {}, async (_, extra) => {
    const asking = [elicit(extra, 'Who is all?'), think(extra, 'why?'), where(extra)];
    return text((await Promise.all(asking)).join(', '));
  });
}

function addPages(server) {
  const page = () => ({ mode: 'url', message: 'Please visit.', url: PAGE, elicitationId: randomUUID() });
  server.registerTool('visit', { description: 'Sends the user to a page' }, async ({ sendRequest }) => {
    const params = page();
    const request = { method: 'elicitation/create', params };
    const { action } = await sendRequest(request, types.ElicitResultSchema);
    await server.server.createElicitationCompletionNotifier(params.elicitationId)();
    return text(action);
  });
  const need = { description: 'Insists on a page', inputSchema: { visitor: z.string() } };
  server.registerTool('need_page', need, ({ visitor }) => {
    if (visitors.has(visitor)) {
      return text(`${visitor} was there.`);
    }
    visitors.add(visitor);
    throw new types.UrlElicitationRequiredError([page()]);
  });
}

function addChanges(server, listening) {
  const changes = {
    change_tools: () => server.server.sendToolListChanged(),
    change_prompts: () => server.server.sendPromptListChanged(),
    change_resources: () => server.server.sendResourceListChanged(),
    change_note: () => server.server.sendResourceUpdated({ uri: NOTE }),
  };
  for (const [name, publish] of Object.entries(changes)) {
    server.registerTool(name, { description: 'Says that something has changed' }, async () => {
      await listening;
      await publish();
      return text('said');
    });
  }
  const rooted = Promise.withResolvers();
  server.server.setNotificationHandler(types.RootsListChangedNotificationSchema, () => rooted.resolve());
  const wait = { description: 'Answers once the client has said that its roots have changed' };
  server.registerTool('await_roots_changed', wait, async () => {
    await rooted.promise;
    return text('changed');
  });
}

function addResources(server) {
  const note = { mimeType: 'text/plain', description: 'A note' };
  server.registerResource('welcome', NOTE, note, (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'text/plain', text: 'Welcome ashore.' }],
  }));
  const template = new ResourceTemplate('note://{name}/greeting', { list: undefined });
  server.registerResource('greeting', template, { description: 'A note for somebody' }, (uri, { name }) => {
    if (name === 'nobody') {
      throw new types.McpError(RESOURCE_NOT_FOUND, 'Resource not found', { uri: uri.href });
    }
    return { contents: [{ uri: uri.href, mimeType: 'text/plain', text: `Welcome, ${name}.` }] };
  });
  const { server: protocol } = server;
  protocol.setRequestHandler(types.ListResourceTemplatesRequestSchema, ({ params }) =>
    templatesPage(params?.cursor),
  );
  protocol.setRequestHandler(types.SubscribeRequestSchema, () => ({}));
  protocol.setRequestHandler(types.UnsubscribeRequestSchema, () => ({}));
}

function addPrompt(server) {
  const known = (start) => NAMES.filter((it) => it.startsWith(start));
  const argsSchema = { name: completable(z.string(), known) };
  server.registerPrompt('greeting', { description: 'Greets', argsSchema }, ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}.` } }],
  }));
}

function addTask(server) {
  const config = {
    description: 'Works for a while',
    inputSchema: { mark: z.string() },
    execution: { taskSupport: 'optional' },
  };
  server.experimental.tasks.registerToolTask('toil', config, {
    async createTask({ mark }, { taskStore: store }) {
      const task = await store.createTask({ ttl: 60_000, pollInterval: 50 });
      setTimeout(() => store.storeTaskResult(task.taskId, 'completed', text(`${mark} is done.`)), 100);
      return { task };
    },
    getTask: (_, { taskId, taskStore: store }) => store.getTask(taskId),
    getTaskResult: (_, { taskId, taskStore: store }) => store.getTaskResult(taskId),
  });
}

const [mode, port] = process.argv.slice(2);
if (mode === 'stdio') {
  await makeServer(Promise.resolve()).connect(new StdioServerTransport());
} else if (mode === 'sse') {
  serveSse(makeServer, port);
} else if (mode === 'ws') {
  serveWebSocket((transport) => makeServer(Promise.resolve()).connect(transport), port);
} else {
  serve(sessionHandler(makeServer, WebStandardStreamableHTTPServerTransport), port);
}
