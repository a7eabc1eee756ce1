import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';

export interface S3Object {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A stand-in for an S3-compatible store, written from the public description of the API: PutObject, HeadObject, GetObjectLockConfiguration, with path-style and virtual-host names,
 * conditional writes, Object Lock in versions, and SigV4 checked by itself (AWS Signature Version 4, "Create a signed AWS API request"). No real store: nothing is listed, nothing expires.
 */
export interface S3Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** By name; the newest version last. */
  readonly objects: Map<string, S3Object[]>;
  readonly asked: { readonly method: string; readonly path: string; readonly headers: Readonly<Record<string, string>>; readonly status: number }[];
  keys: Map<string, string>;
  locks: boolean;
  now: () => number;
  /** Answers in the store's place: true when it did. */
  ill: (response: ServerResponse, nth: number) => boolean;
  /** Whether an object is written and the answer lost. */
  loses: () => boolean;
}

export const accessKey = 'AKIDSTANDIN';
export const secretKey = 'wJalrXUtnFEMI/the+secret/key';
const [bucketName, region, host] = ['evidence-bucket', 'eu-central-1', '127.0.0.1'];

export async function s3Server(): Promise<S3Server> {
  const server = createServer((incoming, response) => {
    void buffer(incoming).then((body) => answer(self, incoming, body, response), () => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, host, done));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const self: S3Server = {
    url: `http://${host}:${port}`, port, objects: new Map(), asked: [], keys: new Map([[accessKey, secretKey]]), locks: false, now: Date.now, ill: () => false, loses: () => false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return self;
}

class Refused extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

function answer(self: S3Server, incoming: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(',')]));
  const { method = '', url = '' } = incoming;
  response.once('close', () => self.asked.push({ method, path: url, headers, status: response.statusCode }));
  if (self.ill(response, self.asked.length + 1)) return;
  response.setHeader('date', new Date(self.now()).toUTCString());
  try {
    mustBeSigned(self, method, url, headers, body);
    serve(self, method, url, headers, body, response);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const text = `<?xml version="1.0"?><Error><Code>${error.code}</Code><Message>${error.message}</Message><AWSAccessKeyId>${accessKey}</AWSAccessKeyId></Error>`;
    response.writeHead(error.status, { 'content-type': 'application/xml' }).end(method === 'HEAD' ? undefined : text);
  }
}

function serve(self: S3Server, method: string, url: string, headers: Readonly<Record<string, string>>, body: Buffer, response: ServerResponse): void {
  const { pathname, search } = new URL(url, self.url);
  const virtual = (headers['host'] ?? '').split('.')[0] === bucketName;
  const [, bucket = '', ...rest] = virtual ? ['', bucketName, pathname.slice(1)] : pathname.split('/');
  if (bucket !== bucketName) throw new Refused(404, 'NoSuchBucket', 'The specified bucket does not exist');
  const key = rest.join('/');
  if (method === 'GET' && search === '?object-lock') {
    if (!self.locks) throw new Refused(404, 'ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket');
    return void response.end('<?xml version="1.0"?><ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>');
  }
  const versions = self.objects.get(key) ?? [];
  const newest = versions.at(-1);
  if (method === 'HEAD') {
    if (newest === undefined) throw new Refused(404, 'NoSuchKey', '');
    return void response.writeHead(200, Object.fromEntries(Object.entries(newest.headers).filter(([name]) => /^x-amz-(meta|object-lock)-/.test(name)))).end();
  }
  if (method !== 'PUT') throw new Refused(405, 'MethodNotAllowed', '');
  if (headers['content-md5'] !== undefined && headers['content-md5'] !== createHash('md5').update(body).digest('base64')) throw new Refused(400, 'BadDigest', '');
  if (headers['x-amz-checksum-sha256'] !== undefined && headers['x-amz-checksum-sha256'] !== createHash('sha256').update(body).digest('base64')) throw new Refused(400, 'BadDigest', '');
  const locked = headers['x-amz-object-lock-mode'] !== undefined;
  if (locked && !self.locks) throw new Refused(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration');
  if (locked && headers['content-md5'] === undefined && headers['x-amz-checksum-sha256'] === undefined) throw new Refused(400, 'InvalidRequest', 'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters');
  if (locked && Date.parse(headers['x-amz-object-lock-retain-until-date'] ?? '') <= self.now()) throw new Refused(400, 'InvalidArgument', 'The retain until date must be in the future!');
  if (headers['if-none-match'] === '*' && newest !== undefined) throw new Refused(412, 'PreconditionFailed', '');
  // Without versions an object is replaced; with Object Lock there always are versions.
  self.objects.set(key, [...(self.locks ? versions : []), { body, headers }]);
  if (self.loses()) return void response.destroy();
  response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end();
}

/** SigV4 in headers: the canonical request is made anew from what came over the wire. */
function mustBeSigned({ keys, now }: S3Server, method: string, url: string, headers: Readonly<Record<string, string>>, body: Buffer): void {
  const authorization = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(headers['authorization'] ?? '');
  if (authorization === null) throw new Refused(403, 'AccessDenied', 'not signed');
  const [, id = '', day = '', signedRegion = '', names = '', signature = ''] = authorization;
  const secret = keys.get(id);
  if (secret === undefined) throw new Refused(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  const stamp = headers['x-amz-date'] ?? '';
  const at = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!stamp.startsWith(day) || !(Math.abs(at - now()) <= 900_000)) throw new Refused(403, 'RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.');
  if (signedRegion !== region) throw new Refused(400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; the region is wrong; expecting '${region}'`);
  const signed = names.split(';');
  for (const name of Object.keys(headers)) if ((name === 'host' || name.startsWith('x-amz-')) && !signed.includes(name)) throw new Refused(403, 'AccessDenied', `${name} is not signed`);
  const content = headers['x-amz-content-sha256'] ?? '';
  if (content !== createHash('sha256').update(body).digest('hex')) throw new Refused(400, 'XAmzContentSHA256Mismatch', 'The provided x-amz-content-sha256 header does not match what was computed.');
  const [path = '', query = ''] = url.split('?', 2);
  const canonicalQuery = query === '' ? '' : query.split('&').map((pair) => (pair.includes('=') ? pair : `${pair}=`)).sort().join('&');
  const canonical = [method, path, canonicalQuery, ...signed.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`), '', names, content].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer>((from, part) => hmac(from, part), Buffer.from(`AWS4${secret}`));
  if (hmac(key, toSign).toString('hex') !== signature) throw new Refused(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.');
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
