// One line per feature and one exit code for all, for the TypeScript clients.

import { deepStrictEqual } from 'node:assert';

// A peer that hangs fails here, before the program that started it loses patience.
const ALL_MS_MAX = 120_000;
const FEATURE_MS_MAX = 30_000;

/** What worked so far. */
export class Report {
  #failed = 0;

  constructor() {
    setTimeout(() => {
      this.fail('all', new Error(`not finished after ${ALL_MS_MAX} ms`));
      this.exit();
    }, ALL_MS_MAX).unref();
  }

  /** Tries one feature, says how it went, and returns whether it went well. */
  async check(name, feature) {
    try {
      await within(FEATURE_MS_MAX, feature());
    } catch (error) {
      this.fail(name, error);
      return false;
    }
    console.log(`ok ${name}`);
    return true;
  }

  /** Says that a feature does not work, and why, on one line. */
  fail(name, error) {
    this.#failed += 1;
    console.log(`FAIL ${name}: ${String(error).replaceAll(/\s+/g, ' ').slice(0, 400)}`);
  }

  /** Ends the process with the verdict. */
  exit() {
    process.exit(this.#failed === 0 ? 0 : 1);
  }
}

/** Fails unless both are deeply equal. */
export function equal(found, wanted) {
  deepStrictEqual(found, wanted);
}

/** Fails unless the part is in the text. */
export function contains(text, part) {
  if (!text.includes(part)) {
    throw new Error(`no ${JSON.stringify(part)} in ${JSON.stringify(text)}`);
  }
}

/** A promise with its resolver outside: a signal that is given once. */
export function signal() {
  const { promise, resolve } = Promise.withResolvers();
  return { given: promise, give: resolve };
}

async function within(ms, promise) {
  const late = signal();
  const timer = setTimeout(() => late.give(true), ms);
  const isLate = await Promise.race([promise.then(() => false), late.given]);
  clearTimeout(timer);
  if (isLate) {
    throw new Error(`not finished after ${ms} ms`);
  }
}
