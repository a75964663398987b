// oidc-provider, a certified implementation, as the issuer whose tokens workloads show.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Provider from 'oidc-provider';
import { keys, Server } from './server.js';

const pairs = {
  RS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519'],
};
const workload = { client_id: 'build-robot', client_secret: randomUUID() };

function newKeys() {
  return Object.entries(pairs).map(([alg, [kind, options]]) => ({
    ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
    alg,
    use: 'sig',
    kid: randomUUID(),
  }));
}

// The issuer goes on under its address when its keys are changed, as after a rotation.
class Issuer {
  asked = [];

  static async start() {
    const issuer = new Issuer();
    issuer.server = createServer((request, response) => {
      issuer.asked.push(request.url);
      issuer.answer(request, response);
    });
    await new Promise((resolve) => issuer.server.listen(0, '127.0.0.1', resolve));
    issuer.url = `http://127.0.0.1:${issuer.server.address().port}`;
    issuer.audience = `${issuer.url}/latchkey`;
    issuer.rotate();
    return issuer;
  }

  rotate() {
    const provider = new Provider(this.url, {
      jwks: { keys: newKeys() },
      clients: [{ ...workload, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          // A resource for each algorithm, all meant for one audience.
          getResourceServerInfo: (_, resource) => ({
            scope: '',
            audience: this.audience,
            accessTokenTTL: 300,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: resource.split('/').pop() } },
          }),
        },
      },
    });
    this.answer = provider.callback();
  }

  async token(alg) {
    const answer = await fetch(`${this.url}/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${workload.client_id}:${workload.client_secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: `https://resources.example/${alg}` }),
    });
    const body = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(body));
    const header = JSON.parse(Buffer.from(body.access_token.split('.')[0], 'base64url'));
    assert.equal(header.alg, alg);
    return body.access_token;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

let server;
let issuer;
let identity;

before(async () => {
  issuer = await Issuer.start();
  server = await Server.start({ LATCHKEY_FEDERATION_ALLOW_HTTP: 'true', LATCHKEY_FEDERATION_ALLOW_NETWORKS: '127.0.0.0/8' });
  await server.must('POST', '/api/v2/tailnet/-/acl', { tagOwners: { 'tag:ci': [] } });
  identity = await trust({});
});
after(async () => {
  issuer?.stop();
  await server?.stop();
});

function trust(more) {
  return server.must('POST', keys, {
    keyType: 'federated',
    scopes: ['auth_keys'],
    tags: ['tag:ci'],
    issuer: issuer.url,
    audience: issuer.audience,
    subject: workload.client_id,
    customClaimRules: { client_id: 'build-*' },
    ...more,
  });
}

async function exchange(jwt, id = identity.id) {
  const answer = await fetch(`${server.url}/api/v2/oauth/token-exchange`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: id, jwt }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function lastError(id = identity.id) {
  return (await server.must('GET', `${keys}/${id}?fields=all`)).lastError;
}

for (const alg of Object.keys(pairs)) {
  test(`an ${alg} token of the issuer is exchanged, once`, async () => {
    const jwt = await issuer.token(alg);
    const { status, body } = await exchange(jwt);
    assert.equal(status, 200, `${JSON.stringify(body)} ${await lastError()}`);
    assert.equal(body.token_type, 'Bearer');
    assert.equal(body.expires_in, 3600);
    const key = { capabilities: { devices: { create: { tags: ['tag:ci'] } } } };
    assert.equal((await server.call('POST', keys, key, body.access_token)).status, 200);
    assert.equal((await server.call('GET', '/api/v2/tailnet/-/devices', undefined, body.access_token)).status, 403);

    const again = await exchange(jwt);
    assert.equal(again.status, 403);
    assert.equal(again.body.error, 'invalid_grant');
    assert.match(await lastError(), /jti/);
  });
}

test('the issuer was asked for its keys once for all of them', () => {
  const asked = issuer.asked.filter((path) => path !== '/token');
  assert.deepEqual(asked, ['/.well-known/openid-configuration', '/jwks']);
});

test('who is not meant gets nothing, and the log says why', async () => {
  for (const [more, reason] of [
    [{ subject: 'another-robot' }, /^sub is "build-robot"/],
    [{ audience: 'https://elsewhere.example' }, /^aud is/],
    [{ customClaimRules: { client_id: 'deploy-*' } }, /^the claim "client_id"/],
    [{ issuer: `${issuer.url}/` }, /^iss is/],
  ]) {
    const other = await trust(more);
    const refused = await exchange(await issuer.token('ES256'), other.id);
    assert.equal(refused.status, 403);
    assert.match(await lastError(other.id), reason);
    const log = await server.must(
      'GET',
      `/api/v2/tailnet/-/logging/configuration?start=2020-01-01T00:00:00Z&end=2099-01-01T00:00:00Z&event=FAILED_REQUEST.UPDATE&actor=${other.id}`,
    );
    assert.equal(log.logs.length, 1);
    assert.match(log.logs[0].error, reason);
  }
});

test('new keys of the issuer are followed, and the old ones end', { timeout: 120_000 }, async () => {
  const old = await issuer.token('RS256');
  issuer.rotate();
  // It is asked again once a minute at most.
  const end = Date.now() + 75_000;
  let answer;
  do {
    answer = await exchange(await issuer.token('ES256'));
    if (answer.status !== 200) await sleep(2_000);
  } while (answer.status !== 200 && Date.now() < end);
  assert.equal(answer.status, 200, await lastError());
  assert.equal((await exchange(await issuer.token('EdDSA'))).status, 200);
  assert.equal((await exchange(old)).status, 403);
  assert.match(await lastError(), /no key/);
  assert.ok(issuer.asked.filter((path) => path === '/jwks').length <= 3, issuer.asked.join(' '));
});
