// The stock openid-client, going through everything an app does: driven by tests/protocol/test_stock_clients.py.
//
// Reads one line of JSON (the settings), prints {"authorize": address}, reads the address that the browser was sent back
// to, and prints what it got as one line of JSON. Any check of the library's that fails ends it with exit code 1.
import { createInterface } from 'node:readline'
import * as client from 'openid-client'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const nextLine = async () => (await lines.next()).value
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

const settings = JSON.parse(await nextLine())

const authentication = async () => {
  if (settings.jwk) {
    const { kid, ...jwk } = settings.jwk
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    return client.PrivateKeyJwt({ key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']), kid })
  }
  return settings.secret ? client.ClientSecretBasic(settings.secret) : client.None()
}

const config = await client.discovery(new URL(settings.issuer), settings.client_id, undefined, await authentication(), {
  algorithm: settings.discovery,
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})

const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
say({
  authorize: client.buildAuthorizationUrl(config, {
    redirect_uri: settings.redirect_uri,
    scope: settings.scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    max_age: '600',
  }).href,
})

const tokens = await client.authorizationCodeGrant(config, new URL(await nextLine()), {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
  maxAge: 600,
})
const { sub } = tokens.claims()
const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
const again = await client.fetchUserInfo(config, refreshed.access_token, sub)
const told = { sub, userinfo, again, claims: tokens.claims(), refreshed: refreshed.claims(), scope: tokens.scope }

if (!settings.public) {
  told.introspected = await client.tokenIntrospection(config, refreshed.access_token)
  told.machine = await client.clientCredentialsGrant(config, { scope: 'api' })
}
await client.tokenRevocation(config, refreshed.refresh_token ?? tokens.refresh_token)
if (!settings.public) {
  told.afterwards = await client.tokenIntrospection(config, refreshed.access_token)
}
told.refused = await client.refreshTokenGrant(config, refreshed.refresh_token ?? tokens.refresh_token).then(
  () => 'nothing',
  (error) => error.error,
)
told.logout = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: settings.redirect_uri,
  id_token_hint: tokens.id_token,
  state: 'bye',
}).href
say(told)
process.exit(0)
