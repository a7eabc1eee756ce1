import { string, uint32, uint8 } from '../wire/fields.ts';

/** draft-ietf-secsh-filexfer-02, version 3, which is what OpenSSH speaks. */
export const requests = {
  init: 1, open: 3, close: 4, read: 5, write: 6, lstat: 7, fstat: 8, setstat: 9, fsetstat: 10, opendir: 11, readdir: 12, remove: 13, mkdir: 14, rmdir: 15, realpath: 16, stat: 17,
  rename: 18, readlink: 19, symlink: 20, extended: 200,
} as const;
export const answers = { version: 2, status: 101, handle: 102, data: 103, name: 104, attrs: 105, extended: 201 } as const;
export const statuses = { ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, badMessage: 5, unsupported: 8 } as const;
export const openFlags = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const;

/** Bytes of one message without its length: OpenSSH's own limit. */
export const maxMessage = 256 * 1024;

/** One message: `u32 length, u8 type, …`. */
export function message(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat([uint8(type), ...parts]);
  return Buffer.concat([uint32(body.length), body]);
}

export function statusMessage(id: number, code: number, text: string): Buffer {
  return message(answers.status, uint32(id), uint32(code), string(text), string(''));
}

/** The extensions that are understood here, by what their message holds after its name. Nothing else is offered to clients. */
export const extensions: Readonly<Record<string, { readonly version: string; readonly kind: 'rename' | 'link' | 'handle' | 'path' | 'limits' | 'lsetstat' }>> = {
  'posix-rename@openssh.com': { version: '1', kind: 'rename' },
  'hardlink@openssh.com': { version: '1', kind: 'link' },
  'fsync@openssh.com': { version: '1', kind: 'handle' },
  'fstatvfs@openssh.com': { version: '2', kind: 'handle' },
  'statvfs@openssh.com': { version: '2', kind: 'path' },
  'expand-path@openssh.com': { version: '1', kind: 'path' },
  'lsetstat@openssh.com': { version: '1', kind: 'lsetstat' },
  'limits@openssh.com': { version: '1', kind: 'limits' },
};
