/** How much a call does itself, and a job at a time. Not constants, so that a test need not make thousands. */
export const limits = {
  /** What concerns more contacts, customers or other things than this is a job. */
  jobAbove: 1_000,
  /** So many of a set are changed in one transaction of a job. */
  step: 500,
  /** A set may match so many. */
  setAtMost: 10_000,
};
