import { describe, expect, it } from 'vitest';
import { type Cell, type Evidence, precisionFrom } from './precision.js';
import { measured } from './precision.table.js';

const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  kind: 'date',
  situation: 'iso',
  near: true,
  rivals: false,
  ...changes,
});

const cell = (right: number, seen: number, changes: Partial<Evidence> = {}): Cell => ({
  ...evidence(changes),
  right,
  seen,
});

describe('precision', () => {
  it('approaches the measured share as the counts grow', () => {
    const of = (right: number, seen: number): number =>
      precisionFrom({ cells: [cell(right, seen)], empty: [] }).of(evidence());
    expect(of(9_000, 10_000)).toBeCloseTo(0.9, 3);
    expect(of(2, 2)).toBeLessThan(0.8);
    expect(of(2, 2)).toBeGreaterThan(0.5);
  });

  it('answers for what was never seen with what its kind does', () => {
    const precision = precisionFrom({ cells: [cell(95, 100)], empty: [] });
    expect(precision.of(evidence({ situation: 'other' }))).toBeCloseTo(0.917, 2);
    expect(precision.of(evidence({ kind: 'email' }))).toBe(0.5);
    expect(precision.raw(evidence({ kind: 'email' }))).toBe(0.5);
  });

  it('is lower for the circumstances in which values were wrong more often', () => {
    const precision = precisionFrom({ cells: [cell(90, 100), cell(40, 100, { rivals: true })], empty: [] });
    expect(precision.of(evidence({ rivals: true }))).toBeLessThan(precision.of(evidence()));
    expect(precision.raw(evidence())).toBeCloseTo(0.65);
    expect(precision.of(evidence({ rivals: true, near: false }))).toBeLessThan(
      precision.of(evidence({ near: false })),
    );
  });

  it('knows how often nothing found means that there is nothing', () => {
    const precision = precisionFrom({
      cells: [],
      empty: [
        { signs: true, right: 70, seen: 100 },
        { signs: false, right: 990, seen: 1_000 },
      ],
    });
    expect(precision.ofNothing(true)).toBeCloseTo(0.72, 2);
    expect(precision.ofNothing(false)).toBeCloseTo(0.99, 2);
  });

  it('ships with a table in which every count is possible', () => {
    expect(measured.cells.length).toBeGreaterThan(20);
    for (const { right, seen } of [...measured.cells, ...measured.empty]) {
      expect(seen).toBeGreaterThan(0);
      expect(right).toBeLessThanOrEqual(seen);
    }
  });
});
