// A legacy client with the tasks of 2025-11-25: npm `@modelcontextprotocol/sdk` 1.x against
// `eyot everything`, whose tasks are those of the extension.
//
// Usage: client_ts1_tasks.mjs URL

import { load } from './packages.mjs';
import { Report, contains, equal } from './report.mjs';

const { Client } = load('@modelcontextprotocol/sdk/client/index.js');
const { StreamableHTTPClientTransport } = load('@modelcontextprotocol/sdk/client/streamableHttp.js');
const types = load('@modelcontextprotocol/sdk/types.js');

const ANSWERS = { confirm: true, name: 'Ada', age: 36 };

function makeClient() {
  const capabilities = { elicitation: {} };
  const client = new Client({ name: 'client-ts1-tasks', version: '1.0.0' }, { capabilities });
  client.setRequestHandler(types.ElicitRequestSchema, ({ params }) => {
    const fields = Object.keys(params.requestedSchema.properties);
    const content = Object.fromEntries(fields.map((it) => [it, ANSWERS[it]]));
    return { action: 'accept', content };
  });
  return client;
}

/** What the SDK says of a call, from the creation of its task to the end. */
async function messages(client, name, args = {}) {
  const said = [];
  for await (const message of client.experimental.tasks.callToolStream({ name, arguments: args })) {
    said.push(message);
  }
  return said;
}

/** The text of a call that is a task and succeeds. */
async function text(client, name, args) {
  const said = await messages(client, name, args);
  equal(said[0].type, 'taskCreated');
  const { type, result, error } = said.at(-1);
  equal([type, error], ['result', undefined]);
  return result.content[0].text;
}

const features = {
  async tools(client) {
    const { tools } = await client.listTools();
    const support = tools.find((it) => it.name === 'slow_compute').execution.taskSupport;
    equal(support, 'optional');
  },

  async work(client) {
    // The SDK makes a task of an optional tool only when it is told to.
    const options = { task: { ttl: 60_000 } };
    const params = { name: 'slow_compute', arguments: { seconds: 1 } };
    const said = [];
    const stream = client.experimental.tasks.callToolStream(params, undefined, options);
    for await (const message of stream) {
      said.push(message.type);
    }
    equal([said[0], said.at(-1)], ['taskCreated', 'result']);
  },

  async required(client) {
    // A tool that must be a task says so when it is called without one.
    await client.callTool({ name: 'failing_job', arguments: {} }).then(
      () => Promise.reject(new Error('not refused')),
      (error) => contains(error.message, 'must be called as a task'),
    );
    const { tools } = await client.listTools();
    equal(tools.find((it) => it.name === 'failing_job').execution.taskSupport, 'required');
    const said = await messages(client, 'failing_job');
    equal([said[0].type, said.at(-1).type], ['taskCreated', 'error']);
  },

  async questions(client) {
    await client.callTool({ name: 'test_tool_with_task', arguments: {} }).catch(() => {});
    await client.listTools();
    equal(await text(client, 'test_tool_with_task'), 'The work of Ada is done');
  },
};

const report = new Report();
const client = makeClient();
const opened = await report.check('connect', () =>
  client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2]))),
);
if (opened) {
  for (const [name, feature] of Object.entries(features)) {
    await report.check(name, () => feature(client));
  }
  await client.close();
}
report.exit();
