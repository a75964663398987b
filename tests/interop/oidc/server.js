// One latchkey server for a test file: a tailnet in a directory of its own, on a port of the kernel's choice.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const binary = process.env.LATCHKEY_BINARY ?? new URL('../../../build/latchkey', import.meta.url).pathname;

export class Server {
  static async start(settings = {}) {
    const server = new Server();
    server.directory = mkdtempSync(join(tmpdir(), 'latchkey-oidc.'));
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_')));
    const data = join(server.directory, 'data');
    const made = execFileSync(
      binary,
      ['init', '--data-dir', data, '--tailnet', 'otter-reef.example', '--owner', 'olive@otter-reef.example', '--output', 'json'],
      { env: environment, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    server.token = JSON.parse(made).apiToken;
    server.process = spawn(binary, ['serve', '--data-dir', data, '--listen', '127.0.0.1:0', '--log-format', 'json'], {
      env: { ...environment, LATCHKEY_METRICS_LISTEN: '127.0.0.1:0', ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server.url = await server.#listening();
    return server;
  }

  #listening() {
    return new Promise((resolve, reject) => {
      const said = [];
      const patience = setTimeout(() => reject(new Error(`the server does not listen: ${said.join('\n')}`)), 20_000);
      createInterface({ input: this.process.stderr }).on('line', (line) => {
        said.push(line);
        const entry = line.startsWith('{') ? JSON.parse(line) : {};
        if (entry.event !== 'listening' || !/^http:\/\/127\.0\.0\.1:\d+$/.test(entry.url)) return;
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
