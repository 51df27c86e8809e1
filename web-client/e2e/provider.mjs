// A real OpenID Connect provider (oidc-provider, certified) for the tests: it signs whoever POST /as named in without asking, since what
// is tested is the other side. It prints its issuer when it listens and ends with its standard input.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const redirect = process.argv[2];
const method = process.argv[3] ?? 'client_secret_basic';
const people = {
  known: { email: 'Ben@Demo.example', email_verified: true, name: 'Ben' },
  newcomer: { email: 'nora@demo.example', email_verified: true, name: 'Nora Néw' },
  foreign: { email: 'ana@elsewhere.example', email_verified: true, name: 'Ana' },
  unchecked: { email: 'ana@demo.example', email_verified: false, name: 'Ana' },
};
let who = 'known';

const server = createServer();
server.listen(0, '127.0.0.1', async () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'tandem',
        client_secret: 'a secret/with: all + sorts %',
        redirect_uris: [redirect],
        token_endpoint_auth_method: method,
        id_token_signed_response_alg: process.argv[4] ?? 'RS256',
      },
    ],
    clientAuthMethods: [method],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: process.argv[5] !== 'in-token',
    cookies: { keys: ['of no importance'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    jwks: { keys: await keys() },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({ clientId: 'tandem', accountId: context.oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    if (request.url.startsWith('/as/')) {
      who = request.url.slice(4);
      response.end();
    } else if (request.url.startsWith('/interaction/')) {
      await provider.interactionFinished(request, response, { login: { accountId: who } });
    } else {
      answer(request, response);
    }
  });
  console.log(issuer);
});

async function keys() {
  const { subtle } = globalThis.crypto;
  const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
  const pairs = [await subtle.generateKey(rsa, true, ['sign']), await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])];
  return Promise.all(
    pairs.map(async (pair, n) => ({ ...(await subtle.exportKey('jwk', pair.privateKey)), kid: `k${n}`, use: 'sig', key_ops: undefined, ext: undefined })),
  );
}

process.stdin.resume().on('end', () => process.exit(0));
