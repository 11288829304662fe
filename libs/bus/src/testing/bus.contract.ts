import { describe } from 'vitest';
import { delayCases } from './delay.cases.js';
import { deliveryCases } from './delivery.cases.js';
import { durabilityCases } from './durability.cases.js';
import { groupCases } from './group.cases.js';
import { type Capabilities, type OpenBus, stages } from './harness.js';
import { orderCases } from './order.cases.js';
import { scanCases } from './scan.cases.js';
import { shutdownCases } from './shutdown.cases.js';

/**
 * What every driver of the bus promises: a driver is done when it passes.
 *
 * @example
 * busContract('embedded', async (place) => openEmbeddedBus({ path: join(folder, place) }), { members: 'one' });
 */
export function busContract(name: string, open: OpenBus, capabilities: Capabilities): void {
  describe(`bus contract: ${name}`, () => {
    const stage = stages(open);
    describe('delivery', () => deliveryCases(stage));
    describe('delay', () => delayCases(stage));
    describe('scan', () => scanCases(stage));
    describe('groups', () => groupCases(stage, capabilities));
    describe('order', () => orderCases(stage));
    describe('durability', () => durabilityCases(stage));
    describe('shutdown', () => shutdownCases(stage));
  });
}
