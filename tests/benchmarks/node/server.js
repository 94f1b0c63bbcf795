// node-oidc-provider as a peer: the same client, the same person, no consent page, refresh tokens that rotate.
// Settings come from the environment: PORT, REDIS_URL, HASHING (argon2 or none), CLIENT_SECRET, CALLBACK, PASSWORD.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { hash, verify, Algorithm } from '@node-rs/argon2';
import Provider, { interactionPolicy } from 'oidc-provider';
import { RedisAdapter } from './redis_adapter.js';

const { PORT, HASHING, CLIENT_SECRET, CALLBACK, PASSWORD } = process.env;
const ISSUER = `http://127.0.0.1:${PORT}`;
const API = 'https://api.example.com';
// The same cost as ours: 19 MiB, two passes, one thread.
const COST = { algorithm: Algorithm.Argon2id, memoryCost: 19456, timeCost: 2, parallelism: 1 };
const STORED = HASHING === 'argon2' ? await hash(PASSWORD, COST) : PASSWORD;

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const policy = interactionPolicy.base();
policy.remove('consent');

const provider = new Provider(ISSUER, {
  adapter: RedisAdapter,
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  clients: [
    {
      client_id: 'app',
      client_secret: CLIENT_SECRET,
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      scope: 'openid profile offline_access api',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['openid', 'profile', 'offline_access', 'api'],
  claims: { openid: ['sub'], profile: ['name', 'given_name', 'family_name'] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Dana Driver', given_name: 'Dana', family_name: 'Driver' }),
  }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // A client's own token is a signed JWT (RFC 9068) for the API; a person's stays opaque, as userinfo needs it.
      defaultResource: (ctx) => (ctx.oidc.params?.grant_type === 'client_credentials' ? API : undefined),
      getResourceServerInfo: () => ({
        scope: 'api',
        audience: API,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  interactions: { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  loadExistingGrant: async (ctx) => {
    const { client, session, provider: own } = ctx.oidc;
    const found = session.grantIdFor(client.clientId);
    if (found) return own.Grant.find(found);
    const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile offline_access');
    await grant.save();
    return grant;
  },
  pkce: { required: () => true },
  ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Grant: 7776000, Interaction: 600, RefreshToken: 2592000, Session: 86400 },
});

const page = (uid) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<h1>Sign in</h1><form method="post" action="/interaction/${uid}"><label>User ID <input name="user_id"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form></body></html>`;

async function form(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

async function interact(request, response) {
  if (request.method === 'GET') {
    const { uid } = await provider.interactionDetails(request, response);
    const body = page(uid);
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length, 'cache-control': 'no-store' };
    response.writeHead(200, headers).end(body);
    return;
  }
  const sent = await form(request);
  const right = HASHING === 'argon2' ? await verify(STORED, sent.get('password')) : sent.get('password') === STORED;
  if (!right) {
    response.writeHead(401).end();
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId: sent.get('user_id') } });
}

const answer = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) {
    answer(request, response);
    return;
  }
  interact(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
}).listen(Number(PORT), '127.0.0.1');
