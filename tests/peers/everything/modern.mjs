// What the conformance suite expects of servers that ask: here their calls come in several rounds, as those
// of modern servers do. The tools that the suite wants of legacy servers are here as well, for clients behind
// a bridge.

import { randomBytes } from 'node:crypto';

import { load } from '../packages.mjs';
import {
  ACCOUNT,
  ASK_CAPITAL,
  ASK_GREETING,
  FORMS,
  account,
  completed,
  model,
} from './forms.mjs';
import { addLoggingTool, addTool, textBlock, textResult } from './plain.mjs';

const { acceptedContent, createRequestStateCodec, inputRequired, inputResponse } = load(
  '@modelcontextprotocol/server',
);
const { z } = load('zod');

/** What a call knows already travels with the client, which cannot change it. */
export const states = createRequestStateCodec({ key: randomBytes(32) });

const NAME = z.object({ name: z.string() });
const COLOR = z.object({ color: z.string() });
const OK = z.object({ ok: z.boolean() });
const CONTEXT = z.object({ context: z.string() });

const elicit = (message, requestedSchema) => inputRequired.elicit({ message, requestedSchema });
const sample = (params) => inputRequired.createMessage(params);
const ask = (inputRequests) => inputRequired({ inputRequests });
const askAndRemember = async (inputRequests, state) =>
  inputRequired({ inputRequests, requestState: await states.mint(state) });

const sampled = ({ inputResponses }, key) => {
  const response = inputResponse(inputResponses, key);
  return response.kind === 'sampling' ? response.result.content.text : undefined;
};
const listed = ({ inputResponses }, key) => {
  const response = inputResponse(inputResponses, key);
  return response.kind === 'roots' ? response.roots : undefined;
};

const answered = ({ inputResponses }, key) => {
  const response = inputResponse(inputResponses, key);
  return response.kind === 'elicit' ? response : undefined;
};

const ASK_NAME = elicit('What is your name?', NAME);

export function addModernTools(server) {
  // The SDK refuses to ask a client for what it has not declared: -32021.
  addTool(server, 'test_missing_capability', 'Needs a client that samples', ({ mcpReq }) => {
    const answer = sampled(mcpReq, 'answer');
    return answer === undefined ? ask({ answer: sample(model('Are you there?', 10)) }) : textResult(answer);
  });
  addSingleQuestions(server);
  addQuestionsWithState(server);
}

function addSingleQuestions(server) {
  const add = (name, answer) =>
    addTool(server, `test_input_required_result_${name}`, 'Asks the client', answer);
  add('elicitation', ({ mcpReq }) => {
    const name = acceptedContent(mcpReq.inputResponses, 'user_name', NAME)?.name;
    return name === undefined ? ask({ user_name: ASK_NAME }) : textResult(`Hello, ${name}!`);
  });
  add('sampling', ({ mcpReq }) => {
    const capital = sampled(mcpReq, 'capital_question');
    return capital === undefined
      ? ask({ capital_question: sample(ASK_CAPITAL) })
      : textResult(`The model said: ${capital}`);
  });
  add('list_roots', ({ mcpReq }) => {
    const roots = listed(mcpReq, 'client_roots');
    const question = { client_roots: inputRequired.listRoots() };
    return roots === undefined ? ask(question) : textResult(`Roots: ${roots.map((it) => it.uri).join(' ')}`);
  });
  add('capabilities', ({ mcpReq }) => {
    if (mcpReq.inputResponses !== undefined) {
      return textResult('Thank you.');
    }
    const able = server.server.getClientCapabilities() ?? {};
    return ask({
      ...(able.elicitation && { user_name: ASK_NAME }),
      ...(able.sampling && { greeting: sample(ASK_GREETING) }),
      ...(able.roots && { client_roots: inputRequired.listRoots() }),
    });
  });
}

function addQuestionsWithState(server) {
  const add = (name, answer) =>
    addTool(server, `test_input_required_result_${name}`, 'Asks the client', answer);
  const confirm = async ({ mcpReq }) => {
    const isConfirmed = acceptedContent(mcpReq.inputResponses, 'confirm', OK) !== undefined;
    const isRemembered = mcpReq.requestState()?.asked === 'confirm';
    return isConfirmed && isRemembered
      ? textResult('state-ok')
      : askAndRemember({ confirm: elicit('Please confirm', OK) }, { asked: 'confirm' });
  };
  add('request_state', confirm);
  add('tampered_state', confirm);
  add('multiple_inputs', async ({ mcpReq }) => {
    const name = acceptedContent(mcpReq.inputResponses, 'user_name', NAME)?.name;
    const greeting = sampled(mcpReq, 'greeting');
    const roots = listed(mcpReq, 'client_roots');
    if (name !== undefined && greeting !== undefined && roots !== undefined) {
      return textResult(`${greeting} ${name}, of ${roots.length} roots`);
    }
    const questions = {
      user_name: ASK_NAME,
      greeting: sample(ASK_GREETING),
      client_roots: inputRequired.listRoots(),
    };
    return askAndRemember(questions, { asked: 'all' });
  });
  add('multi_round', async ({ mcpReq }) => {
    const name = mcpReq.requestState()?.name ?? acceptedContent(mcpReq.inputResponses, 'step1', NAME)?.name;
    if (name === undefined) {
      return askAndRemember({ step1: ASK_NAME }, {});
    }
    const color = acceptedContent(mcpReq.inputResponses, 'step2', COLOR)?.color;
    return color === undefined
      ? askAndRemember({ step2: elicit('What is your favorite color?', COLOR) }, { name })
      : textResult(`${name} likes ${color}.`);
  });
}

/** The questions of a legacy server: what it would send, this one returns. */
export function addReturningTools(server) {
  addLoggingTool(server);
  const sampling = {
    description: 'Asks the model of the client',
    inputSchema: z.object({ prompt: z.string() }),
  };
  server.registerTool('test_sampling', sampling, ({ prompt }, { mcpReq }) => {
    const said = sampled(mcpReq, 'prompt');
    return said === undefined
      ? ask({ prompt: sample(model(prompt, 100)) })
      : textResult(`LLM response: ${said}`);
  });
  const elicitation = { description: 'Asks the user', inputSchema: z.object({ message: z.string() }) };
  server.registerTool('test_elicitation', elicitation, ({ message }, { mcpReq }) => {
    const answer = answered(mcpReq, 'account');
    return answer === undefined
      ? ask({ account: elicit(message, ACCOUNT) })
      : textResult(account(answer));
  });
  for (const [name, params] of Object.entries(FORMS)) {
    addTool(server, name, 'Asks the user with a form', ({ mcpReq }) => {
      const answer = answered(mcpReq, 'form');
      return answer === undefined
        ? ask({ form: inputRequired.elicit(params) })
        : textResult(completed(answer));
    });
  }
}

export function addModernPrompt(server) {
  const description = 'Asks for its context';
  server.registerPrompt('test_input_required_result_prompt', { description }, ({ mcpReq }) => {
    const context = acceptedContent(mcpReq.inputResponses, 'user_context', CONTEXT)?.context;
    return context === undefined
      ? ask({ user_context: elicit('What context should the prompt use?', CONTEXT) })
      : { messages: [{ role: 'user', content: textBlock(`Context: ${context}`) }] };
  });
}
