// A legacy client: npm `@modelcontextprotocol/sdk` 1.x against the features of `server-everything`.
//
// Usage: client_ts1.mjs URL

import { load } from './packages.mjs';
import { Report, contains, equal, signal } from './report.mjs';

const { Client } = load('@modelcontextprotocol/sdk/client/index.js');
const { StreamableHTTPClientTransport } = load('@modelcontextprotocol/sdk/client/streamableHttp.js');
const types = load('@modelcontextprotocol/sdk/types.js');

const DYNAMIC_TEXT = 'demo://resource/dynamic/text/';
const LONG_CALL = 'trigger-long-running-operation';

/** The client's side of a session: it answers the server's questions and takes notes. */
function makeClient() {
  const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };
  const client = new Client({ name: 'client-ts1', version: '1.0.0' }, { capabilities });
  client.logged = signal();
  client.updated = signal();
  client.setRequestHandler(types.CreateMessageRequestSchema, ({ params }) => {
    const text = `sampled <${params.messages[0].content.text}>`;
    return { role: 'assistant', model: 'a-model', content: { type: 'text', text } };
  });
  client.setRequestHandler(types.ElicitRequestSchema, () => ({
    action: 'accept',
    content: { name: 'Ada', integer: 7 },
  }));
  client.setRequestHandler(types.ListRootsRequestSchema, () => ({
    roots: [{ uri: 'file:///islands', name: 'islands' }],
  }));
  client.setNotificationHandler(types.LoggingMessageNotificationSchema, () => client.logged.give());
  client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, ({ params }) =>
    client.updated.give(params.uri),
  );
  return client;
}

/** The text of a call that must succeed. */
async function call(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError) {
    throw new Error(`the tool failed: ${JSON.stringify(result.content)}`);
  }
  return result.content
    .filter((it) => it.type === 'text')
    .map((it) => it.text)
    .join('\n');
}

const features = {
  async ping(client) {
    await client.ping();
  },

  async tools(client) {
    const tools = (await client.listTools()).tools.map((it) => it.name).join(' ');
    for (const name of [
      'echo',
      'get-sum',
      'get-roots-list',
      'trigger-sampling-request',
      'trigger-elicitation-request',
    ]) {
      contains(tools, name);
    }
  },

  async call_echo(client) {
    equal(await call(client, 'echo', { message: 'hello ✓' }), 'Echo: hello ✓');
  },

  async call_unknown(client) {
    equal((await client.callTool({ name: 'no-such-tool', arguments: {} })).isError, true);
  },

  async structured_content(client) {
    const location = 'New York';
    const result = await client.callTool({ name: 'get-structured-content', arguments: { location } });
    equal(result.structuredContent.temperature, 33);
  },

  async concurrent_calls(client) {
    const messages = Array.from({ length: 20 }, (_, number) => `call ${number}`);
    const found = await Promise.all(messages.map((message) => call(client, 'echo', { message })));
    equal(
      found,
      messages.map((it) => `Echo: ${it}`),
    );
  },

  async resources(client) {
    const [{ uri }] = (await client.listResources()).resources;
    equal((await client.readResource({ uri })).contents[0].uri, uri);
  },

  async templates(client) {
    const { resourceTemplates } = await client.listResourceTemplates();
    contains(resourceTemplates.map((it) => it.uriTemplate).join(' '), `${DYNAMIC_TEXT}{resourceId}`);
    const { contents } = await client.readResource({ uri: `${DYNAMIC_TEXT}7` });
    contains(contents[0].text, 'Resource 7');
  },

  async prompts(client) {
    const prompts = (await client.listPrompts()).prompts.map((it) => it.name).join(' ');
    contains(prompts, 'simple-prompt');
    const { messages } = await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Paris' } });
    equal(messages[0].content.text, "What's weather in Paris?");
  },

  async completion(client) {
    const ref = { type: 'ref/prompt', name: 'completable-prompt' };
    const { completion } = await client.complete({ ref, argument: { name: 'department', value: 'S' } });
    equal(completion.values, ['Sales', 'Support']);
  },

  async progress(client) {
    const steps = [];
    const onprogress = ({ progress }) => steps.push(progress);
    const params = { name: LONG_CALL, arguments: { duration: 0.5, steps: 5 } };
    await client.callTool(params, undefined, { onprogress });
    equal(steps, [1, 2, 3, 4, 5]);
  },

  async logging(client) {
    await client.setLoggingLevel('debug');
    await call(client, 'toggle-simulated-logging');
    await client.logged.given;
    await call(client, 'toggle-simulated-logging');
  },

  async sampling(client) {
    const args = { prompt: 'why?', maxTokens: 10 };
    contains(await call(client, 'trigger-sampling-request', args), 'why?>');
  },

  async elicitation(client) {
    contains(await call(client, 'trigger-elicitation-request'), '- Name: Ada');
  },

  async roots(client) {
    contains(await call(client, 'get-roots-list'), 'file:///islands');
  },

  async subscription(client) {
    const uri = `${DYNAMIC_TEXT}1`;
    await client.subscribeResource({ uri });
    await call(client, 'toggle-subscriber-updates');
    equal(await client.updated.given, uri);
    await call(client, 'toggle-subscriber-updates');
    await client.unsubscribeResource({ uri });
  },

  async cancel(client) {
    const running = signal();
    const stop = new AbortController();
    const options = { onprogress: running.give, signal: stop.signal };
    const params = { name: LONG_CALL, arguments: { duration: 60, steps: 300 } };
    // Aborting sends `notifications/cancelled` and rejects the call at once.
    const outcome = client.callTool(params, undefined, options).then(
      () => 'answered',
      () => 'cancelled',
    );
    await running.given;
    stop.abort('enough');
    equal(await outcome, 'cancelled');
    await features.call_echo(client);
  },
};

const report = new Report();
const client = makeClient();
const transport = new StreamableHTTPClientTransport(new URL(process.argv[2]));
const connected = await report.check('initialize', async () => {
  await client.connect(transport);
  equal(transport.protocolVersion, '2025-11-25');
});
if (!connected) {
  report.exit();
}
for (const [name, feature] of Object.entries(features)) {
  await report.check(name, () => feature(client));
}
await report.check('terminate', async () => {
  await transport.terminateSession();
  await client.close();
});
report.exit();
