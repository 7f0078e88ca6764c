// What the servers of the matrix say in both eras.

import { setTimeout as sleep } from 'node:timers/promises';

export const INSTRUCTIONS = 'Ask for a name.';
export const NOTE = 'note://welcome';
export const PAGE = 'https://example.org/page';
export const NAMES = ['Ada', 'Adam', 'Eve'];

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

export const text = (it) => ({ content: [{ type: 'text', text: it }] });

/** One block of each type of content. */
export const EVERY_CONTENT = {
  content: [
    { type: 'text', text: 'A text.' },
    { type: 'image', data: PNG, mimeType: 'image/png' },
    { type: 'audio', data: WAV, mimeType: 'audio/wav' },
    { type: 'resource_link', uri: NOTE, name: 'welcome', mimeType: 'text/plain' },
    { type: 'resource', resource: { uri: NOTE, mimeType: 'text/plain', text: 'Welcome ashore.' } },
  ],
};

const TEMPLATES = ['note://{name}/greeting', 'note://{name}/farewell'];
const SECOND_PAGE = 'page 2 ✓';

/** The templates, one on each page. */
export function templatesPage(cursor) {
  const uriTemplate = TEMPLATES[cursor === SECOND_PAGE ? 1 : 0];
  const page = { resourceTemplates: [{ name: uriTemplate.split('/').at(-1), uriTemplate }] };
  return cursor === undefined ? { ...page, nextCursor: SECOND_PAGE } : page;
}

/** The log of `say_logs`: one that most do not want to hear, and one that they do. */
export const LOGS = [
  ['debug', 'quiet'],
  ['warning', 'loud'],
];

export const sampleParams = (question) => ({
  messages: [{ role: 'user', content: { type: 'text', text: question } }],
  maxTokens: 20,
});
export const sampled = ({ content }) => content.text;
export const listed = ({ roots }) => roots.map((it) => it.uri).join(' ');

/** Calls `step` with each number up to `steps`, with a pause before it; ends when `signal` says so. */
export async function count(steps, pause, signal, step) {
  for (let number = 1; number <= steps; number += 1) {
    await sleep(pause, undefined, { signal });
    await step(number);
  }
  return text(`Counted to ${steps}`);
}
