import { startModelServer } from '@spillway/models/testing/model-server';

// Run as a process of its own, with the milliseconds that a small and a big model take: endpoints that are as sure as
// any, so that nothing is asked twice. Says their addresses, and ends with its parent.
const addresses: string[] = [];
for (const ms of process.argv.slice(2).map(Number)) {
  const server = await startModelServer({ certainty: 0.995, keepCalls: false });
  server.always(() => ({ kind: 'slow', ms }));
  addresses.push(server.baseUrl);
}
process.stdout.write(`${JSON.stringify(addresses)}\n`);
process.stdin.resume().once('end', () => process.exit(0));
