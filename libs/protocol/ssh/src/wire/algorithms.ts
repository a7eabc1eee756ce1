/**
 * What is offered and taken, on both sides: nothing with SHA-1, CBC, MAC-then-encrypt or the NIST curves for key exchange, and no compression
 * (it would let lengths tell what is inside, and costs more than it saves). `ssh-audit` calls this list clean.
 */
export const keyExchanges = ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'diffie-hellman-group16-sha512', 'diffie-hellman-group18-sha512'] as const;
export const ciphers = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes256-ctr', 'aes128-ctr'] as const;
export const macs = ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'] as const;

/** Host keys that targets may have. */
export const hostKeyTypes = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'] as const;

/** What a key exchange has agreed on, as ssh2 says it. */
export interface Negotiated {
  readonly cs: { readonly cipher: string };
  readonly sc: { readonly cipher: string };
}

/**
 * Terrapin (CVE-2023-48795): without strict key exchange, messages at the beginning of a connection can be taken out unnoticed, unless both
 * directions use GCM, whose counter is its own.
 */
export function openToTerrapin({ cs, sc }: Negotiated, strict: boolean): boolean {
  return !strict && !(isGcm(cs.cipher) && isGcm(sc.cipher));
}

const isGcm = (cipher: string) => cipher.endsWith('-gcm@openssh.com');
