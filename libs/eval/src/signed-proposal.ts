import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '@spillway/contracts/fault';
import { z } from 'zod';
import { type Proposal, parseProposal, proposalFile, replaceFile } from './proposal.js';

/** A proposal that nobody can change unnoticed. */
export interface SignedProposal {
  readonly proposal: Proposal;
  /** Hash of the files that it starts from. */
  readonly base: string;
  /** Ed25519, SPKI in base64. */
  readonly publicKey: string;
  /** Of {@link base} and the proposal, base64. */
  readonly signature: string;
}

const signedFile = z.strictObject({
  proposal: proposalFile,
  base: z.string(),
  publicKey: z.string(),
  signature: z.string(),
});

const baseOf = ({ changes }: Proposal): string =>
  `sha256:${createHash('sha256')
    .update(JSON.stringify(changes.map(({ file, before }) => [file, before])))
    .digest('hex')}`;

/** The same bytes however the file was indented; the domain keeps a signature from meaning anything else. */
const signedBytes = (base: string, { madeOn, reason, changes }: Proposal): Buffer =>
  Buffer.from(
    JSON.stringify([
      'spillway review 1',
      base,
      madeOn,
      reason,
      changes.map(({ file, before, after }) => [file, before, after]),
    ]),
  );

/** A public key as it is printed and compared: SPKI in base64. */
export const publicKeyText = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');

/**
 * The private key that reviews are signed with. It is made on first use, in a file that its owner alone may read.
 *
 * @throws Fault `misconfigured` for a file that holds none
 */
export async function reviewKey(path: string): Promise<KeyObject> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, pem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new Fault('misconfigured', `${path} cannot be written`, { cause: error });
    }
  }
  try {
    const key = createPrivateKey(await readFile(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new Fault('misconfigured', `${path} holds no private key`, { cause });
  }
  throw new Fault('misconfigured', `${path} holds no Ed25519 key`);
}

/** Signs a proposal. */
export function signProposal(proposal: Proposal, key: KeyObject): SignedProposal {
  const base = baseOf(proposal);
  return {
    proposal,
    base,
    publicKey: publicKeyText(key),
    signature: sign(null, signedBytes(base, proposal), key).toString('base64'),
  };
}

/** Writes it as a file of its own and returns the path. */
export async function writeSigned(folder: string, name: string, signed: SignedProposal): Promise<string> {
  const path = join(folder, `${name}-${signed.base.slice(7, 15)}.signed.json`);
  await replaceFile(path, `${JSON.stringify(signed, null, 2)}\n`);
  return path;
}

/**
 * The proposal of a signed file, once its signature is seen to be that of the trusted key.
 *
 * @throws Fault `missing` when there is no file, `malformed` when it is no signed proposal, `rejected` when another key
 * signed it, or when it was changed afterwards
 */
export async function readSigned(path: string, trusted: string): Promise<Proposal> {
  const { proposal, base, publicKey, signature } = await parseProposal(path, signedFile);
  if (publicKey !== trusted) {
    throw new Fault('rejected', `${path} is not signed with the key that is trusted here`, {
      problems: [{ where: 'publicKey', message: `is ${publicKey}, and ${trusted} is trusted` }],
    });
  }
  const key = createPublicKey({ key: Buffer.from(trusted, 'base64'), type: 'spki', format: 'der' });
  const genuine = verify(null, signedBytes(base, proposal), key, Buffer.from(signature, 'base64'));
  if (genuine && base === baseOf(proposal)) return proposal;
  throw new Fault('rejected', `${path} was changed after it was signed: make a new review`);
}
