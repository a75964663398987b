// One latchkey server for a test file: a tailnet in a directory of its own, on a port of the kernel's choice.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const binary = process.env.LATCHKEY_BINARY ?? new URL('../../../build/latchkey', import.meta.url).pathname;

// Gives what it prints.
export function runProgram(program, words, input = '', env = process.env) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, words, { env, timeout: 30_000 }, (failed, out, said) =>
      failed ? reject(new Error(`${words.join(' ')}: ${said || failed.message}`)) : resolve(out),
    );
    child.stdin.end(input);
  });
}

export class Server {
  // `settings`: as variables of the environment.
  static async start(settings = {}) {
    const server = new this();
    server.directory = mkdtempSync(join(tmpdir(), 'latchkey-server.'));
    server.environment = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_'))),
      LATCHKEY_DATA_DIR: join(server.directory, 'data'),
      LATCHKEY_LISTEN: '127.0.0.1:0',
      LATCHKEY_METRICS_LISTEN: '127.0.0.1:0',
      ...settings,
    };
    const made = await server.run('init', '--tailnet', 'otter-reef.example', '--owner', 'olive@otter-reef.example', '--output', 'json');
    server.token = JSON.parse(made).apiToken;
    server.process = spawn(binary, ['serve', '--log-format', 'json'], {
      env: server.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server.url = await server.#listening();
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
        const entry = line.startsWith('{') ? JSON.parse(line) : {};
        if (entry.event !== 'listening') return;
        clearTimeout(patience);
        resolve(entry.url);
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

  // As the owner; the answer's JSON, whatever its status.
  async call(method, path, body, token = this.token) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  async must(method, path, body) {
    const answer = await this.call(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

export const keys = '/api/v2/tailnet/-/keys';
