// A client of both eras that passes the official conformance suite, except for what needs OAuth, on npm
// `@modelcontextprotocol/client` 2.x. It proves the suite and its runner.
//
// Usage: everything_client.mjs URL     (the suite names scenario and revision in the environment)

import { load } from './packages.mjs';

const { Client, StreamableHTTPClientTransport } = load('@modelcontextprotocol/client');

const MODERN = '2026-07-28';
const {
  MCP_CONFORMANCE_SCENARIO: scenario,
  MCP_CONFORMANCE_PROTOCOL_VERSION: version,
  MCP_CONFORMANCE_CONTEXT: context = '{}',
} = process.env;

function makeClient() {
  const capabilities = { roots: {}, sampling: {}, elicitation: { form: {} } };
  const versionNegotiation = { mode: version === MODERN ? { pin: MODERN } : 'legacy' };
  const info = { name: 'everything-client', version: '1.0.0' };
  const client = new Client(info, { capabilities, versionNegotiation });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    const { properties } = params.requestedSchema;
    const fill = ([name, schema]) => [name, schema.default ?? true];
    return { action: 'accept', content: Object.fromEntries(Object.entries(properties).map(fill)) };
  });
  return client;
}

/** Uses all that the server has, one after the other. */
async function useEverything(client, { tools }) {
  for (const { name } of tools) {
    await client.callTool({ name, arguments: {} });
  }
  const { resources, prompts } = client.getServerCapabilities() ?? {};
  if (resources !== undefined) {
    for (const { uri } of (await client.listResources()).resources) {
      await client.readResource({ uri });
    }
  }
  if (prompts !== undefined) {
    for (const { name } of (await client.listPrompts()).prompts) {
      await client.getPrompt({ name });
    }
  }
}

/** What a scenario asks for; the others want no more than a list of the tools. */
const SCENARIOS = {
  'elicitation-sep1034-client-defaults': useEverything,
  'http-invalid-tool-headers': useEverything,
  'http-standard-headers': useEverything,
  'request-metadata': useEverything,
  'sep-2322-client-request-state': useEverything,
  'sse-retry': useEverything,
  tools_call: (client) => client.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } }),
  'http-custom-headers': async (client) => {
    for (const call of JSON.parse(context).toolCalls) {
      await client.callTool(call);
    }
  },
  'json-schema-2020-12-preservation': async (client, { tools }) => {
    const { inputSchema: schema } = tools.find(({ name }) => name === 'json_schema_2020_12_tool');
    await client.callTool({ name: 'json_schema_echo', arguments: { schema } });
  },
};

const client = makeClient();
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
const listed = await client.listTools();
await SCENARIOS[scenario]?.(client, listed);
await client.close();
