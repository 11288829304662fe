import { percent, type Target } from '../confidence/target.js';

/** A share that is known from elsewhere, to the row. */
export const same = (name: string, wanted: number, measured: number): Target => ({
  name,
  wanted: percent(wanted),
  measured: percent(measured),
  met: Math.abs(measured - wanted) < 1e-9,
});
