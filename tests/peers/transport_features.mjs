// The features that the TypeScript clients try over every transport, by the ids of `cargo xtask matrix`.
//
// Usage of these clients: [--feature ID]… SERVER URL
//                         [--feature ID]… SERVER -- COMMAND ARGUMENTS
//
// SERVER is `server-legacy`, `server-modern`, or one of those whose name they only read.

import { Report, contains, equal, signal } from './report.mjs';

const SMALL = ['server-legacy', 'server-modern'];

/** What the command line wants. `EYOT_KEY` in the environment is the bearer token for the URL. */
export function options() {
  const args = process.argv.slice(2);
  const only = [];
  while (args[0] === '--feature') {
    only.push(args[1]);
    args.splice(0, 2);
  }
  const [server, ...target] = args;
  const key = process.env.EYOT_KEY;
  return { only, server, target, headers: key === undefined ? {} : { Authorization: `Bearer ${key}` } };
}

/** A transport to the target; `made` has the classes of an SDK, and what it has for WebSocket. */
export function transport({ target, headers }, made) {
  if (target[0] === '--') {
    const [, command, ...args] = target;
    return new made.StdioClientTransport({ command, args });
  }
  const url = new URL(target[0]);
  if (url.protocol === 'ws:') {
    return made.webSocket(url);
  }
  const Transport = url.pathname === '/sse' ? made.SSEClientTransport : made.StreamableHTTPClientTransport;
  return new Transport(url, { requestInit: { headers } });
}

/** How the user answers a form. */
export function answer({ message, requestedSchema }) {
  const fields = Object.keys(requestedSchema.properties);
  const said = `<${message.replace(/\?$/, '')}>`;
  return { action: 'accept', content: Object.fromEntries(fields.map((it) => [it, said])) };
}

/** What the model answers. */
export function think({ messages }) {
  const [{ content }] = messages;
  const { text } = Array.isArray(content) ? content[0] : content;
  return { role: 'assistant', model: 'a-model', content: { type: 'text', text: `sampled <${text}>` } };
}

/** The text of a call that must succeed; the clients differ in how a call gets its options. */
async function call({ client, callTool }, name, args = {}, more = undefined) {
  const result = await callTool(client, { name, arguments: args }, more);
  equal(result.isError ?? false, false);
  return result.content.map((it) => it.text).join('\n');
}

const features = {
  async handshake({ client }, { server }) {
    equal(client.getServerVersion().name, server);
  },

  async tools_list({ client }) {
    contains((await client.listTools()).tools.map((it) => it.name).join(' '), 'slow_progress');
  },

  async tools_call(peer) {
    equal(await call(peer, 'echo', { message: 'hello ✓' }), 'Echo: hello ✓');
  },

  async tools_changed(peer) {
    await call(peer, 'change_tools');
    await peer.changed.given;
  },

  async progress(peer) {
    const steps = [];
    const onprogress = ({ progress }) => steps.push(progress);
    await call(peer, 'slow_progress', { steps: 5, step_ms: 50 }, { onprogress });
    // The SDKs forget the last step if it comes in one piece with the answer.
    equal(steps.slice(0, 4), [1, 2, 3, 4]);
  },

  async cancellation(peer) {
    const running = signal();
    const stop = new AbortController();
    const more = { onprogress: running.give, signal: stop.signal };
    const outcome = call(peer, 'slow_progress', { steps: 1000, step_ms: 50 }, more).then(
      () => 'answered',
      () => 'cancelled',
    );
    await running.given;
    stop.abort('enough');
    equal(await outcome, 'cancelled');
    equal(await call(peer, 'await_cancelled'), 'cancelled');
  },

  async elicitation_form(peer) {
    equal(await call(peer, 'greet', { mark: 'Ada' }), 'Ada is <Who is Ada>.');
  },

  async sampling(peer) {
    equal(await call(peer, 'think', { subject: 'why?' }), 'sampled <why?>');
  },

  async clients_at_once(_, __, connect) {
    const one = async (number) => {
      const peer = await connect();
      const calls = Array.from({ length: 4 }, async (___, round) => {
        const mark = `client ${number}, call ${round}`;
        equal(await call(peer, 'echo', { message: mark }), `Echo: ${mark}`);
        equal(await call(peer, 'greet', { mark }), `${mark} is <Who is ${mark}>.`);
      });
      await Promise.all(calls);
      await peer.client.close();
    };
    await Promise.all(Array.from({ length: 8 }, (___, number) => one(number)));
  },
};

/** Tries what is wanted; `connect` opens a connection: its client, `callTool`, and a signal `changed`. */
export async function check(wanted, connect) {
  const report = new Report();
  let peer;
  const isOpen = await report.check('initialize', async () => {
    peer = await connect();
  });
  if (isOpen) {
    const known = SMALL.includes(wanted.server) ? Object.keys(features) : [];
    for (const name of known.filter((it) => wanted.only.length === 0 || wanted.only.includes(it))) {
      await report.check(name, () => features[name](peer, wanted, connect));
    }
    await peer.client.close();
  }
  report.exit();
}
