// What the conformance suite has asked of clients, whether a request asks for it or an answer.

import { textBlock } from './plain.mjs';

export const form = (properties, required = []) => ({ type: 'object', properties, required });

const titled = (values) => values.map(([value, title]) => ({ const: value, title }));

const OPTIONS = ['option1', 'option2', 'option3'];
const VALUES = [
  ['value1', 'First'],
  ['value2', 'Second'],
  ['value3', 'Third'],
];
const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};
const ENUMS = {
  untitledSingle: { type: 'string', enum: OPTIONS },
  titledSingle: { type: 'string', oneOf: titled(VALUES) },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
  titledMulti: { type: 'array', items: { anyOf: titled(VALUES) } },
};
const fillIn = (fields) => ({ message: 'Please fill in the form.', requestedSchema: form(fields) });

/** What each tool asks its user. */
export const FORMS = {
  test_elicitation_sep1034_defaults: fillIn(DEFAULTS),
  test_elicitation_sep1330_enums: fillIn(ENUMS),
};

export const ACCOUNT = form({ username: { type: 'string' }, email: { type: 'string' } }, [
  'username',
  'email',
]);

const outcome = ({ action, content }) => `action=${action}, content=${JSON.stringify(content ?? {})}`;

export const account = (answer) => `User response: ${outcome(answer)}`;
export const completed = (answer) => `Elicitation completed: ${outcome(answer)}`;

/** What a model is asked. */
export const model = (text, maxTokens) => ({
  messages: [{ role: 'user', content: textBlock(text) }],
  maxTokens,
});
export const ASK_CAPITAL = model('What is the capital of France?', 100);
export const ASK_GREETING = model('Write a greeting.', 50);
