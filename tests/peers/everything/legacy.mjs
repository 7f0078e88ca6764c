// What the conformance suite expects of servers that ask: here they ask in the middle of a call, as legacy
// servers do. The tools that the suite wants of modern servers are here as well, for clients behind a bridge.

import { load } from '../packages.mjs';
import {
  ACCOUNT,
  ASK_CAPITAL,
  ASK_GREETING,
  FORMS,
  account,
  completed,
  form,
  model,
} from './forms.mjs';
import { addLoggingTool, addTool, textBlock, textResult } from './plain.mjs';

const { z } = load('zod');

// `mcpReq.elicitInput` asks on the stream of the session, which the client may not have opened yet, and a
// question that the client does not get is never answered. `mcpReq.send` asks on the stream of the call.
const elicit = (mcpReq, params) => mcpReq.send({ method: 'elicitation/create', params });
const field = (mcpReq, message, name, type = 'string') =>
  elicit(mcpReq, { message, requestedSchema: form({ [name]: { type } }, [name]) });
const sample = (mcpReq, params) => mcpReq.send({ method: 'sampling/createMessage', params });
const listRoots = (mcpReq) => mcpReq.send({ method: 'roots/list' });

export function addLegacyTools(server) {
  addLoggingTool(server);
  const sampling = {
    description: 'Asks the model of the client',
    inputSchema: z.object({ prompt: z.string() }),
  };
  server.registerTool('test_sampling', sampling, async ({ prompt }, { mcpReq }) => {
    const { content } = await sample(mcpReq, model(prompt, 100));
    return textResult(`LLM response: ${content.text}`);
  });
  addElicitations(server);
}

function addElicitations(server) {
  const elicitation = { description: 'Asks the user', inputSchema: z.object({ message: z.string() }) };
  server.registerTool('test_elicitation', elicitation, async ({ message }, { mcpReq }) =>
    textResult(account(await elicit(mcpReq, { message, requestedSchema: ACCOUNT }))),
  );
  for (const [name, params] of Object.entries(FORMS)) {
    addTool(server, name, 'Asks the user with a form', async ({ mcpReq }) =>
      textResult(completed(await elicit(mcpReq, params))),
    );
  }
}

/** The questions of a modern server: what it would return, this one sends. */
export function addAskingTools(server) {
  // Whether the client can answer is not looked at.
  addTool(server, 'test_missing_capability', 'Needs a client that samples', async ({ mcpReq }) =>
    textResult((await sample(mcpReq, model('Are you there?', 10))).content.text),
  );
  const add = (name, answer) =>
    addTool(server, `test_input_required_result_${name}`, 'Asks the client', async ({ mcpReq }) =>
      textResult(await answer(mcpReq)),
    );
  const askName = async (mcpReq) => (await field(mcpReq, 'What is your name?', 'name')).content?.name;
  const confirm = async (mcpReq) => {
    const { content } = await field(mcpReq, 'Please confirm', 'ok', 'boolean');
    return content?.ok === true ? 'state-ok' : 'not confirmed';
  };
  add('elicitation', async (mcpReq) => `Hello, ${await askName(mcpReq)}!`);
  add('sampling', async (mcpReq) => `The model said: ${(await sample(mcpReq, ASK_CAPITAL)).content.text}`);
  add('list_roots', async (mcpReq) => {
    const { roots } = await listRoots(mcpReq);
    return `Roots: ${roots.map((it) => it.uri).join(' ')}`;
  });
  add('request_state', confirm);
  add('tampered_state', confirm);
  add('multiple_inputs', async (mcpReq) => {
    const asked = [askName(mcpReq), sample(mcpReq, ASK_GREETING), listRoots(mcpReq)];
    const [name, greeting, { roots }] = await Promise.all(asked);
    return `${greeting.content.text} ${name}, of ${roots.length} roots`;
  });
  add('multi_round', async (mcpReq) => {
    const name = await askName(mcpReq);
    const { content } = await field(mcpReq, 'What is your favorite color?', 'color');
    return `${name} likes ${content?.color}.`;
  });
  add('capabilities', async (mcpReq) => {
    const able = server.server.getClientCapabilities() ?? {};
    await Promise.all([
      able.elicitation && askName(mcpReq),
      able.sampling && sample(mcpReq, ASK_GREETING),
      able.roots && listRoots(mcpReq),
    ]);
    return 'Thank you.';
  });
}

export function addAskingPrompt(server) {
  const description = 'Asks for its context';
  server.registerPrompt('test_input_required_result_prompt', { description }, async ({ mcpReq }) => {
    const { content } = await field(mcpReq, 'What context should the prompt use?', 'context');
    return { messages: [{ role: 'user', content: textBlock(`Context: ${content?.context}`) }] };
  });
}

/** Subscriptions are accepted; nothing in this server changes. */
export function addSubscriptions(server) {
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}
