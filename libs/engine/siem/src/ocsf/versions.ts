/**
 * Versions of OCSF that can be asked for. 1.9.0 (3 August 2026) is the default. All classes used here are the same from 1.6 to 1.9
 * but for what `since19` names.
 */
export const ocsfVersions = ['1.9.0', '1.8.0', '1.7.0', '1.6.0'] as const;
export type OcsfVersion = (typeof ocsfVersions)[number];

export function isOcsfVersion(value: string): value is OcsfVersion {
  return ocsfVersions.some((version) => version === value);
}

/** 1.9 brought the `record_integrity` profile (`attestation_list`), `application` in place of the deprecated `app`, and User Management for privileges, where User Access Management was. */
export function since19(version: OcsfVersion): boolean {
  return version === '1.9.0';
}
