import { assemble } from './assemble.js';
import { checkBudgets } from './checks/budgets.js';
import { checkCertificates } from './checks/certificates.js';
import { checkFields } from './checks/fields.js';
import { checkFits } from './checks/fits.js';
import { checkIntents } from './checks/intents.js';
import { checkLines } from './checks/lines.js';
import { checkModels } from './checks/models.js';
import { checkPolicy } from './checks/policy.js';
import { checkMacros, checkPrompts } from './checks/templates.js';
import { type PackContents, readPackFiles } from './files.js';
import type { Pack } from './pack.js';
import { hashOf, orderOf, ownProblems, partsOf } from './parts.js';
import { packFault } from './problems.js';

const checks = [
  checkIntents,
  checkFields,
  checkMacros,
  checkPrompts,
  checkModels,
  checkPolicy,
  checkCertificates,
  checkFits,
  checkBudgets,
  checkLines,
];

/**
 * Reads a pack's folder and validates it whole, evals and sample inbox included. Each file is read once, nothing is
 * cached. Throws Fault `misconfigured` that lists every problem as `file:line:column` with what to do about it.
 */
export async function loadPack(directory: string): Promise<Pack> {
  return packOf(directory, await readPackFiles(directory));
}

/** `loadPack` over contents that are read already. */
export function packOf(directory: string, contents: PackContents): Pack {
  const parts = partsOf(contents);
  const problems = [...ownProblems(parts), ...checks.flatMap((check) => check(parts))];
  const pack = problems.length > 0 ? undefined : assemble(parts, directory, hashOf(contents));
  if (pack === undefined) throw packFault(directory, problems, orderOf(contents));
  return pack;
}
