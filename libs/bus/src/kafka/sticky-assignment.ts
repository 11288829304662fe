export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** One member of a group, as it joins. */
export interface Member {
  readonly id: string;
  readonly topics: readonly string[];
  /** What it was given last, and since when: of two that claim a partition, the later one has it. */
  readonly held: readonly TopicPartition[];
  readonly heldSince: number;
}

/**
 * Gives every partition to one member that reads its topic. No other way is more even: members that read the same differ
 * by one at most. Within that, members keep what they hold, and a topic spreads over as many of them as it can. The same
 * group gives the same answer, whatever the order in which it is listed.
 */
export function assignPartitions(
  members: readonly Member[],
  partitions: readonly TopicPartition[],
): ReadonlyMap<string, readonly TopicPartition[]> {
  const shares = members.toSorted(byId).map((member) => new Share(member));
  const orphans = keepHeld(shares, partitions.toSorted(byPlace));
  for (const orphan of orphans)
    lightest(
      shares.filter((share) => share.reads(orphan.topic)),
      orphan.topic,
    )?.add(orphan);
  while (evenOut(shares));
  return new Map(shares.map((share) => [share.member.id, share.partitions.toSorted(byPlace)]));
}

/** What one member gets. */
class Share {
  readonly member: Member;
  readonly #topics: ReadonlySet<string>;
  readonly #held = new Map<string, TopicPartition[]>();
  load = 0;

  constructor(member: Member) {
    this.member = member;
    this.#topics = new Set(member.topics);
  }

  get partitions(): readonly TopicPartition[] {
    return [...this.#held.values()].flat();
  }

  reads(topic: string): boolean {
    return this.#topics.has(topic);
  }

  loadOf(topic: string): number {
    return this.#held.get(topic)?.length ?? 0;
  }

  add(partition: TopicPartition): void {
    const held = this.#held.get(partition.topic) ?? [];
    this.#held.set(partition.topic, held);
    held.push(partition);
    this.load += 1;
  }

  canPassTo(other: Share): boolean {
    return (
      other !== this && [...this.#held.keys()].some((topic) => this.loadOf(topic) > 0 && other.reads(topic))
    );
  }

  /** Of the topic that the other is shortest of, and what came last: that is not what was held before. */
  passTo(other: Share): void {
    const surplus = (topic: string): number => this.loadOf(topic) - other.loadOf(topic);
    const [topic] = [...this.#held.keys()]
      .filter((candidate) => this.loadOf(candidate) > 0 && other.reads(candidate))
      .sort((one, two) => surplus(two) - surplus(one) || compare(one, two));
    const partition = topic === undefined ? undefined : this.#held.get(topic)?.pop();
    if (partition === undefined) return;
    this.load -= 1;
    other.add(partition);
  }
}

/** Leaves to members what they hold and still read. Returns the rest. */
function keepHeld(
  shares: readonly Share[],
  partitions: readonly TopicPartition[],
): readonly TopicPartition[] {
  const holders = new Map<string, Share>();
  for (const share of shares) {
    for (const held of share.member.held) {
      const holder = holders.get(nameOf(held));
      const isLater = holder === undefined || share.member.heldSince > holder.member.heldSince;
      if (isLater && share.reads(held.topic)) holders.set(nameOf(held), share);
    }
  }
  return partitions.filter((partition) => {
    const holder = holders.get(nameOf(partition));
    holder?.add(partition);
    return holder === undefined;
  });
}

function lightest(shares: readonly Share[], topic: string): Share | undefined {
  const [first] = shares.toSorted((one, two) => one.load - two.load || one.loadOf(topic) - two.loadOf(topic));
  return first;
}

/** Takes one partition off a member that has two more than another. False when there is no such pair. */
function evenOut(shares: readonly Share[]): boolean {
  for (const heavy of shares.toSorted((one, two) => two.load - one.load)) {
    const path = pathDown(heavy, shares);
    if (path === undefined) continue;
    path.slice(1).forEach((share, index) => {
      path[index]?.passTo(share);
    });
    return true;
  }
  return false;
}

/**
 * The shortest way to the lightest member that has at least two less: what it can take may have to come from a third
 * member, who is given something else for it.
 */
function pathDown(heavy: Share, shares: readonly Share[]): readonly Share[] | undefined {
  const previous = new Map<Share, Share>();
  const reached = [heavy];
  let light = heavy;
  for (const share of reached) {
    for (const next of shares) {
      if (next === heavy || previous.has(next) || !share.canPassTo(next)) continue;
      previous.set(next, share);
      reached.push(next);
      if (next.load < light.load) light = next;
    }
  }
  if (light.load > heavy.load - 2) return undefined;
  const path = [light];
  for (let share = previous.get(light); share !== undefined; share = previous.get(share)) path.unshift(share);
  return path;
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${partition}/${topic}`;

const compare = (one: string, two: string): number => Number(one > two) - Number(one < two);

const byId = (one: Member, two: Member): number => compare(one.id, two.id);

const byPlace = (one: TopicPartition, two: TopicPartition): number =>
  compare(one.topic, two.topic) || one.partition - two.partition;
