// The WebSocket that is built into Node.js, as a client of both eras.

import { Report, contains, equal } from './report.mjs';

const [url] = process.argv.slice(2);
const report = new Report();

/** An open connection, its messages in their order, and its end. */
class Connection {
  #waiting = [];
  #came = [];

  static async open(protocols) {
    const connection = new Connection();
    const socket = new WebSocket(url, protocols);
    connection.socket = socket;
    socket.onmessage = ({ data }) => connection.#take(JSON.parse(data));
    connection.closed = new Promise((resolve) => (socket.onclose = resolve));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = (event) => reject(new Error(`not open: ${event.message}`));
    });
    return connection;
  }

  #take(message) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(message);
    else this.#came.push(message);
  }

  send(message) {
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  next() {
    const message = this.#came.shift();
    if (message) return Promise.resolve(message);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async ask(message) {
    this.send(message);
    return this.next();
  }

  async initialize() {
    const clientInfo = { name: 'node', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo };
    const answer = await this.ask({ id: 0, method: 'initialize', params });
    this.send({ method: 'notifications/initialized' });
    return answer.result;
  }
}

await report.check('subprotocol', async () => {
  const connection = await Connection.open(['mcp']);
  equal(connection.socket.protocol, 'mcp');
  equal(connection.socket.extensions, '');
  connection.socket.close(1000);
  const { code, wasClean } = await connection.closed;
  equal([code, wasClean], [1000, true]);
});

await report.check('legacy call', async () => {
  const connection = await Connection.open([]);
  equal((await connection.initialize()).protocolVersion, '2025-11-25');
  const params = { name: 'test_simple_text', arguments: {} };
  const { id, result } = await connection.ask({ id: 'one', method: 'tools/call', params });
  equal(id, 'one');
  contains(result.content[0].text, 'simple text');
  connection.socket.close();
});

await report.check('legacy question', async () => {
  const connection = await Connection.open(['mcp']);
  await connection.initialize();
  const params = { name: 'test_elicitation', arguments: { message: 'Who?' } };
  const question = await connection.ask({ id: 1, method: 'tools/call', params });
  equal(question.method, 'elicitation/create');
  const content = { username: 'Ada', email: 'ada@example.org', name: 'Ada' };
  const answer = await connection.ask({ id: question.id, result: { action: 'accept', content } });
  equal(answer.id, 1);
  connection.socket.close();
});

await report.check('modern call', async () => {
  const connection = await Connection.open(['mcp']);
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'node', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: 'test_simple_text', arguments: {}, _meta };
  const { result } = await connection.ask({ id: 1, method: 'tools/call', params });
  equal(result.resultType, 'complete');
  connection.socket.close();
});

await report.check('binary', async () => {
  const connection = await Connection.open(['mcp']);
  connection.socket.send(new Uint8Array([1, 2, 3]));
  equal((await connection.closed).code, 1003);
});

report.exit();
