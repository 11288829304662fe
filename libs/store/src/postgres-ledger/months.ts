import { type Kysely, sql } from 'kysely';
import { type Month, monthAfter, UNDATED } from './month.js';
import type { Tables } from './tables.js';

export interface Months {
  /** Resolves once there is a partition for the month and for the one that follows it. */
  make(month: Month): Promise<void>;
  /** Looks at each month anew: somebody removed one. */
  forget(): void;
}

/** Makes the partitions of months, each once; the month ahead too, so that its first message need not wait. */
export function monthPartitions(database: Kysely<Tables>): Months {
  const made = new Set<Month>();

  async function makeOne(month: Month): Promise<void> {
    await sql`SELECT make_month(${month}::integer)`.execute(database);
  }

  return {
    async make(month) {
      if (made.has(month)) return;
      await makeOne(month);
      if (month !== UNDATED) await makeOne(monthAfter(month));
      made.add(month);
    },
    forget: () => made.clear(),
  };
}
