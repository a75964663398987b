// oauth4webapi, which takes nothing that the RFCs do not allow, as the client of /api/v2/oauth.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { keys, Server } from './server.js';

const options = { [oauth.allowInsecureRequests]: true };
let server;
let as;
let made;
let client;

before(async () => {
  server = await Server.start();
  as = {
    issuer: server.url,
    token_endpoint: `${server.url}/api/v2/oauth/token`,
    introspection_endpoint: `${server.url}/api/v2/oauth/introspect`,
    revocation_endpoint: `${server.url}/api/v2/oauth/revoke`,
  };
  await server.must('POST', '/api/v2/tailnet/-/acl', { tagOwners: { 'tag:ci': [] } });
  made = await server.must('POST', keys, { keyType: 'client', scopes: ['auth_keys', 'dns:read'], tags: ['tag:ci'] });
  client = { client_id: made.id };
});
after(() => server?.stop());

async function grant(authentication, parameters = {}, of = client) {
  const response = await oauth.clientCredentialsGrantRequest(as, of, authentication, parameters, options);
  return oauth.processClientCredentialsResponse(as, of, response);
}

async function introspect(token, authentication = oauth.ClientSecretBasic(made.key)) {
  const response = await oauth.introspectionRequest(as, client, authentication, token, options);
  return oauth.processIntrospectionResponse(as, client, response);
}

async function revoke(token, authentication = oauth.ClientSecretBasic(made.key)) {
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, token, options));
}

// What a refusal looks like to the client: an error of RFC 6749 section 5.2, or a challenge.
async function refusal(attempt) {
  try {
    await attempt;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'it was not refused' });
}

for (const [name, method] of [
  ['client_secret_basic', oauth.ClientSecretBasic],
  ['client_secret_post', oauth.ClientSecretPost],
]) {
  test(`R19: a token by ${name}, which calls the API`, async () => {
    const token = await grant(method(made.key));
    assert.equal(token.token_type, 'bearer');
    assert.equal(token.expires_in, 3600);
    assert.equal(token.scope, 'auth_keys dns:read');
    const whoami = await oauth.protectedResourceRequest(token.access_token, 'GET', new URL(`${server.url}/api/v2/whoami`), undefined, undefined, options);
    assert.equal(whoami.status, 200);
  });

  test(`a wrong secret by ${name} is invalid_client with a challenge`, async () => {
    const wrong = made.key.slice(0, -8) + [...made.key.slice(-8)].reverse().join('');
    const error = await refusal(grant(method(wrong)));
    assert.ok(error instanceof oauth.WWWAuthenticateChallengeError, String(error));
    assert.equal(error.status, 401);
    assert.equal(error.cause[0].scheme, 'basic');
    assert.equal(error.cause[0].parameters.realm, 'latchkey');
    const body = await error.response.clone().json();
    assert.equal(body.error, 'invalid_client');
    assert.equal(typeof body.error_description, 'string');
  });
}

test('R19: a narrowed token has the scope asked for and calls no further', async () => {
  const token = await grant(oauth.ClientSecretBasic(made.key), { scope: 'dns:read' });
  assert.equal(token.scope, 'dns:read');
  assert.equal((await server.call('GET', '/api/v2/tailnet/-/dns/preferences', undefined, token.access_token)).status, 200);
  const key = { capabilities: { devices: { create: { tags: ['tag:ci'] } } } };
  assert.equal((await server.call('POST', keys, key, token.access_token)).status, 403);
});

test('errors carry the words of RFC 6749', async () => {
  const wide = await refusal(grant(oauth.ClientSecretBasic(made.key), { scope: 'all' }));
  assert.ok(wide instanceof oauth.ResponseBodyError, String(wide));
  assert.equal(wide.error, 'invalid_scope');
  const tags = await refusal(grant(oauth.ClientSecretBasic(made.key), { tags: 'tag:none' }));
  assert.equal(tags.error, 'invalid_target');
  const kind = await oauth.genericTokenEndpointRequest(as, client, oauth.ClientSecretPost(made.key), 'password', { username: 'a', password: 'b' }, options);
  const unsupported = await refusal(oauth.processGenericTokenEndpointResponse(as, client, kind));
  assert.equal(unsupported.error, 'unsupported_grant_type');
  assert.equal(unsupported.status, 400);
});

test('introspection tells of own tokens what RFC 7662 has, and of others nothing', async () => {
  const token = await grant(oauth.ClientSecretBasic(made.key), { scope: 'dns:read' });
  const told = await introspect(token.access_token);
  const now = Date.now() / 1000;
  assert.equal(told.active, true);
  assert.equal(told.scope, 'dns:read');
  assert.equal(told.client_id, made.id);
  assert.equal(told.token_type, 'Bearer');
  assert.ok(told.iat <= now && told.exp > now && told.exp - told.iat === 3600, JSON.stringify(told));
  for (const other of [server.token, made.key, 'nonsense', token.access_token.slice(0, -1)]) {
    assert.deepEqual({ ...(await introspect(other)) }, { active: false });
  }
  const refused = await refusal(introspect(token.access_token, oauth.ClientSecretPost('nonsense')));
  assert.ok(refused instanceof oauth.WWWAuthenticateChallengeError, String(refused));
});

test('revocation ends the token at once, and is done again without an error (RFC 7009)', async () => {
  const token = await grant(oauth.ClientSecretPost(made.key));
  assert.equal((await server.call('GET', '/api/v2/whoami', undefined, token.access_token)).status, 200);
  await revoke(token.access_token);
  assert.equal((await server.call('GET', '/api/v2/whoami', undefined, token.access_token)).status, 401);
  assert.deepEqual({ ...(await introspect(token.access_token)) }, { active: false });
  await revoke(token.access_token, oauth.ClientSecretPost(made.key));
  await revoke('nonsense');
  const refused = await refusal(revoke(token.access_token, oauth.ClientSecretBasic('nonsense')));
  assert.equal(refused.status, 401);
});

test('R20: a revoked client gets no tokens, and those it has end', async () => {
  const brief = await server.must('POST', keys, { keyType: 'client', scopes: ['dns:read'] });
  const of = { client_id: brief.id };
  const token = await grant(oauth.ClientSecretBasic(brief.key), {}, of);
  await server.must('DELETE', `${keys}/${brief.id}`);
  assert.equal((await server.call('GET', '/api/v2/whoami', undefined, token.access_token)).status, 401);
  assert.equal((await refusal(grant(oauth.ClientSecretBasic(brief.key), {}, of))).status, 401);
});
