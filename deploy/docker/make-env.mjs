// Makes .env for docker-compose.yml, with a random secret for every variable that has to be set:
//   node deploy/docker/make-env.mjs https://id.example/realms/company
// An .env that is there already is not touched.
import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const [issuer, file = '.env'] = process.argv.slice(2);
if (!issuer || !URL.canParse(issuer)) {
  console.error('Give the address of your identity provider, to the letter as in the `iss` of its tokens.');
  process.exit(1);
}
const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
const names = new Set([...compose.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
const values = Object.fromEntries([...names].map((name) => [name, randomBytes(24).toString('base64url')]));

values.KONTOR_OIDC_ISSUER = issuer;
const caller = generateKeyPairSync('ed25519');
values.KONTOR_CALLER_SIGNING_KEY = caller.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url');
values.KONTOR_CALLER_KEY = caller.publicKey.export({ format: 'der', type: 'spki' }).toString('base64url');

// Meilisearch makes its keys of the master key and an id; this is the id that the search service's key gets (deploy/local/src/meilisearch.ts).
const keyId = '0190c2f0-6b6f-4d3a-9d5e-7a1f5b8c2e10';
values.KONTOR_MEILI_KEY = createHmac('sha256', values.KONTOR_MEILI_MASTER_KEY).update(keyId).digest('hex');

const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
writeFileSync(file, lines.join(''), { mode: 0o600, flag: 'wx' });
console.log(`${file} is written; now \`docker compose up --build -d\``);
