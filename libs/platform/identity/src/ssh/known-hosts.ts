import type { SshPublicKey } from './public-key.ts';

/** `ssh-ed25519 AAAA… comment` */
export const publicKeyLine = ({ type, blob }: SshPublicKey, comment: string): string => `${type} ${blob.toString('base64')} ${comment}`;

/**
 * The one line of `known_hosts` by which clients trust every gateway. It names the gateways' hosts and never `*`: who may certify our hosts may not
 * speak for all others. ssh looks for the plain name where `[name]:port` is not found, so ports need no line of their own.
 */
export const knownHostsLine = (host: SshPublicKey, names: readonly string[]): string => `@cert-authority ${names.join(',')} ${publicKeyLine(host, 'sallyport')}`;

/** Names that may stand in a host certificate and in that line: host names without patterns, or addresses. */
export const isHostName = (name: string): boolean => name.length <= 253 && /^(?!-)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$|^[0-9A-Fa-f:]+$/.test(name);
