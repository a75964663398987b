// People sign in with Chromium: the server is localhost to it and the provider 127.0.0.1, two different sites.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { IdentityProvider, secret } from './provider.js';
import { runProgram, Server } from './server.js';

const people = {
  alice: { email: 'alice@otter-reef.example', email_verified: true, name: 'Alice Ito' },
  mallory: { email: 'olive@otter-reef.example', email_verified: false, name: 'Mallory' },
};
const cookieName = '__Host-lk_session';
let server, browser;
const providers = [];

before(async () => {
  server = await Server.start();
  for (const [id, inToken] of [['first', true], ['second', false]]) {
    const provider = await IdentityProvider.start(people, `${server.url}/auth/callback`, inToken);
    providers.push(provider);
    await server.runWith(secret, 'sso', 'providers', 'add', id, '--issuer', provider.url, '--client-id', 'latchkey',
      '--name', `The ${id}`, '--domain', 'otter-reef.example');
  }
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
});
after(async () => {
  await browser?.close();
  for (const provider of providers) await provider.stop();
  await server?.stop();
});

// A person with a browser of their own.
async function visit(path = '/') {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url + path);
  return { context, page };
}

// From a page with the provider's button to wherever the sign-on leads.
async function signIn(page, who, provider = 'first') {
  await page.getByRole('link', { name: `Sign in with The ${provider}` }).click();
  await page.locator('input[name=login]').fill(who);
  await page.locator('input[name=password]').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

const cookiesOf = async (context) => (await context.cookies(server.url)).map(({ name }) => name);

test('a person signs in at the provider, sees the session, and signs out', async () => {
  const { context, page } = await visit();
  await signIn(page, 'alice');
  await page.getByText('Signed in as').waitFor();
  assert.equal(page.url(), `${server.url}/`);
  assert.match(await page.locator('body').innerText(), /alice@otter-reef\.example \(Alice Ito\), member/);
  const cookie = (await context.cookies(server.url)).find(({ name }) => name === cookieName);
  assert.deepEqual(
    [cookie.secure, cookie.httpOnly, cookie.sameSite, cookie.path, cookie.domain, cookie.expires],
    [true, true, 'Lax', '/', 'localhost', -1],
  );
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Signed out' }).waitFor();
  assert.deepEqual(await cookiesOf(context), []);
  await context.close();
});

test('another provider, which says the rest at UserInfo, does not get the person by the same address', async () => {
  const { context, page } = await visit();
  await signIn(page, 'alice', 'second');
  await page.getByRole('heading', { name: 'Nobody here has this identity' }).waitFor();
  assert.ok(!(await cookiesOf(context)).includes(cookieName));
  await context.close();
});

test('an address that the provider did not verify is nobody', async () => {
  const { context, page } = await visit();
  await signIn(page, 'mallory');
  await page.getByRole('heading', { name: 'Nobody here has this identity' }).waitFor();
  assert.ok(!(await cookiesOf(context)).includes(cookieName));
  await context.close();
});

test('the way back is used once', async () => {
  const { context, page } = await visit();
  const answers = [];
  page.on('request', (request) => request.url().includes('/auth/callback') && answers.push(request.url()));
  await signIn(page, 'alice');
  await page.getByText('Signed in as').waitFor();
  assert.equal(answers.length, 1);
  await page.goto(answers[0]);
  await page.getByRole('heading', { name: 'This sign-on is over' }).waitFor();
  const other = await visit(new URL(answers[0]).pathname + new URL(answers[0]).search);
  await other.page.getByRole('heading', { name: 'This sign-on is over' }).waitFor();
  await other.context.close();
  await context.close();
});

test('the owner comes in by the one-time link when no provider is asked, and a preview does not use it up', async () => {
  const link = (await server.run('login-link')).trim();
  assert.ok(link.startsWith(`${server.url}/auth/link?code=`));
  for (let i = 0; i < 2; i++) assert.equal((await fetch(link)).status, 200);
  const { context, page } = await visit();
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Signed in as').waitFor();
  assert.match(await page.locator('body').innerText(), /olive@otter-reef\.example .*owner/);
  const second = await visit();
  await second.page.goto(link);
  await second.page.getByRole('button', { name: 'Sign in' }).click();
  await second.page.getByRole('heading', { name: 'This link is over' }).waitFor();
  await second.context.close();
  await context.close();
});

test('forms and scripts of another site do nothing with the cookie', async () => {
  const { context, page } = await visit();
  await signIn(page, 'alice');
  await page.getByText('Signed in as').waitFor();
  const sent = [];
  const evil = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<form id=f method=post action="${server.url}/auth/logout"><button>go</button></form>`);
  });
  await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
  try {
    await page.goto(`http://127.0.0.1:${evil.address().port}/`);
    const answered = page.waitForResponse((response) => response.url() === `${server.url}/auth/logout`);
    await page.getByRole('button', { name: 'go' }).click();
    sent.push((await answered).status());
    await page.goto(`http://127.0.0.1:${evil.address().port}/`);
    sent.push(await page.evaluate(async (url) => {
      try {
        const answer = await fetch(url, { method: 'DELETE', credentials: 'include', headers: { 'X-Latchkey-CSRF': '1' } });
        return answer.status;
      } catch {
        return 'blocked';
      }
    }, `${server.url}/api/console/sessions`));
  } finally {
    evil.closeAllConnections();
    evil.close();
  }
  assert.deepEqual(sent, [403, 'blocked']);
  await page.goto(`${server.url}/`);
  await page.getByText('Signed in as').waitFor();
  await context.close();
});

test('a device without a key is connected by a button after signing in', async (t) => {
  const device = process.env.LATCHKEY_JOIN_DEVICE;
  if (!device) return t.skip('no program that joins as a device does');
  const address = (await runProgram(device, [new URL(server.url).port, 'laptop'], '\n')).trim();
  const { context, page } = await visit(new URL(address).pathname);
  await signIn(page, 'alice');
  await page.getByRole('button', { name: 'Connect this device' }).click();
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  const devices = (await server.call('GET', '/api/v2/tailnet/-/devices')).body.devices;
  assert.deepEqual(devices.map(({ user }) => user), ['alice@otter-reef.example']);
  await context.close();
});

test('a session that an administrator ends is over at the next request', async () => {
  const { context, page } = await visit();
  await signIn(page, 'alice');
  await page.getByText('Signed in as').waitFor();
  const listed = JSON.parse(await server.run('sessions', 'list', '--of', 'alice@otter-reef.example', '--output', 'json'));
  assert.ok(listed.sessions.length >= 1);
  await server.run('sessions', 'end', '--all-of', 'alice@otter-reef.example');
  await page.goto(`${server.url}/`);
  await page.getByRole('link', { name: 'Sign in with The first' }).waitFor();
  await context.close();
});
