/**
 * True for a line as Ansible's `sh` shell plugin makes it: `/bin/sh -c '… && sleep 0'`. Only a name for reports: the line is read as any other.
 */
export function isAnsible(text: string): boolean {
  return /^(?:\/bin\/)?(?:ba)?sh -c ['"]/.test(text) && /&& sleep 0['"]$/.test(text.trimEnd());
}
