/**
 * What one command may cost us. A command that needs more is `opaque`, not refused: policy says what becomes of it.
 * `maxBytes` of the settings is the one limit past which nothing is read at all.
 */
export const limits = {
  /** Lists, groups, substitutions, quoted code (`sh -c`) inside of one another. */
  depth: 40,
  /** Simple commands, those in quoted code counted. */
  commands: 2_000,
  /** Here-documents in one text: for each that has no end, the parser looks through all that follows. */
  hereDocuments: 200,
  /** `$(`, `${`, `<(`, `>(` and backticks in one text, for the same reason. */
  openings: 2_000,
  /** Commands that are the arguments of others: `sudo env nice …`. */
  wrappers: 60,
  /** Distinct effects; the decision point takes 1024 at most. */
  effects: 512,
  /** Characters of code that is parsed, a text in a text counted for each. */
  code: 256 * 1024,
  /** Characters of one name of a file or program; Linux takes 4096 bytes. */
  name: 4_096,
  /** Characters of the shape. */
  shape: 2_048,
} as const;
