// What the conformance suite expects of a server of either era: fixed contents.

import { setTimeout as sleep } from 'node:timers/promises';

import { load } from '../packages.mjs';

const { ResourceTemplate, completable, fromJsonSchema } = load('@modelcontextprotocol/server');
const { z } = load('zod');

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

const IMAGE = { type: 'image', data: PNG, mimeType: 'image/png' };
const AUDIO = { type: 'audio', data: WAV, mimeType: 'audio/wav' };

/** Every keyword here must reach the client as it stands. */
const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

export const textBlock = (text) => ({ type: 'text', text });
export const textResult = (text) => ({ content: [textBlock(text)] });
const resourceBlock = (uri, mimeType, text) => ({ type: 'resource', resource: { uri, mimeType, text } });
const userMessage = (content) => ({ role: 'user', content });

/** Adds a tool without arguments. */
export function addTool(server, name, description, answer) {
  server.registerTool(name, { description }, answer);
}

const LOGGED_STEPS = ['Tool execution started', 'Tool processing data', 'Tool execution completed'];

/** Adds the tool that logs what it does, which the suite wants of legacy servers: 50 ms between two steps. */
export function addLoggingTool(server) {
  addTool(server, 'test_tool_with_logging', 'Logs what it does', async ({ mcpReq }) => {
    for (const step of LOGGED_STEPS) {
      await mcpReq.log('info', step);
      await sleep(50);
    }
    return textResult('Done.');
  });
}

/** Tells how far a call is, if its client wants to know. */
async function sayProgress(mcpReq, progress, total) {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken !== undefined) {
    await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total } });
  }
}

export function addPlainTools(server) {
  const embedded = resourceBlock(
    'test://embedded-resource',
    'text/plain',
    'This is an embedded resource content.',
  );
  const mixed = resourceBlock(
    'test://mixed-content-resource',
    'application/json',
    '{"test":"data","value":123}',
  );
  const contents = {
    test_simple_text: [textBlock('This is a simple text response for testing.')],
    test_image_content: [IMAGE],
    test_audio_content: [AUDIO],
    test_embedded_resource: [embedded],
    test_multiple_content_types: [textBlock('Multiple content types test:'), IMAGE, mixed],
  };
  for (const [name, content] of Object.entries(contents)) {
    addTool(server, name, 'Returns fixed contents', () => ({ content }));
  }
  addTool(server, 'test_error_handling', 'Fails on purpose', () => ({
    isError: true,
    ...textResult('This tool intentionally returns an error for testing'),
  }));
  addTool(server, 'test_tool_with_progress', 'Tells how far it is', async ({ mcpReq }) => {
    for (const progress of [0, 50, 100]) {
      await sayProgress(mcpReq, progress, 100);
      await sleep(50);
    }
    return textResult('Done.');
  });
  addTool(server, 'test_streaming_elicitation', 'Streams, and never asks on the stream', async ({ mcpReq }) => {
    await sayProgress(mcpReq, 50, 100);
    return textResult('Streamed.');
  });
  addTool(server, 'test_logging_tool', 'Logs for those who want it', async ({ mcpReq }) => {
    await mcpReq.log('info', 'A log message');
    return textResult('Logged.');
  });
  const region = z.string().meta({ 'x-mcp-header': 'Region' });
  const header = { description: 'Has an argument in a header', inputSchema: z.object({ region }) };
  server.registerTool('test_x_mcp_header', header, (it) => textResult(`Region: ${it.region}`));
  const schema = {
    description: 'Has a schema full of keywords',
    inputSchema: fromJsonSchema(SCHEMA_2020_12),
  };
  server.registerTool('json_schema_2020_12_tool', schema, () => textResult('ok'));
}

/** Tools that change the server: `notify` tells everyone who listens. */
export function addChanges(server, notify) {
  addTool(server, 'test_trigger_tool_change', 'Says that the tools have changed', () => {
    notify.toolsChanged();
    return textResult('Said.');
  });
  addTool(server, 'test_trigger_prompt_change', 'Says that the prompts have changed', () => {
    notify.promptsChanged();
    return textResult('Said.');
  });
}

export function addPlainResources(server) {
  const add = (name, uri, mimeType, contents) =>
    server.registerResource(name, uri, { mimeType, description: `The resource ${name}` }, () => ({
      contents: [{ uri, mimeType, ...contents }],
    }));
  add('static-text', 'test://static-text', 'text/plain', {
    text: 'This is the content of the static text resource.',
  });
  add('static-binary', 'test://static-binary', 'image/png', { blob: PNG });
  add('watched', 'test://watched-resource', 'text/plain', { text: 'Watched resource content.' });

  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  const mimeType = 'application/json';
  server.registerResource(
    'template',
    template,
    { mimeType, description: 'Data by its id' },
    (uri, { id }) => {
      const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
      return { contents: [{ uri: uri.href, mimeType, text }] };
    },
  );
}

export function addPlainPrompts(server) {
  const add = (name, argsSchema, answer) => {
    const description = `The prompt ${name}`;
    const messages = (args) => ({ messages: answer(args).map(userMessage) });
    server.registerPrompt(
      name,
      argsSchema === undefined ? { description } : { description, argsSchema },
      messages,
    );
  };
  const argument = completable(z.string(), (value) =>
    ['paris', 'park', 'party'].filter((it) => it.startsWith(value)),
  );
  const both = z.object({ arg1: argument, arg2: z.string() });
  add('test_simple_prompt', undefined, () => [textBlock('This is a simple prompt for testing.')]);
  add('test_prompt_with_arguments', both, ({ arg1, arg2 }) => [
    textBlock(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`),
  ]);
  add('test_prompt_with_embedded_resource', z.object({ resourceUri: z.string() }), ({ resourceUri }) => [
    resourceBlock(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
    textBlock('Please process the embedded resource above.'),
  ]);
  add('test_prompt_with_image', undefined, () => [IMAGE, textBlock('Please analyze the image above.')]);
}
