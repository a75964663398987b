// oidc-provider, a certified implementation, as the identity provider of a company: signs people in by the
// name that they type.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

export const secret = randomUUID();

export class IdentityProvider {
  // `people`: claims by the name that is typed. `callback`: where the server takes answers.
  static async start(people, callback, inToken) {
    const idp = new IdentityProvider();
    idp.server = createServer();
    await new Promise((resolve) => idp.server.listen(0, '127.0.0.1', resolve));
    idp.url = `http://127.0.0.1:${idp.server.address().port}`;
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
    const provider = new Provider(idp.url, {
      clients: [{ client_id: 'latchkey', client_secret: secret, redirect_uris: [callback] }],
      jwks: { keys: [{ ...key, kid: randomUUID(), alg: 'RS256', use: 'sig' }] },
      cookies: { keys: [randomUUID()] },
      pkce: { required: () => true },
      // Providers differ in whether the ID token says more than who it is; the rest is at UserInfo.
      conformIdTokenClaims: !inToken,
      scopes: ['openid', 'email', 'profile'],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      features: { devInteractions: { enabled: true } },
      findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    });
    idp.server.on('request', provider.callback());
    return idp;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
