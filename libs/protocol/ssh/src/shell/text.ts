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
  // Characters that look like a space or like nothing, and that some shells in some locales take for blanks.
  if (/[\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/.test(text)) return 'the command contains characters that cannot be seen';
  return null;
}
