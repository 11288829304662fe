import { describe } from 'vitest';
import { alarmCases } from './alarm.cases.js';
import { claimCases } from './claim.cases.js';
import { entryCases } from './entry.cases.js';
import { type Cannot, type KeyedStateDriver, stages } from './stage.js';

/**
 * What every driver of keyed state promises. A driver is done when it passes.
 *
 * @example
 * keyedStateContract('embedded', { open: async (place) => openEmbeddedKeyedState({ path, now }), pass, now });
 */
export function keyedStateContract(name: string, driver: KeyedStateDriver, cannot: Cannot = {}): void {
  describe(`keyed state contract: ${name}`, () => {
    const stage = stages(driver);
    describe('entries', () => entryCases(stage, cannot));
    describe('claims', () => claimCases(stage, cannot));
    describe('alarms', () => alarmCases(stage, cannot));
  });
}
