import { join } from 'node:path';
import { instanceKey, signingKeyFromPem, type InstanceKey } from '@sallyport/engine-evidence';
import { ownKey } from '@sallyport/platform-secrets';

/** The key of this instance: at the configured path, where it must be, or in its state directory, where the first start makes it. Throws with the path, never with content. */
export function openInstanceKey(of: { readonly producer: string; readonly state: string; readonly path: string | undefined }): InstanceKey {
  const pem = of.path === undefined ? ownKey(join(of.state, 'instance-key.pem'), 'make') : ownKey(of.path, 'keep');
  return instanceKey(of.producer, signingKeyFromPem(pem));
}
