/** How much a call does synchronously, and a job per step. Mutable, so that tests can use smaller numbers. */
export const limits = {
  /** Operations on more entries than this become a job. */
  jobAbove: 1_000,
  /** Entries changed in one transaction of a job. */
  step: 500,
  /** The most entries that the filter of a bulk edit may match. */
  setAtMost: 10_000,
};
