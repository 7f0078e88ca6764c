// A modern client over every transport: npm `@modelcontextprotocol/client` 2.x.
//
// Usage: see `transport_features.mjs`.

import { load } from './packages.mjs';
import { signal } from './report.mjs';
import { answer, check, options, think, transport } from './transport_features.mjs';
import { SocketTransport } from './transports.mjs';

const { Client, SSEClientTransport, StreamableHTTPClientTransport } = load('@modelcontextprotocol/client');
const { StdioClientTransport } = load('@modelcontextprotocol/client/stdio');

const made = {
  SSEClientTransport,
  StdioClientTransport,
  StreamableHTTPClientTransport,
  // The package has no WebSocket of its own, but takes any transport.
  webSocket: (url) => new SocketTransport(new WebSocket(url, 'mcp')),
};
const wanted = options();

async function connect() {
  const changed = signal();
  const listChanged = { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => changed.give() } };
  const client = new Client(
    { name: 'client-ts2', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: {} }, sampling: {} },
      versionNegotiation: { mode: { pin: '2026-07-28' } },
      listChanged,
    },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => answer(params));
  client.setRequestHandler('sampling/createMessage', ({ params }) => think(params));
  await client.connect(transport(wanted, made));
  return { client, callTool: (it, params, more) => it.callTool(params, more), changed };
}

await check(wanted, connect);
