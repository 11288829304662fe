import { Fault } from '@spillway/contracts/fault';
import { loadPack } from '@spillway/pack/load';
import type { Pack } from '@spillway/pack/pack';
import type { Policy } from '@spillway/policy/policy';
import { reviewWarning } from '@spillway/policy/review';
import { apiClient } from './api-client.js';
import type { CliConfig } from './cli.config.js';
import { endpoints } from './doctor-endpoints.js';
import { servers } from './doctor-servers.js';
import type { Finding } from './finding.js';
import { keyOf } from './send.js';
import type { Terminal } from './terminal.js';
import { whyNotWritable } from './writable-folder.js';

/** `spillway doctor`: a cause and a fix for everything that would keep Spillway from working. 3 when there is any. */
export async function doctor(
  json: boolean,
  config: CliConfig,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const findings: Finding[] = [];
  const report = (finding: Finding): void => {
    findings.push(finding);
    if (!json) terminal.out(findingText(finding));
  };
  report(runtime());
  report(await dataFolder(config.data));
  for (const finding of await servers(config)) report(finding);
  report(await server(config));
  const pack = await checkedPack(config.pack, report);
  if (pack !== undefined) for (const finding of await endpoints(config, pack, signal)) report(finding);
  if (json) terminal.out(`${JSON.stringify(findings)}\n`);
  return findings.every(({ ok }) => ok) ? 0 : 3;
}

const findingText = ({ check, ok, found, fix }: Finding): string =>
  `${ok ? 'ok  ' : 'FAIL'} ${check}: ${found}\n${fix === undefined ? '' : `     fix: ${fix}\n`}`;

function runtime(): Finding {
  const found = `Node ${process.versions.node}`;
  return Number(process.versions.node.split('.')[0]) >= 24
    ? { check: 'runtime', ok: true, found }
    : { check: 'runtime', ok: false, found, fix: 'run it with npx or npm run, which bring Node 24' };
}

async function dataFolder(path: string): Promise<Finding> {
  const reason = await whyNotWritable(path);
  return reason === undefined
    ? { check: 'data', ok: true, found: path }
    : {
        check: 'data',
        ok: false,
        found: `${path}: ${reason}`,
        fix: 'set SPILLWAY_DATA to a folder that can be written',
      };
}

/** A server that does not run is no fault; one that is not ready is. */
async function server(config: CliConfig): Promise<Finding> {
  const client = apiClient(`http://127.0.0.1:${config.apiPort}`, keyOf(config));
  try {
    await client.get('/readyz');
    return { check: 'server', ok: true, found: `runs on port ${config.apiPort} and is ready` };
  } catch (error) {
    const fault = Fault.from(error);
    if (fault.cause !== undefined && fault.code === 'unavailable') {
      return { check: 'server', ok: true, found: `none on port ${config.apiPort}: npm start runs one` };
    }
    const problems = fault.problems.map(({ where, message }) => `${where} ${message}`).join('; ');
    const found = `port ${config.apiPort}: ${problems === '' ? fault.message : problems}`;
    return {
      check: 'server',
      ok: false,
      found,
      fix: 'look into its log, or set SPILLWAY_PORT where another program has the port',
    };
  } finally {
    await client.close();
  }
}

async function checkedPack(path: string, report: (finding: Finding) => void): Promise<Pack | undefined> {
  try {
    const pack = await loadPack(path);
    const found = `${pack.name}, ${pack.intents.length} intents, ${pack.macros.length} macros, policy ${pack.policy.version}`;
    report({ check: 'pack', ok: true, found });
    report(policyFinding(pack.policy, Date.now()));
    return pack;
  } catch (error) {
    const fault = Fault.from(error);
    const rows = fault.problems.length > 0 ? fault.problems : [{ where: path, message: fault.message }];
    for (const { where, message } of rows) {
      report({
        check: 'pack',
        ok: false,
        found: `${where}: ${message}`,
        fix: 'mend the pack, or set SPILLWAY_PACK',
      });
    }
    return undefined;
  }
}

/** A review that is overdue keeps nothing from working: it is told of, and is no failure. */
function policyFinding(policy: Policy, nowMs: number): Finding {
  const certified = Object.entries(policy.tasks).flatMap(([task, { certificate }]) =>
    certificate === undefined ? [] : [task],
  );
  const promise = certified.length === 0 ? 'no certificate' : `certificates for ${certified.join(', ')}`;
  const warning = reviewWarning(policy, nowMs);
  const by = policy.reviewedBy === undefined ? '' : ` by ${policy.reviewedBy}`;
  return warning === undefined
    ? { check: 'policy', ok: true, found: `reviewed on ${policy.reviewedOn}${by}, ${promise}` }
    : {
        check: 'policy',
        ok: true,
        found: `${warning}; ${promise}`,
        fix: 'run `spillway review`, and approve what it proposes with `spillway review --approve`',
      };
}
