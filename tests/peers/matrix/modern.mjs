// What `server_modern.mjs` has besides, so that the matrix finds every feature of the protocol in it.

import { load } from '../packages.mjs';
import {
  EVERY_CONTENT,
  LOGS,
  PAGE,
  listed,
  sampleParams,
  sampled,
  templatesPage,
  text,
} from './common.mjs';

const { ResourceTemplate, acceptedContent, inputRequired, inputResponse } = load(
  '@modelcontextprotocol/server',
);
const { z } = load('zod');

const NAME = z.object({ name: z.string() });
const COLOUR = z.object({ colour: z.string() });
const MARK = z.object({ mark: z.string() });
const SUBJECT = z.object({ subject: z.string() });

const askName = (message) => inputRequired.elicit({ message, requestedSchema: NAME });

/** `states` seals what is known between two rounds; `publish` tells those who listen. */
export function addMatrix(server, states, publish) {
  addContent(server);
  addLog(server);
  addQuestions(server);
  addRounds(server, states);
  addChanges(server, publish);
  addTemplates(server);
}

function addContent(server) {
  const numbers = z.array(z.number());
  server.registerTool('numbers', { description: 'Has a list', outputSchema: numbers }, () => ({
    ...text('1, 2, 3'),
    structuredContent: [1, 2, 3],
  }));
  server.registerTool('show', { description: 'Shows every type of content' }, () => EVERY_CONTENT);
  server.registerTool('fail', { description: 'Fails' }, () => {
    throw new Error('it failed on purpose');
  });
}

function addLog(server) {
  server.registerTool('say_logs', { description: 'Logs' }, async ({ mcpReq }) => {
    for (const [level, data] of LOGS) {
      await mcpReq.log(level, data);
    }
    return text('logged');
  });
}

function addQuestions(server) {
  const add = (name, inputSchema, answer) =>
    server.registerTool(name, { description: 'Asks the client', inputSchema }, answer);
  add('greet', MARK, ({ mark }, { mcpReq }) => {
    const name = acceptedContent(mcpReq.inputResponses, 'name', NAME)?.name;
    return name === undefined ? ask({ name: askName(`Who is ${mark}?`) }) : text(`${mark} is ${name}.`);
  });
  add('think', SUBJECT, ({ subject }, { mcpReq }) => {
    const thought = inputResponse(mcpReq.inputResponses, 'thought');
    return thought.kind === 'sampling'
      ? text(sampled(thought.result))
      : ask({ thought: inputRequired.createMessage(sampleParams(subject)) });
  });
  add('where', undefined, ({ mcpReq }) => {
    const roots = inputResponse(mcpReq.inputResponses, 'roots');
    return roots.kind === 'roots' ? text(listed(roots)) : ask({ roots: inputRequired.listRoots() });
  });
  add('visit', undefined, ({ mcpReq }) => {
    const visited = inputResponse(mcpReq.inputResponses, 'page');
    return visited.kind === 'elicit'
      ? text(visited.action)
      : ask({ page: inputRequired.elicitUrl({ message: 'Please visit.', url: PAGE }) });
  });
  add('ask_all', undefined, ({ mcpReq: { inputResponses } }) => {
    const name = acceptedContent(inputResponses, 'name', NAME)?.name;
    const thought = inputResponse(inputResponses, 'thought');
    const roots = inputResponse(inputResponses, 'roots');
    if (name !== undefined && thought.kind === 'sampling' && roots.kind === 'roots') {
      return text(`${name}, ${sampled(thought.result)}, ${listed(roots)}`);
    }
    return ask({
      name: askName('Who is all?'),
      thought: inputRequired.createMessage(sampleParams('why?')),
      roots: inputRequired.listRoots(),
    });
  });
}

function addRounds(server, states) {
  const config = { description: 'Asks the client twice', inputSchema: MARK };
  server.registerTool('acquaint', config, async ({ mark }, { mcpReq }) => {
    const name = mcpReq.requestState()?.name ?? acceptedContent(mcpReq.inputResponses, 'name', NAME)?.name;
    if (name === undefined) {
      return ask({ name: askName(`Who is ${mark}?`) }, await states.mint({}));
    }
    const colour = acceptedContent(mcpReq.inputResponses, 'colour', COLOUR)?.colour;
    if (colour === undefined) {
      const message = `Which colour does ${mark} like?`;
      const asked = { colour: inputRequired.elicit({ message, requestedSchema: COLOUR }) };
      return ask(asked, await states.mint({ name }));
    }
    return text(`${mark} is ${name} and likes ${colour}.`);
  });
}

function ask(inputRequests, requestState) {
  return inputRequired({ inputRequests, requestState });
}

function addChanges(server, publish) {
  server.registerTool('change_prompts', { description: 'Says that the prompts have changed' }, () => {
    publish.promptsChanged();
    return text('said');
  });
  server.registerTool('change_resources', { description: 'Says that the resources have changed' }, () => {
    publish.resourcesChanged();
    return text('said');
  });
}

function addTemplates(server) {
  const template = new ResourceTemplate('note://{name}/greeting', { list: undefined });
  server.registerResource('greeting', template, { description: 'A note for somebody' }, (uri, { name }) => ({
    contents: [{ uri: uri.href, mimeType: 'text/plain', text: `Welcome, ${name}.` }],
  }));
  server.server.setRequestHandler('resources/templates/list', ({ params }) => templatesPage(params?.cursor));
}
