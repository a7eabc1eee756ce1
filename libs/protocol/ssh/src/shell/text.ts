/**
 * Why a text cannot be a command that we read, or null. These are refused, whatever policy says: what the target's shell would make of them is
 * beyond what its own documentation promises.
 */
export function unreadableText(text: string): string | null {
  if (!text.isWellFormed() || text.includes('\uFFFD')) return 'the command is not valid UTF-8';
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0) return 'the command contains a NUL character';
    if ((c < 32 && c !== 9 && c !== 10) || (c >= 127 && c < 160)) return 'the command contains control characters';
  }
  if (hasUnseen(text)) return 'the command contains characters that cannot be seen';
  return null;
}

/** Code points that look like a space or like nothing, from and to. Some shells in some locales take some of them for blanks. */
const unseen: readonly (readonly [number, number])[] = [
  [0xa0, 0xa0], [0xad, 0xad], [0x34f, 0x34f], [0x61c, 0x61c], [0x115f, 0x1160], [0x1680, 0x1680], [0x180e, 0x180e], [0x2000, 0x200f], [0x2028, 0x202f], [0x205f, 0x206f], [0x3000, 0x3000], [0xfeff, 0xfeff],
];

function hasUnseen(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 0xa0 && unseen.some(([from, to]) => c >= from && c <= to)) return true;
  }
  return false;
}
