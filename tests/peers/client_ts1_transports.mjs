// A legacy client over every transport: npm `@modelcontextprotocol/sdk` 1.x.
//
// Usage: see `transport_features.mjs`.

import { load } from './packages.mjs';
import { signal } from './report.mjs';
import { answer, check, options, think, transport } from './transport_features.mjs';

const { Client } = load('@modelcontextprotocol/sdk/client/index.js');
const { SSEClientTransport } = load('@modelcontextprotocol/sdk/client/sse.js');
const { StdioClientTransport } = load('@modelcontextprotocol/sdk/client/stdio.js');
const { StreamableHTTPClientTransport } = load('@modelcontextprotocol/sdk/client/streamableHttp.js');
const { WebSocketClientTransport } = load('@modelcontextprotocol/sdk/client/websocket.js');
const types = load('@modelcontextprotocol/sdk/types.js');

const made = {
  SSEClientTransport,
  StdioClientTransport,
  StreamableHTTPClientTransport,
  webSocket: (url) => new WebSocketClientTransport(url),
};
const wanted = options();

async function connect() {
  const capabilities = { elicitation: {}, sampling: {} };
  const client = new Client({ name: 'client-ts1', version: '1.0.0' }, { capabilities });
  client.setRequestHandler(types.ElicitRequestSchema, ({ params }) => answer(params));
  client.setRequestHandler(types.CreateMessageRequestSchema, ({ params }) => think(params));
  const changed = signal();
  client.setNotificationHandler(types.ToolListChangedNotificationSchema, () => changed.give());
  await client.connect(transport(wanted, made));
  const callTool = (it, params, more) => it.callTool(params, undefined, more);
  return { client, callTool, changed };
}

await check(wanted, connect);
