import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 24 * 3600 * 1000;

export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * A certificate authority and one server certificate (P-256) for the names, 127.0.0.1 and ::1 in `directory`, made once. The
 * authority's key is thrown away: nobody can make another certificate that clients of this stack would trust.
 */
export async function tlsFiles(directory: string, days = 365, names: readonly string[] = ['localhost']): Promise<TlsFiles> {
  const files = { ca: join(directory, 'ca.pem'), cert: join(directory, 'server.pem'), key: join(directory, 'server.key') };
  if (Object.values(files).every((file) => existsSync(file))) return files;
  const authorityKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const serverKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const notBefore = new Date(Date.now() - day);
  const notAfter = new Date(Date.now() + days * day);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Sallyport embedded stack', notBefore, notAfter, signingAlgorithm: algorithm, keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    subject: 'CN=localhost', issuer: authority.subject, notBefore, notAfter, signingAlgorithm: algorithm, publicKey: serverKeys.publicKey, signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([...names.map((value) => ({ type: 'dns' as const, value })), { type: 'ip', value: '127.0.0.1' }, { type: 'ip', value: '::1' }]),
      await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey);
  writeFileSync(files.ca, `${authority.toString('pem')}\n`);
  writeFileSync(files.cert, `${server.toString('pem')}\n`);
  writeFileSync(files.key, x509.PemConverter.encode(key, 'PRIVATE KEY'), { mode: 0o600 });
  return files;
}
