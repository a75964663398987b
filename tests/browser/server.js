// One latchkey server for the tests: a tailnet in a directory of its own, known to browsers as localhost.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const binary = process.env.LATCHKEY_BINARY ?? new URL('../../build/latchkey', import.meta.url).pathname;

// The address is in the settings before anybody listens, so the port must be known by then.
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export function runProgram(program, words, input = '', env = process.env) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, words, { env, timeout: 30_000 }, (failed, out, said) =>
      failed ? reject(new Error(`${words.join(' ')}: ${said || failed.message}`)) : resolve(out),
    );
    child.stdin.end(input);
  });
}

export class Server {
  static async start() {
    const server = new Server();
    server.directory = mkdtempSync(join(tmpdir(), 'latchkey-browser.'));
    const port = await freePort();
    server.url = `http://localhost:${port}`;
    server.environment = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_'))),
      LATCHKEY_DATA_DIR: join(server.directory, 'data'),
      LATCHKEY_LISTEN: `127.0.0.1:${port}`,
      LATCHKEY_PUBLIC_URL: server.url,
      LATCHKEY_METRICS_LISTEN: '127.0.0.1:0',
      LATCHKEY_RELAY_ENABLED: 'true',
      LATCHKEY_FEDERATION_ALLOW_HTTP: 'true',
      LATCHKEY_FEDERATION_ALLOW_NETWORKS: '127.0.0.0/8',
    };
    server.made = JSON.parse(
      await server.run('init', '--tailnet', 'otter-reef.example', '--owner', 'olive@otter-reef.example', '--output', 'json'),
    );
    server.process = spawn(binary, ['serve', '--log-format', 'json'], {
      env: server.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await server.#listening();
    return server;
  }

  // A command on the server's machine; gives what it prints. Meanwhile the providers of this process answer.
  run(...words) {
    return this.runWith('', ...words);
  }
  runWith(input, ...words) {
    return runProgram(binary, words, input, this.environment);
  }

  #listening() {
    return new Promise((resolve, reject) => {
      const said = [];
      const patience = setTimeout(() => reject(new Error(`the server does not listen: ${said.join('\n')}`)), 20_000);
      createInterface({ input: this.process.stderr }).on('line', (line) => {
        said.push(line);
        if (!line.startsWith('{') || JSON.parse(line).event !== 'listening') return;
        clearTimeout(patience);
        resolve();
      });
      this.process.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said.join('\n')}`)));
    });
  }

  async stop() {
    if (this.process.exitCode === null) {
      const ended = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async call(method, path, body) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.made.apiToken}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  }
}
