// Ready, as the service itself says: exit 0. Asked from inside its own container, so the certificate is not checked.
import { readFileSync } from 'node:fs';
import { get as http } from 'node:http';
import { get as https } from 'node:https';

const file = variables('/secrets/service.env');
const setting = (name) => process.env[name] ?? file[name] ?? '';
const port = setting('SALLYPORT_HTTP').split(':').at(-1);
const secure = setting('SALLYPORT_API_CERT') !== '';
const request = secure ? https(`https://127.0.0.1:${port}/readyz`, { rejectUnauthorized: false }) : http(`http://127.0.0.1:${port}/readyz`);
request.on('response', (response) => process.exit(response.statusCode === 200 ? 0 : 1));
request.on('error', () => process.exit(1));
request.setTimeout(2500, () => process.exit(1));

function variables(path) {
  try {
    return Object.fromEntries(readFileSync(path, 'utf8').split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  } catch {
    return {};
  }
}
