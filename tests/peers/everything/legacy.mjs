// What the conformance suite expects of a legacy server only: questions and logs in the middle of a call.

import { setTimeout as sleep } from 'node:timers/promises';

import { load } from '../packages.mjs';
import { addTool, textResult } from './plain.mjs';

const { z } = load('zod');

const titled = (values) => values.map(([value, title]) => ({ const: value, title }));

const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};

const OPTIONS = ['option1', 'option2', 'option3'];
const VALUES = [
  ['value1', 'First'],
  ['value2', 'Second'],
  ['value3', 'Third'],
];
const ENUMS = {
  untitledSingle: { type: 'string', enum: OPTIONS },
  titledSingle: { type: 'string', oneOf: titled(VALUES) },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
  titledMulti: { type: 'array', items: { anyOf: titled(VALUES) } },
};

// `mcpReq.elicitInput` asks on the stream of the session, which the client may not have opened yet, and a
// question that nobody hears is never answered. `mcpReq.send` asks on the stream of the call.
const elicit = (mcpReq, params) => mcpReq.send({ method: 'elicitation/create', params });

const outcome = ({ action, content }) => `action=${action}, content=${JSON.stringify(content ?? {})}`;

export function addLegacyTools(server) {
  addTool(server, 'test_tool_with_logging', 'Logs what it does', async ({ mcpReq }) => {
    for (const step of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await mcpReq.log('info', step);
      await sleep(50);
    }
    return textResult('Done.');
  });
  const sampling = {
    description: 'Asks the model of the client',
    inputSchema: z.object({ prompt: z.string() }),
  };
  server.registerTool('test_sampling', sampling, async ({ prompt }, { mcpReq }) => {
    const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
    const { content } = await mcpReq.send({
      method: 'sampling/createMessage',
      params: { messages, maxTokens: 100 },
    });
    return textResult(`LLM response: ${content.text}`);
  });
  addElicitations(server);
}

function addElicitations(server) {
  const form = (properties, required = []) => ({ type: 'object', properties, required });
  const elicitation = { description: 'Asks the user', inputSchema: z.object({ message: z.string() }) };
  server.registerTool('test_elicitation', elicitation, async ({ message }, { mcpReq }) => {
    const fields = { username: { type: 'string' }, email: { type: 'string' } };
    const requestedSchema = form(fields, Object.keys(fields));
    return textResult(`User response: ${outcome(await elicit(mcpReq, { message, requestedSchema }))}`);
  });
  const forms = { test_elicitation_sep1034_defaults: DEFAULTS, test_elicitation_sep1330_enums: ENUMS };
  for (const [name, fields] of Object.entries(forms)) {
    addTool(server, name, 'Asks the user with a form', async ({ mcpReq }) => {
      const params = { message: 'Please fill in the form.', requestedSchema: form(fields) };
      return textResult(`Elicitation completed: ${outcome(await elicit(mcpReq, params))}`);
    });
  }
}

/** Subscriptions are accepted; nothing in this server changes. */
export function addSubscriptions(server) {
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}
