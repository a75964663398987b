// A latchkey server that browsers know as localhost.
import { createServer } from 'node:net';
import { Server as AnyServer } from '../interop/oidc/server.js';

export { runProgram } from '../interop/oidc/server.js';

// The address is in the settings before anybody listens, so the port must be known by then.
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export class Server extends AnyServer {
  static async start() {
    const port = await freePort();
    return super.start({
      LATCHKEY_LISTEN: `127.0.0.1:${port}`,
      LATCHKEY_PUBLIC_URL: `http://localhost:${port}`,
      LATCHKEY_RELAY_ENABLED: 'true',
      LATCHKEY_FEDERATION_ALLOW_HTTP: 'true',
      LATCHKEY_FEDERATION_ALLOW_NETWORKS: '127.0.0.0/8',
    });
  }
}
